# clusters: hub
# shellcheck shell=bash
kubectl create namespace team-a
