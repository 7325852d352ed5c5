# GitHub for container.sh, which sources this file: the App's token and the pull request, through the REST API.
#
# No token stands in an argument, where the process list would show it, or in what is logged.
#
# shellcheck shell=sh disable=SC2034,SC2154 # variables are shared with container.sh

api=${GITHUB_API_URL:-https://api.github.com}

# call METHOD PATH [FILE] asks the API, with FILE as the body, by the bearer on standard input. It prints the answer, and leaves
# the HTTP status in $status; 000 means that there was none.
call() {
  method=$1 path=$2
  shift 2
  [ $# -eq 0 ] || set -- --data-binary "@$1"
  status=$({
    printf 'header = "Authorization: Bearer %s"\n' "$(cat)"
  } | curl --silent --show-error --config - --request "$method" --max-time 60 --connect-timeout 20 \
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
    --output "$HOME/.answer" --write-out '%{http_code}' "$@" "$api$path" 2>>"$HOME/.curl-says") || status=000
}

# answer FILTER prints what jq finds in the last answer.
answer() { jq -r "$1" <"$HOME/.answer" 2>/dev/null || true; }

# refused is what to tell a person about a call that failed.
refused() {
  case $status in
  000) printf 'no answer from %s' "$api" ;;
  *) printf 'HTTP %s: %s' "$status" "$(answer '.message // "no message"' | head -n 1 | cut -c 1-200)" ;;
  esac
}

# slug prints owner/name of the repository that is worked on.
slug() { printf '%s\n' "$url" | sed -e 's|^[a-z]*://[^/]*/||' -e 's|^[^/]*:||' -e 's|^/*||' -e 's|/*$||' -e 's|\.git$||'; }

encode() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# mint_token makes the App's token, which lives an hour: once at the start, and once more before the push. It says in
# $problem why it could not.
mint_token() {
  for name in app-id private-key; do
    problem="There is no key $name in the Secret github-app-$login: create it on the member, in the run's namespace."
    [ -r "$credentials/$name" ] || return 1
  done
  issued=$(now)
  claims=$(jq -cn --arg iss "$(cat -- "$credentials/app-id")" --argjson now "$issued" '{iat: ($now - 60), exp: ($now + 540), iss: $iss}')
  unsigned=$(printf '{"alg":"RS256","typ":"JWT"}' | encode).$(printf '%s' "$claims" | encode)
  problem='The private-key of the GitHub App is no RSA key in PEM.'
  printf '%s' "$unsigned" | openssl dgst -sha256 -sign "$credentials/private-key" -binary >"$HOME/.signature" 2>/dev/null || return 1
  (umask 077 && printf '%s.%s' "$unsigned" "$(encode <"$HOME/.signature")" >"$HOME/.jwt")
  call GET "/repos/$(slug)/installation" <"$HOME/.jwt"
  problem="The GitHub App $GITHUB_APP is not installed for $(slug) ($(refused))."
  [ "$status" = 200 ] || return 1
  call POST "/app/installations/$(answer .id)/access_tokens" <"$HOME/.jwt"
  problem="The GitHub App $GITHUB_APP got no token ($(refused))."
  [ "$status" = 201 ] || return 1
  (umask 077 && answer .token >"$RUNFLEET_TOKEN")
  rm -f -- "$HOME/.answer" "$HOME/.jwt" # the answer holds the token, too
  problem=
}

# request_review finds the open pull request of the branch or, when told to, opens one. Its address is then in $pull_request.
request_review() {
  if ! [ -r "$RUNFLEET_TOKEN" ]; then
    [ "$1" = find ] || problem="There is no token to open a pull request with: add the key token to the Secret github-token-$login on the member."
    return
  fi
  slug=$(slug)
  call GET "/repos/$slug/pulls?state=open&head=$(uri "${slug%%/*}:$branch")" <"$RUNFLEET_TOKEN"
  problem="The pull request of $branch cannot be looked up ($(refused))."
  [ "$status" = 200 ] || return 0
  problem=
  pull_request=$(answer '.[0].html_url // empty')
  if [ -n "$pull_request" ] || [ "$1" != open ]; then
    return
  fi
  description=$RUNFLEET_CLONE/PR_DESCRIPTION.md
  [ -f "$description" ] && [ ! -L "$description" ] || description=/dev/null
  jq -n --arg title "$(title)" --arg head "$branch" --arg base "$base" --arg run "$RUNFLEET_RUN" --rawfile body "$description" \
    '{$title, $head, $base, body: (($body | .[0:60000] | if . == "" then "" else . + "\n\n" end) + "Made by Runfleet, run `\($run)`.")}' >"$HOME/.body"
  call POST "/repos/$slug/pulls" "$HOME/.body" <"$RUNFLEET_TOKEN"
  pull_request=$(answer '.html_url // empty')
  [ "$status" = 201 ] || problem="The pull request could not be opened ($(refused))."
}

title() {
  case $TASK_TYPE in
  docs) printf 'docs: describe the tasks' ;;
  *) if [ "$TASK_ID" = 0 ]; then printf 'feat: work on %s' "$SERVICE_NAME"; else printf 'feat(task-%s): implement it in %s' "$TASK_ID" "$SERVICE_NAME"; fi ;;
  esac
}

uri() { jq -rn --arg s "$1" '$s | @uri'; }
