#!/bin/sh
# What a key may do: serve.sh REPOSITORIES. It fetches and pushes below that directory, and nothing else.
set -eu
verb=${SSH_ORIGINAL_COMMAND%% *}
path=${SSH_ORIGINAL_COMMAND#*\'}
path=${path%\'}
case $verb in
git-upload-pack | git-receive-pack) exec git "${verb#git-}" "$1/${path#/}" ;;
esac
exit 1
