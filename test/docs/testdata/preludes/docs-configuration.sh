# clusters: hub
# shellcheck shell=bash
