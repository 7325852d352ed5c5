#!/bin/sh
# Runs one attempt of an agent: sh container.sh COMMAND [ARGUMENT...]
#
# It fetches the task and the code, gives the agent prompt.md on its standard input and what is left of its time, and then
# delivers: commit, push, pull request. Whatever happens, the last thing written is the outcome, one JSON object in the
# termination message, from which the operator learns how the attempt ended.
#
# Everything that comes from a person arrives in environment variables and files. All times are in seconds.
set -eu

config=${RUNFLEET_CONFIG:-/config}
message=${RUNFLEET_TERMINATION_LOG:-/dev/termination-log}
workspace=$(pwd -P)
tasks=$workspace/task # the task's documents

result=failed # until something better is known
reason='The start script itself failed; its log says at which step.'
child=        # the process to end on TERM
interrupted=  # whether it was ever told to end
signalled=    # whether that was during the last wait
conflicts=    # whether the agent has a merge to resolve
pull_request='' pushed='' commit='' # what was delivered
code=0                               # of the agent

# report is the last act on every path.
# shellcheck disable=SC2317 # the trap calls it
report() {
  status=$?
  trap '' TERM INT
  write_outcome
  exit "$status"
}

# write_outcome puts what is known into the termination message. Before the delivery, too: the kubelet kills what outlives
# its grace period.
# shellcheck disable=SC2317 # report calls it
write_outcome() {
  if command -v jq >/dev/null; then
    spent | jq -c --arg result "$result" --arg reason "$reason" --arg branch "${pushed:-}" --arg commit "${commit:-}" --arg pr "$pull_request" \
      '{$result, reason: ($reason | .[0:1000])} + . + {$branch, $commit, pullRequestUrl: $pr} | with_entries(select(.value != "" and .value != null))' \
      >"$message" || true
  else # this script's own words, which need no escaping
    printf '{"result":"%s","reason":"%s"}\n' "$result" "$reason" >"$message" || true
  fi
}
trap report EXIT

# shellcheck disable=SC2317 # report calls it
spent() { echo '{}'; } # until agent.sh is read

# interrupt lets what runs end by itself; its end is waited for where it was started.
interrupt() {
  interrupted=yes signalled=yes
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
}
trap interrupt TERM INT

# finish CODE RESULT REASON
finish() {
  result=$2 reason=$3
  echo "container.sh: $result: $reason" >&2
  exit "$1"
}

now() { date +%s; }

# attend COMMAND... runs a command that TERM ends at once, and returns how it ended. A signal ends wait early, even when the
# command ended at the same moment: only a wait without one says how. One that was said already is not said again (127).
attend() {
  [ -z "$interrupted" ] || return 143
  "$@" <"${input:-/dev/null}" &
  child=$!
  [ -z "$interrupted" ] || interrupt # it came before the line above
  signalled='' ended=0
  wait "$child" || ended=$?
  while [ -n "$signalled" ]; do
    signalled='' again=0
    wait "$child" || again=$?
    [ "$again" -eq 127 ] || ended=$again
  done
  child=
  return "$ended"
}

# --- May it still start? (rule F: after this moment the operator may have started another attempt)
late=$(($(now) - RUNFLEET_START_BEFORE - RUNFLEET_MAX_SKEW))
if [ "$late" -gt 0 ]; then
  finish 75 startedTooLate "The container started $late s after its last permitted moment, so the agent was not started."
fi

# --- Is everything there, before a token is spent?
for file in prompt.md CLAUDE.md agent.sh git.sh github.sh; do
  [ -r "$config/$file" ] || finish 78 prerequisiteMissing "$file is not in the configuration directory."
