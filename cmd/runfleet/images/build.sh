#!/bin/sh
# Builds an image without a registry and prints the path of its tar, which `docker load`, `ctr images import` and
# `fleetbox load` read. Debian's packages and npm's are the same that the Dockerfiles install, from the same lists.
#
# build.sh agent     from Debian and npm; kept in the cache until a list or this script changes
# build.sh operator  from this checkout
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
checkout=$(CDPATH='' cd -- "$here/../../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/runfleet/images
architecture=$(cd "$checkout" && go env GOARCH)

fail() {
	echo "build.sh: $*" >&2
	exit 1
}

need() { command -v "$1" >/dev/null || fail "needs $1: apt-get install $2"; }

# pack LAYER IMAGE CONFIG OUT writes the one-layer image as docker save would.
pack() (
	dir=$(dirname "$1")
	diff=sha256:$(sha256sum "$1" | cut -d' ' -f1)
	jq -nc --arg architecture "$architecture" --arg diff "$diff" --argjson config "$3" \
		'{$architecture, os: "linux", $config, rootfs: {type: "layers", diff_ids: [$diff]}}' >"$dir/config.json"
	jq -nc --arg image "$2" --arg layer "$(basename "$1")" \
		'[{Config: "config.json", RepoTags: [$image], Layers: [$layer]}]' >"$dir/manifest.json"
	tar -C "$dir" -cf "$4.new" manifest.json config.json "$(basename "$1")"
	mv "$4.new" "$4"
)

# agent_layer DIR makes DIR/layer.tar, a root file system.
agent_layer() {
	(cd "$1" && xargs npm install --no-audit --no-fund --ignore-scripts --loglevel=error <"$here/agent.npm") >&2
	program=$(find "$1/node_modules" -type f -path '*/claude-code-linux-*/claude')
	[ -f "$program" ] || fail "npm brought no program for this platform: $program"
	# As a hook calls it: $1 is the new root.
	# shellcheck disable=SC2016
	PROGRAM=$program mmdebstrap --quiet --variant=essential --include="$(paste -sd, "$here/agent.packages")" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook='install -m 0755 "$PROGRAM" "$1/usr/local/bin/claude"' \
		--customize-hook='echo agent:x:1000: >>"$1/etc/group"' \
		--customize-hook='echo agent:x:1000:1000::/home/agent:/bin/sh >>"$1/etc/passwd"' \
		--customize-hook='install -d -o 1000 -g 1000 "$1/home/agent"; install -d "$1/workspace"' \
		bookworm "$1/layer.tar" >&2
}

agent() {
	need mmdebstrap mmdebstrap
	need npm npm
	key=$(cat "$here/build.sh" "$here/agent.packages" "$here/agent.npm" | sha256sum | cut -c1-16)
	out=$cache/$key-$architecture/agent.tar
	mkdir -p "$(dirname "$out")"
	exec 9>"$(dirname "$out")/lock"
	flock 9 # who waits finds it built
	if [ ! -f "$out" ]; then
		echo "build.sh: building the agent's image, three minutes" >&2
		agent_layer "$work"
		pack "$work/layer.tar" "localhost/runfleet-agent:1" '{
			"User": "1000:1000", "WorkingDir": "/workspace", "Cmd": ["claude"],
			"Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/home/agent", "DISABLE_AUTOUPDATER=1"]}' "$out"
	fi
	echo "$out"
}

operator() {
	certificates=/etc/ssl/certs/ca-certificates.crt
	[ -f $certificates ] || fail "needs $certificates: apt-get install ca-certificates"
	root=$work/root
	install -d "$root/usr/bin" "$root/etc/ssl/certs"
	install -m 0644 $certificates "$root$certificates"
	(cd "$checkout" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$root/usr/bin/runfleet" ./cmd/runfleet)
	tar -C "$root" --owner=0 --group=0 -cf "$work/layer.tar" .
	mkdir -p "$checkout/bin"
	pack "$work/layer.tar" "localhost/runfleet:1" '{
		"User": "65532:65532", "Entrypoint": ["/usr/bin/runfleet"], "Cmd": ["operator"], "Env": ["PATH=/usr/bin"]}' \
		"$checkout/bin/operator.tar"
	echo "$checkout/bin/operator.tar"
}

case ${1:-} in
agent | operator) ;;
*) fail "say which image: build.sh agent|operator" ;;
esac
need jq jq
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1"
