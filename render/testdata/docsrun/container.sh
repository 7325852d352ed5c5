#!/bin/sh
# Runs one attempt of an agent: sh container.sh COMMAND [ARGUMENT...]
#
# The agent gets prompt.md on its standard input and what is left of its time. Whatever happens, the last thing written is
# the outcome, one JSON object in the termination message, from which the operator learns how the attempt ended. An agent
# that knows more, such as its pull request, leaves an outcome of its own in $RUNFLEET_OUTCOME; it is passed on.
#
# Everything that comes from a person arrives in environment variables and files. All times are in seconds.
set -eu

config=${RUNFLEET_CONFIG:-/config}
message=${RUNFLEET_TERMINATION_LOG:-/dev/termination-log}
outcome=${RUNFLEET_OUTCOME:-/workspace/.runfleet-outcome.json}

largest=4096 # bytes of a termination message: the kubelet cuts off the rest, and half a JSON object is none

result=failed # until something better is known
reason='The start script itself failed; its log says at which step.'
agent=        # the process to end on TERM
interrupted=  # whether it was ever told to end
signalled=    # whether that was during the last wait

# report is the last act on every path. It only prints words of this script, so nothing needs to be escaped.
# shellcheck disable=SC2317 # the trap calls it
report() {
  code=$?
  trap '' TERM
  if [ "$result" != passed ]; then
    printf '{"result":"%s","reason":"%s"}\n' "$result" "$reason" >"$message" || true
  fi
  exit "$code"
}
trap report EXIT

# interrupt lets the agent end by itself; its end is waited for below.
interrupt() {
  interrupted=yes signalled=yes
  [ -z "$agent" ] || kill -TERM "$agent" 2>/dev/null || true
}
trap interrupt TERM INT

# finish CODE RESULT REASON
finish() {
  result=$2 reason=$3
  echo "container.sh: $result: $reason" >&2
  exit "$1"
}

now() { date +%s; }

# --- May it still start? (rule F: after this moment the operator may have started another attempt)
late=$(($(now) - RUNFLEET_START_BEFORE - RUNFLEET_MAX_SKEW))
if [ "$late" -gt 0 ]; then
  finish 75 startedTooLate "The container started $late s after its last permitted moment, so the agent was not started."
fi

# --- Is everything there, before a token is spent?
[ -r "$config/prompt.md" ] || finish 78 prerequisiteMissing 'prompt.md is not in the configuration directory.'
[ $# -gt 0 ] || finish 78 prerequisiteMissing 'No agent command was given.'
command -v "$1" >/dev/null || finish 78 prerequisiteMissing "The agent's program is not in the image."
command -v timeout >/dev/null || finish 78 prerequisiteMissing 'The program timeout (coreutils) is not in the image.'

# --- Put the files in place, beside the clone, where the agent finds them and no commit does.
workspace=$(pwd -P)
place="$RUNFLEET_CLONE/$WORKING_DIRECTORY"
mkdir -p -- "$place"
rm -f -- "$outcome" # of an earlier attempt

# The agent's memory stays as the agent left it, unless the run wants it replaced. What is copied can be written to.
if [ "${RUNFLEET_OVERWRITE_MEMORY:-false}" = true ] || ! [ -e CLAUDE.md ]; then
  rm -f -- CLAUDE.md
  cat -- "$config/CLAUDE.md" >CLAUDE.md
fi

# Guidelines are new at each start: the common ones, and those of each language that the clone has. A docs run has none.
for file in coding-guidelines.md github-guidelines.md mcp-tools.md; do
  [ -e "$config/$file" ] || continue
  rm -f -- "$file"
  cat -- "$config/$file" >"$file"
done
# speaks MARKER LANGUAGE adds the language's guidelines if the marker is in the clone's root or in the working directory.
speaks() {
  [ -e "$RUNFLEET_CLONE/$1" ] || [ -e "$place/$1" ] || return 0
  [ -e "$config/coding-guidelines-$2.md" ] || return 0
  { echo && cat -- "$config/coding-guidelines-$2.md"; } >>coding-guidelines.md
}
speaks go.mod go
speaks Cargo.toml rust
speaks package.json javascript
speaks pyproject.toml python
speaks pom.xml java

# The agent's sessions lie in the workspace, so that the next attempt finds them; its home ends with the pod.
sessions=$workspace/.runfleet/sessions/$RUNFLEET_SESSION
mkdir -p -- "$sessions" "$HOME/.claude"
ln -sfn -- "$sessions" "$HOME/.claude/projects"

# --- Go where the agent works, and tell it what it finds there.
cd -- "$place"
if [ "${RUNFLEET_USE_MCP:-false}" = true ]; then
  set -- "$@" --mcp-config "$config/mcp.json"
fi
if [ "${RUNFLEET_CONTINUE_SESSION:-false}" = true ]; then
  for file in "$sessions/$(pwd -P | tr -c 'a-zA-Z0-9\n' -)"/*.jsonl; do # the agent names them by where it works
    [ -e "$file" ] || break
    set -- "$@" --continue
    break
  done
fi

# --- Run the agent in what is left of its time.
start=$(now)
left=$((RUNFLEET_NOT_AFTER - start))
[ "$left" -lt "$RUNFLEET_TIMEOUT" ] || left=$RUNFLEET_TIMEOUT
[ "$left" -gt 0 ] || finish 124 timeout "The attempt's deadline passed before the agent could start."
[ -z "$interrupted" ] || finish 143 interrupted 'The attempt was told to end before the agent started.'

timeout -k "$RUNFLEET_KILL_AFTER" "$left" "$@" <"$config/prompt.md" &
agent=$!
[ -z "$interrupted" ] || interrupt # it came between the check above and the line before

# A signal ends wait early, even when the agent ended at the same moment: only a wait without one says how it ended. One
# that was said already is not said again (127).
code=0
wait "$agent" || code=$?
while [ -n "$signalled" ]; do
  signalled='' again=0
  wait "$agent" || again=$?
  [ "$again" -eq 127 ] || code=$again
done
agent=

# --- How did it end? Its own word counts when it ended by itself, or well.
timed_out=
case $code in # by TERM (as two implementations of timeout report it) or by KILL
124 | 137 | 143) [ $(($(now) - start)) -lt "$left" ] || timed_out=yes ;;
esac
if [ "$code" -eq 0 ] || [ -z "$interrupted$timed_out" ]; then
  if [ -f "$outcome" ] && [ "$(wc -c <"$outcome")" -le "$largest" ] && [ "$(head -c 1 <"$outcome")" = '{' ]; then
    cat -- "$outcome" >"$message"
    result=passed
    exit "$code"
  fi
fi
[ -z "$timed_out" ] || finish "$code" timeout "The agent was ended after $left s, at the end of its time."
if [ -n "$interrupted" ]; then
  [ "$code" -ne 0 ] || code=143 # told to end, it ended well, but did it finish? Only an outcome would say so
  finish "$code" interrupted 'The attempt was told to end from outside.'
fi
[ "$code" -eq 0 ] || finish "$code" failed "The agent ended with exit code $code."
[ ! -e "$outcome" ] || finish 0 unreadable "The agent's outcome is no JSON object of at most $largest bytes."
finish 0 succeeded 'The agent ended with exit code 0.'
