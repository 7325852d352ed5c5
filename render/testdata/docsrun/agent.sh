# The agent for container.sh, which sources this file: how it is run and watched, how it ended, and what it has spent.
#
# shellcheck shell=sh disable=SC2034,SC2154 # variables are shared with container.sh

log=$HOME/.agent.jsonl # what the agent has said
listener=              # who ends a silent agent
stalled=               # whether it was ended so

# spent prints what the agent says of itself in the last line of its stream. Of one that was ended before it could, it prints
# what the stream shows; what that has cost nobody knows.
# shellcheck disable=SC2317 # report calls it
spent() {
  tail -n 1 -- "$log" 2>/dev/null | jq -c 'select(.type? == "result") | {sessionId: .session_id, costUSD: .total_cost_usd, inputTokens: .usage.input_tokens,
    outputTokens: .usage.output_tokens, turns: .num_turns}' 2>/dev/null | grep . && return
  jq -cnR 'reduce (inputs | fromjson? | objects | select(.session_id)) as $line ({};
      .sessionId = $line.session_id | if $line.type == "assistant" and $line.parent_tool_use_id == null then .ids[$line.message.id // ""] = true else . end)
    | {sessionId, turns: (.ids // [] | length)} | with_entries(select(.value | . != null and . != 0))' "$log" 2>/dev/null | grep . || echo '{}'
}

# left_to_spend says whether the run's limits leave this attempt anything.
left_to_spend() {
  [ "${RUNFLEET_MAX_TURNS:-1}" -gt 0 ] || return 1
  case ${RUNFLEET_MAX_COST_USD:-1} in
  *[1-9]*) ;;
  *) return 1 ;;
  esac
}

# listen asks the script to end an agent that adds nothing to its log for too long. It counts its own steps, since a clock
# may be set meanwhile.
listen() {
  step=$((RUNFLEET_STALL_SECONDS < 60 ? 1 : 6)) heard=0 quiet=0
  while sleep "$step"; do
    quiet=$((quiet + step)) said=$(wc -c <"$log")
    [ "$said" -eq "$heard" ] || quiet=0
    heard=$said
    [ "$quiet" -lt "$RUNFLEET_STALL_SECONDS" ] || kill -USR1 $$
  done
}

# end_silence ends the agent as interrupt does, once. It is asked for at each step until the agent has ended, and each time
# it ends a wait.
end_silence() {
  signalled=yes
  [ -n "$child" ] && [ -z "$stalled" ] || return 0
  stalled=yes
  kill -TERM "$child" 2>/dev/null || true
}

# run COMMAND... runs the agent for $left seconds at most. Its stream is logged and kept, since its last line says what the
# run cost.
run() {
  stream=$HOME/.stream
  rm -f -- "$stream"
  : >"$log"
  mkfifo -- "$stream"
  tee -- "$log" <"$stream" &
  copier=$!
  if [ -n "${RUNFLEET_STALL_SECONDS:-}" ]; then
    trap end_silence USR1
    listen >/dev/null 2>&1 &
    listener=$!
  fi
  input=$prompt
  attend timeout -k "$RUNFLEET_KILL_AFTER" "$left" "$@" >"$stream" || code=$?
  input=
  if [ -n "$listener" ]; then
    trap '' USR1
    kill -KILL "$listener" || true # a shell that was just forked may miss a TERM
    wait "$listener" 2>/dev/null || true
  fi
  timeout 5 tail --pid="$copier" -f /dev/null || kill "$copier" || true # what the agent left running may hold the stream open
}

# judge says how the agent ended: in $timed_out, $limited and $failure. One that was told to end and says that it is done
# has finished at the bell.
judge() {
  timed_out='' limited='' failure=''
  case $code in # by TERM (as two implementations of timeout report it) or by KILL
  124 | 137 | 143) [ $(($(now) - start)) -lt "$left" ] || timed_out=yes ;;
  esac
  says=$(tail -n 1 -- "$log" | jq -r 'select(.type? == "result") | if .is_error then "error: \(.subtype)" else "done" end' 2>/dev/null || true)
  case $says in
  error*) failure="The agent ended with exit code $code and reports an $says." ;;
  *) [ "$code" -eq 0 ] || failure="The agent ended with exit code $code." ;;
  esac
  case $says in
  *error_max_turns | *error_max_budget_usd) limited=yes ;;
  esac
  if [ -n "$interrupted$stalled" ] && [ "$says" != "done" ] && [ "$code" -eq 0 ]; then
    code=143 # it ended well, but did it finish?
  fi
}