done
[ $# -gt 0 ] || finish 78 prerequisiteMissing 'No agent command was given.'
command -v "$1" >/dev/null || finish 78 prerequisiteMissing "The program of the agent is not in the image."
for program in timeout git jq curl ${GITHUB_APP:+openssl}; do
  command -v "$program" >/dev/null || finish 78 prerequisiteMissing "The program $program is not in the image."
done
# shellcheck source=agent.sh
. "$config/agent.sh"
# shellcheck source=git.sh
. "$config/git.sh"
# shellcheck source=github.sh
. "$config/github.sh"

# --- Fetch the code and the task.
url=$(location "$REPOSITORY_URL")
docs_url=$(location "${DOCS_REPOSITORY_URL:-$REPOSITORY_URL}")
identify
clone
keep
switch
began=$(in_clone rev-parse --quiet --verify HEAD || true) # what comes after it is this attempt's work
documents
place=$RUNFLEET_CLONE/$WORKING_DIRECTORY
if [ "$TASK_TYPE" = docs ]; then
  [ -e "$place/.taskmaster/tasks/tasks.json" ] ||
    finish 78 prerequisiteMissing "There is no .taskmaster/tasks/tasks.json in $WORKING_DIRECTORY of $REPOSITORY_URL, branch $base."
fi
mkdir -p -- "$place"

# --- Put the files in place, beside the clone, where the agent finds them and no commit does.
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

# The prompt: what was rendered, what the task says itself, and what the agent finds in its clone.
prompt=$HOME/.prompt.md
cat -- "$config/prompt.md" >"$prompt"
if [ -e "$tasks/prompt.md" ]; then
  { printf '\n## The task in its own words\n\n' && cat -- "$tasks/prompt.md"; } >>"$prompt"
fi
if [ -n "$conflicts" ]; then
  { printf '\n## Conflicts\n\nThe clone is in the middle of a merge. Resolve the conflicts first, and commit the merge:\n\n' &&
    in_clone diff --name-only --diff-filter=U | sed 's/^/- /'; } >>"$prompt"
fi

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

# --- Run the agent in what is left of its time, and of what the run may spend.
[ -z "${RUNFLEET_MAX_TURNS:-}" ] || set -- "$@" --max-turns "$RUNFLEET_MAX_TURNS"
[ -z "${RUNFLEET_MAX_COST_USD:-}" ] || set -- "$@" --max-budget-usd "$RUNFLEET_MAX_COST_USD"
start=$(now)
left=$((RUNFLEET_NOT_AFTER - start))
[ "$left" -lt "$RUNFLEET_TIMEOUT" ] || left=$RUNFLEET_TIMEOUT

# forgo CODE RESULT REASON ends the attempt before the agent, and delivers what earlier ones left.
forgo() {
  cd -- "$workspace"
  partial=yes
  deliver
  finish "$1" "$2" "$3$problem"
}
[ -z "$interrupted" ] || forgo 143 interrupted 'The attempt was told to end before the agent started.'
[ "$left" -gt 0 ] || forgo 124 timeout "The attempt's deadline passed before the agent could start."
left_to_spend || forgo 1 limitExceeded "Earlier attempts have spent what the run's limits permit, so the agent was not started."
run "$@"
judge

# --- Deliver what there is, on every path. From here on nothing is gained by ending early.
trap '' TERM INT
cd -- "$workspace"
(result=interrupted reason='The script was killed while it delivered what the agent has done.' && write_outcome)
partial=
[ "$code" -eq 0 ] && [ -z "$failure" ] || partial=yes
deliver
[ -z "$stalled" ] || [ "$code" -eq 0 ] || finish "$code" stalled "The agent was silent for $RUNFLEET_STALL_SECONDS s, so it was ended.$problem"
[ -z "$timed_out" ] || finish "$code" timeout "The agent was ended after $left s, at the end of its time.$problem"
[ -z "$limited" ] || finish "$((code ? code : 1))" limitExceeded "The agent has spent what the run's limits permit ($says).$problem"
[ -z "$interrupted" ] || [ "$code" -eq 0 ] || finish "$code" interrupted "The attempt was told to end from outside.$problem"
[ -z "$failure" ] || finish "$((code ? code : 1))" failed "$failure$problem"
[ -z "$unpushed" ] || finish 1 failed "The agent is done.$problem"
if [ -z "$pushed" ]; then
  [ "$TASK_TYPE" = code ] || finish 0 noChanges 'The documents are complete as they are.'
  finish 0 succeeded 'The agent is done and has changed nothing.'
fi
finish 0 succeeded "The agent is done.$problem"
