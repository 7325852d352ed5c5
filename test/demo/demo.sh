#!/bin/sh
# What `make demo` shows: a real hub and member on this machine, runs that are accepted, runs and status changes that
# the API server refuses, and the table that explains a state. It takes its fleet down again, whatever happens.
# Needs bin/runfleet, which make builds before.
set -eu
cd "$(dirname "$0")/../.."

dir=.runfleet/demo
began=$(date +%s)

# kubectl keeps what it discovers under ~/.kube unless it is told another place; a demo leaves nothing there.
KUBECACHEDIR=$(mktemp -d)
export KUBECACHEDIR

down() {
	go run ./test/controlplane/fleetbox down --dir "$dir" >/dev/null 2>&1 || true
	rm -rf "$KUBECACHEDIR"
}
trap down EXIT
trap 'exit 130' INT TERM

bold='' plain='' dim=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
fi

# What is shown fits the terminal: its width, 100 where there is none, never wider than reads well.
width=100
if [ -t 1 ]; then
	width=$({ stty size </dev/tty | cut -d ' ' -f 2; } 2>/dev/null) || width=
	case $width in '' | 0 | *[!0-9]*) width=$(tput cols 2>/dev/null) || width=100 ;; esac
	case $width in '' | 0 | *[!0-9]*) width=100 ;; esac
	[ "$width" -le 116 ] || width=116
fi

# chapter says in one sentence what comes.
chapter() { printf '\n%s%s%s\n' "$bold" "$(printf '%s\n' "$1" | fold -s -w "$width")" "$plain"; }

# indent sets what a program said apart from what the demo says. Lines that are too long break between words and go on
# below the text they belong to; where the program has already broken one of those, its parts are joined first.
indent() {
	awk -v width="$((width - 4))" '
		function put(text, hang, at, pad) {
			pad = sprintf("%" hang "s", "")
			while (length(text) > width) {
				for (at = width + 1; at > hang && substr(text, at, 1) != " "; at--);
				if (at <= hang + 1) break # one word longer than the line
				print "    " substr(text, 1, at - 1)
				text = substr(text, at)
				sub(/^ +/, "", text)
				text = pad text
			}
			print (text == "" ? "" : "    " text)
		}
		function flush() { if (held) put(line, hang); held = 0 }
		{
			sub(/ +$/, "")
			match($0, /^ */)
			if (held && hang > 2 && RLENGTH == hang) {
				line = line " " substr($0, hang + 1)
				next
			}
			flush()
			hang = RLENGTH
			if (match($0, /^\* /) || match($0, /^  [a-z]+  [A-Za-z]+ +/)) hang = RLENGTH
			line = $0
			held = 1
		}
		END { flush() }'
}

# typed prints a command as a person would type it.
typed() {
	line='$'
	for word in "$@"; do
		case $word in
		*[!a-zA-Z0-9_./:=,-]*) line="$line '$word'" ;;
		*) line="$line $word" ;;
		esac
	done
	printf '%s%s%s\n' "$dim" "$(printf '%s\n' "$line" | fold -s -w "$((width - 6))" |
		sed -e '1s/^/  /' -e '2,$s/^/      /' -e '$!s/ *$/ \\/')" "$plain"
}

# shown runs a command that must succeed.
shown() {
	typed "$@"
	if out=$("$@" 2>&1); then
		printf '%s\n' "$out" | indent
	else
		printf '%s\n' "$out" | indent
		echo "demo: this should have been accepted" >&2
		exit 1
	fi
}

# refused runs a command that the API server must refuse, and shows what it says to a person.
refused() {
	typed "$@"
	if out=$("$@" 2>&1); then
		printf '%s\n' "$out" | indent
		echo "demo: this should have been refused" >&2
		exit 1
	fi
	printf '%s\n' "$out" | indent
}

# The functions carry the names that a person would type, so that what is shown can be repeated.
kubectl() { command "$kubectl" --kubeconfig "$hub" "$@"; }
runfleet() { bin/runfleet "$@"; }

chapter "A hub and a member: real API servers on this machine, nothing installed."
down
fleet=$(go run ./test/controlplane/fleetbox up --members 1 --nodes none --dir "$dir")
hub=$(printf '%s' "$fleet" | tr -d '\n' | sed -n 's/.*"hub": *{[^}]*"kubeconfig": *"\([^"]*\)".*/\1/p')
kubectl=$PWD/bin/k8s/kubectl
[ -x "$kubectl" ] || kubectl=$(command -v kubectl)
typed kubectl apply -f api/crds
kubectl apply -f api/crds >/dev/null
command "$kubectl" --kubeconfig "$hub" wait --for=condition=Established crd --all --timeout=30s >/dev/null
shown kubectl api-resources --api-group=orchestrator.platform -o name

chapter "Somebody asks for two runs."
shown kubectl apply -f docs/examples
shown kubectl get docsruns
shown kubectl get coderuns

chapter "A run that cannot work is refused before it exists, with the field, the rule and what to write instead."
refused kubectl apply -f test/demo/bad-coderun.yaml

chapter "What was asked does not change silently: whoever wants something else asks for a new version."
refused kubectl patch coderun auth-task-7 --type=merge -p '{"spec":{"model":"sonnet"}}'
shown kubectl patch coderun auth-task-7 --type=merge -p '{"spec":{"model":"sonnet","contextVersion":2}}'

chapter "The status moves along the edges of the transition table only; the API server itself sees to it."
refused kubectl patch docsrun document-shop --subresource=status --type=merge -p '{"status":{"phase":"Succeeded"}}'
shown kubectl patch docsrun document-shop --subresource=status --type=merge -p '{"status":{"phase":"Cancelled"}}'
refused kubectl patch docsrun document-shop --subresource=status --type=merge -p '{"status":{"phase":"Running"}}'
shown kubectl get docsruns

chapter "The same table explains itself."
shown runfleet fsm explain Running AgentFailed

down
printf '\n%s%s%s\n' "$dim" "$(printf '%s (%s s)\n' \
	'That is step 1: the machine and its house. The operator that moves these runs comes next.' \
	"$(($(date +%s) - began))" | fold -s -w "$width")" "$plain"
