# clusters: hub eu-1 eu-2
# shellcheck shell=bash
# A hub as the chart installs it, with two members and a run that has ended.
installed
kubectl apply -n team-a -f - <<'YAML'
apiVersion: orchestrator.platform/v1
kind: CodeRun
metadata: {name: auth-7}
spec: {taskId: 7, service: auth-api, repositoryUrl: "https://github.com/example/shop", model: sonnet, githubUser: example-bot}
YAML
kubectl -n team-a wait coderun/auth-7 --for=jsonpath='{.status.finishedAt}' --timeout=60s
