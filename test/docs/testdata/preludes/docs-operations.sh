# clusters: hub eu-1 eu-2 new-hub
# shellcheck shell=bash
# A hub as the chart installs it with two members, runs of a team that have ended, and what works for the hub to move to.
installed
kubectl apply -n team-a -f - <<'YAML'
apiVersion: orchestrator.platform/v1
kind: CodeRun
metadata: {name: auth-7}
spec: {taskId: 7, service: auth-api, repositoryUrl: "https://github.com/example/shop", model: sonnet, githubUser: example-bot}
---
apiVersion: orchestrator.platform/v1
kind: DocsRun
metadata: {name: shop}
spec: {repositoryUrl: "https://github.com/example/shop", workingDirectory: ., sourceBranch: main, githubUser: example-bot}
YAML
(
	until kubectl --context new-hub get --raw /apis/orchestrator.platform/v1 && kubectl --context new-hub -n runfleet-system get configmap task-controller-config; do sleep 0.5; done
	exec runfleet operator --context new-hub --leader-elect=false --metrics-address 0 --health-address 0 --log-format text
) >/dev/null 2>>operator.log &
