# clusters: hub
# shellcheck shell=bash
kubectl apply -f test/integration/original/testdata/crds.yaml
kubectl apply -f - <<'END'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: taskruns.orchestrator.io}
spec:
  group: orchestrator.io
  scope: Namespaced
  names: {kind: TaskRun, plural: taskruns, singular: taskrun, shortNames: [tr]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
END
kubectl wait --for=condition=Established crds --all
kubectl create namespace orchestrator
kubectl -n orchestrator create deployment orchestrator --image registry.example.com/orchestrator:1
kubectl apply -f docs/examples/coderun.yaml --dry-run=client -o yaml | sed 's/name: auth-task-7/name: auth-7/' | kubectl apply -f -
awk 'NR > 1 && /^---$/ { exit } { print }' cmd/runfleet/testdata/original/taskruns.yaml | kubectl apply -f - # the first of them
