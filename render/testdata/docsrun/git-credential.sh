#!/bin/sh
# Answers git when it needs a password: with the token, for the hosts of this run alone, and only over HTTPS. So the token
# stands in no address, no argument and no file of the workspace.
set -eu
[ "${1:-}" = get ] || exit 0
protocol='' host=''
while IFS='=' read -r key value && [ -n "$key" ]; do
  case $key in
  protocol) protocol=$value ;;
  host) host=$value ;;
  esac
done
[ "$protocol" = https ] && [ -r "$RUNFLEET_TOKEN" ] || exit 0
for name in $RUNFLEET_GIT_HOSTS; do
  [ "$name" = "$host" ] || continue
  printf 'username=x-access-token\npassword=%s\n' "$(cat -- "$RUNFLEET_TOKEN")"
  exit 0
done
