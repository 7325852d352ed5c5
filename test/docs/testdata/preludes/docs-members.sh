# clusters: hub eu-1 eu-2
# shellcheck shell=bash
hub
operator
kubectl config view --context eu-1 --minify --flatten >eu-1.kubeconfig
for context in eu-1 eu-2; do kubectl --context "$context" create namespace team-a; done
echo ghp_typed >token

# What the page says to apply on a member that is not joined.
awk '/^apiVersion: v1$/ && !p { p = 1 } /^```$/ && p { exit } p' docs/members.md | kubectl --context eu-2 apply -f -
kubectl --context eu-2 -n runfleet-system wait secret/runfleet-token --for=jsonpath='{.data.token}' --timeout=1m
