#!/bin/sh
# Commits and pushes what the agent has done. The agent runs it each time it stops (hooks.Stop in settings.json), so that
# nothing is lost whatever happens next. It opens no pull request: container.sh does, once the agent has ended.
#
# What is checked out is committed, and pushed to the run's own branch, never by force and to no other. A docs run commits
# its documents alone. All values come from environment variables.
set -eu
export GIT_TERMINAL_PROMPT=0 # nobody is there to answer

fail() {
  echo "stop-commit.sh: $*" >&2
  exit 1
}

# git works as the run's user, and executes nothing that the clone has set up.
git() {
  command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c commit.gpgSign=false -c push.gpgSign=false \
    -c push.followTags=false -c push.recurseSubmodules=no \
    -c user.name="${GITHUB_USER:-runfleet}" -c user.email="${GITHUB_USER:-runfleet}@users.noreply.github.com" "$@"
}

[ -e "$RUNFLEET_CLONE/.git" ] || exit 0
cd -- "$RUNFLEET_CLONE"

# --- Where may it go?
own=refs/heads/$RUNFLEET_BRANCH
git check-ref-format "$own" || fail "$RUNFLEET_BRANCH is no name of a branch."
default=$(git symbolic-ref --quiet refs/remotes/origin/HEAD || true)
if [ "$RUNFLEET_BRANCH" = "${BRANCH:-}" ] || [ "$default" = "refs/remotes/origin/$RUNFLEET_BRANCH" ]; then
  fail "$RUNFLEET_BRANCH is the branch that the work started from. It is never pushed to."
fi

# --- Commit what there is. Where that fails, on a full disk for example, what is committed already is pushed all the same.
unkept=
[ -z "$(git ls-files --unmerged)" ] || fail 'There are conflicts, so nothing was committed.'
attempt="attempt $RUNFLEET_ATTEMPT of $RUNFLEET_RUN"
message="chore: keep what $attempt left uncommitted${RUNFLEET_PARTIAL:+ (partial)}"
if [ "$TASK_TYPE" = docs ]; then
  cd -- "$WORKING_DIRECTORY" || fail "$WORKING_DIRECTORY is not in the clone any more."
  set -- .taskmaster/docs
else
  set -- . ':(exclude)PR_DESCRIPTION.md' # the text of the pull request is container.sh's to read
fi
if [ -n "$(git status --porcelain --untracked-files=normal -- "$@")" ]; then
  git add --all -- "$@" || unkept=yes
  # What the agent has staged elsewhere is no part of a docs run; a merge can only be committed as a whole.
  [ "$TASK_TYPE" = docs ] || set --
  [ -n "$unkept" ] || git commit --quiet --message="$message" ${1:+--} "$@" || unkept=yes
elif [ -n "${RUNFLEET_PARTIAL:-}" ] && [ "$(git rev-parse HEAD)" != "$RUNFLEET_PARTIAL" ]; then
  # The agent had committed everything before it was ended, and a branch has to say that its work is not done.
  git commit --quiet --allow-empty --only --message="chore: $attempt was ended before it was done (partial)" || true
fi

# --- Push what the remote has on no branch.
git rev-parse --quiet --verify HEAD >/dev/null || exit 0 # a new repository without a commit
if [ -n "$(git rev-list --max-count=1 HEAD --not --remotes=origin)" ]; then
  git push --quiet origin "HEAD:$own" || fail "The work is committed in $RUNFLEET_CLONE, and could not be pushed to $RUNFLEET_BRANCH."
fi
[ -z "$unkept" ] || fail "There are changes in $RUNFLEET_CLONE that could not be committed."
