#!/bin/sh
# Runs the quick tests of the project after an edit, so that the agent hears early what it broke. The agent runs it after
# each of its tools that edit (hooks.PostToolUse in settings.json). It commits nothing, and leaves nothing in the clone but
# what the tests write themselves.
#
# Exit code 2 hands what is printed to the agent. It stands for a failed test and for nothing else: no tests, no program to
# run them, or no end in time is no news.
set -eu

limit=60 # seconds for the tests
pause=60 # seconds between the end of one run and the next, since edits come in bursts
lines=40 # of their output: what failed stands at the end

# --- Which tests? Those of the working directory, or of the clone around it.
cd -- "$RUNFLEET_CLONE/$WORKING_DIRECTORY" 2>/dev/null || exit 0
marked() { [ -e go.mod ] || [ -e Cargo.toml ] || [ -e package.json ] || [ -e pyproject.toml ] || [ -e pom.xml ]; }
marked || cd -- "$RUNFLEET_CLONE"
if [ -e go.mod ]; then
  set -- go test -short ./...
elif [ -e Cargo.toml ]; then
  set -- cargo test --quiet --offline
elif [ -e package.json ]; then
  set -- npm run test --if-present --silent
elif [ -e pyproject.toml ]; then
  set -- pytest --quiet --exitfirst
elif [ -e pom.xml ]; then
  set -- mvn --quiet --offline test
else
  exit 0
fi
command -v "$1" >/dev/null || exit 0

# --- Is it time?
stamp=$HOME/.early-test
last=$(cat -- "$stamp" 2>/dev/null || echo 0)
[ $(($(date +%s) - last)) -ge "$pause" ] || exit 0

# --- Run them.
log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
code=0
timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null || code=$?
date +%s >"$stamp"
case $code in
0 | 124 | 137) exit 0 ;; # passed, or not done in time
5) [ "$1" != pytest ] || exit 0 ;; # there are no tests
esac
{
  echo "early-test.sh: $* fails in $PWD:"
  tail -n "$lines" -- "$log"
} >&2
exit 2
