#!/bin/sh
# Proves that what is committed is what the tools make of it: generated files, formats, module files. Each finding is
# one line that names the command which repairs it. Called by `make verify`, which passes GO, MAKE and GENERATED.
# It runs `make generate` in the working tree, so what differed from the commit is up to date afterwards, and a finding.
set -eu

findings=0
finding() {
	echo "verify: $1" >&2
	findings=$((findings + 1))
}

# tidy_alone NAME checks NAME.mod and NAME.sum. Tidy looks at the packages around a go.mod, and these have none: the
# tools stand in the tool lines. So it is asked in an empty directory.
tidy_alone() {
	dir=$(mktemp -d)
	cp "$1.mod" "$dir/go.mod"
	cp "$1.sum" "$dir/go.sum"
	(cd "$dir" && "$GO" mod tidy -diff >/dev/null 2>&1) || finding "$1.mod is not tidy: see docs/CONTRIBUTING.md, \"A tool\""
	rm -rf "$dir"
}

unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs "$("$GO" env GOROOT)/bin/gofmt" -l)
[ -z "$unformatted" ] || finding "not formatted, run gofmt -w on: $(echo "$unformatted" | tr '\n' ' ')"

# Twice: as everybody builds it, and with the files that only a tag brings in (what is the same is not looked at again).
"$GO" vet ./... || finding "go vet has findings"
tags=$(sed -n 's/^ *build-tags: \[\([^]]*\)\].*/\1/p' .golangci.yml | tr -d ' ')
for tag in $(git grep -h '^//go:build [a-z0-9]*$' -- '*.go' | cut -d ' ' -f 2 | sort -u); do
	case ",$tags," in *",$tag,"*) ;; *) finding "the build tag $tag is not among the build-tags of .golangci.yml" ;; esac
done
"$GO" vet -tags "$tags" ./... || finding "go vet -tags $tags has findings"

"$GO" mod tidy -diff >/dev/null 2>&1 || finding "go.mod is not tidy: run go mod tidy"
tidy_alone .ci/tools
(cd test/controlplane/binaries && "$GO" mod tidy -diff >/dev/null 2>&1) ||
	finding "test/controlplane/binaries/go.mod is not tidy: run go mod tidy there"

for dir in test/helm test/prometheus test/backends/jaeger; do
	(cd $dir && "$GO" mod tidy -diff >/dev/null 2>&1) || finding "$dir/go.mod is not tidy: run go mod tidy there"
done

"$MAKE" --no-print-directory generate >/dev/null
# shellcheck disable=SC2086 # GENERATED is a list of paths without spaces.
changed=$(git diff --name-only -- $GENERATED && git ls-files --others --exclude-standard -- $GENERATED)
[ -z "$changed" ] || finding "generated files were not up to date and are now, commit them: $(echo "$changed" | tr '\n' ' ')"

if [ "$findings" -gt 0 ]; then
	echo "verify: $findings findings" >&2
	exit 1
fi
echo "verify: generated files, formats and module files are as they should be"
