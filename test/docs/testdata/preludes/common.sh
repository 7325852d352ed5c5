# What the script of every page begins with. PAGE is its name.
# shellcheck shell=bash
set -Eeuo pipefail
# failed CODE LINE COMMAND says where. The line is that of the page, also where a function below failed.
failed() {
	[ "${#BASH_LINENO[@]}" -le 2 ] || set -- "$1" "${BASH_LINENO[-2]}" "$3"
	echo "$PAGE:$2: exit code $1: $3" >&2
}
trap 'failed $? "$LINENO" "$BASH_COMMAND"' ERR
trap 'jobs -p | xargs -r kill 2>/dev/null; [ ! -d .runfleet/fleet ] || go run ./test/controlplane/fleetbox down >/dev/null' EXIT

# runfleet, but what is live is left after its first line, and that two things differ is no failure.
runfleet() {
	case " $* " in
	*" -w "*) command runfleet "$@" | head -n 1 || [ "$?" = 141 ] ;;
	" diff "*) command runfleet "$@" || [ "$?" = 1 ] ;;
	*) command runfleet "$@" ;;
	esac
}

# hub gets what the operator needs on it.
hub() {
	runfleet crds | kubectl apply --server-side -f -
	kubectl apply -f docs/examples/operator.yaml -f docs/examples/config.yaml
}

# operator starts it outside of the hub.
operator() {
	command runfleet operator --metrics-address 0 --health-address 0 --log-format text 2>>operator.log &
}

# member NAME... makes clusters members, by their contexts, and leaves NAME.kubeconfig as their administrator has it.
member() {
	local name
	for name; do
		kubectl config view --context "$name" --minify --flatten >"$name.kubeconfig"
		command runfleet fleet join "$name" --kubeconfig "$name.kubeconfig"
	done
}

# installed makes the hub what the chart makes of it, with values.yaml, an operator outside of it, the members eu-1 and eu-2, and a
# namespace team-a everywhere.
installed() {
	cat >values.yaml <<-'YAML'
		image: runfleet:1
		config: {agent: {image: {repository: runfleet-agent, tag: "1"}}}
	YAML
	kubectl create namespace runfleet-system
	runfleet manifests -f values.yaml | kubectl apply --server-side -f -
	operator
	member eu-1 eu-2
	local cluster
	for cluster in hub eu-1 eu-2; do kubectl --context "$cluster" create namespace team-a; done
}
