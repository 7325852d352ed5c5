#!/bin/sh
# Runs sshd: sshd.sh DIRECTORY SSHD. It wants a user git, a user of its own and a directory in /run, none of which this
# machine has to have: they exist in a mount namespace, which is private and ends with sshd.
set -eu
mount --make-rprivate /
mount --bind "$1/passwd" /etc/passwd
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/sshd
exec "$2" -D -e -f "$1/sshd_config"
