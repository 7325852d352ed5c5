# clusters: hub
# shellcheck shell=bash
# What the editor of step 3 wrote, and the operator, which simulated nodes do not execute: it begins once it is installed.
printf 'ghp_example' >token
printf 'sk-example' >api-key
(
	until kubectl get --raw /apis/orchestrator.platform/v1 && kubectl -n runfleet-system get configmap task-controller-config; do sleep 0.5; done
	exec runfleet operator --local-member --metrics-address 0 --health-address 0 --log-format text
) >/dev/null 2>operator.log &
