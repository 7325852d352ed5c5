# Git for container.sh, which sources this file: credentials, the task's documents, the clone and its branch.
#
# Nothing that was not pushed is ever discarded, and nothing that lies in the clone is executed: its hooks are not run, and
# its configuration, which an earlier agent may have written, is made anew.
#
# shellcheck shell=sh disable=SC2034,SC2154 # variables are shared with container.sh

# --- Where things are.
credentials=${RUNFLEET_CREDENTIALS:-/credentials} # the mounted Secret of the run's user or App
login=$RUNFLEET_LOGIN # of the user or App, as the names of Secrets have it
branch=$RUNFLEET_BRANCH
base=${BRANCH:-} # "" until the remote has told its default
limit=${RUNFLEET_GIT_LIMIT:-900} # seconds for one exchange with a remote

# location URL prints what git can fetch: org/repo is short for a repository on GitHub.
location() {
  case $1 in
  *://* | *@*:*) printf '%s\n' "$1" ;;
  *) printf 'https://github.com/%s\n' "$1" ;;
  esac
}

# host URL prints its host, with the port where it has one.
host() {
  case $1 in
  *://*) printf '%s\n' "$1" | sed -e 's|^[a-z]*://||' -e 's|/.*||' -e 's|.*@||' ;;
  *) printf '%s\n' "$1" | sed -e 's|:.*||' -e 's|.*@||' ;;
  esac
}

# identify tells git who works, and how to prove it. All of it lies in the agent's home, which ends with the pod.
identify() {
  export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_GLOBAL="$HOME/.gitconfig"
  RUNFLEET_GIT_HOSTS="$(host "$url") $(host "$docs_url")"
  RUNFLEET_TOKEN=$credentials/token
  [ -r "$RUNFLEET_TOKEN" ] || RUNFLEET_TOKEN=$credentials/pat # its older name
  [ -z "${GITHUB_APP:-}" ] || RUNFLEET_TOKEN=$HOME/.github-token # minted below, from the App's key
  export RUNFLEET_GIT_HOSTS RUNFLEET_TOKEN
  rm -f -- "$GIT_CONFIG_GLOBAL"
  git config --global user.name "${GITHUB_USER:-${GITHUB_APP:-runfleet}}"
  git config --global user.email "${GITHUB_USER:-${GITHUB_APP:-runfleet}}@users.noreply.github.com"
  git config --global safe.directory "$RUNFLEET_CLONE"
  git config --global credential.helper "!sh '$config/git-credential.sh'"
  git config --global http.lowSpeedLimit 1
  git config --global http.lowSpeedTime 60
  git config --global advice.detachedHead false

  if [ -n "${GITHUB_APP:-}" ]; then # an App has a token and no key: every address is reached by HTTPS
    for name in $RUNFLEET_GIT_HOSTS; do
      git config --global --add "url.https://$name/.insteadOf" "git@$name:"
      git config --global --add "url.https://$name/.insteadOf" "ssh://git@$name/"
    done
    mint_token || finish 78 secretMissing "$problem"
    return
  fi
  for address in "$url" "$docs_url"; do
    case $address in
    https://*) [ -r "$RUNFLEET_TOKEN" ] || absent token "github-token-$login or github-pat-$login" ;;
    ssh://* | *@*:*) use_ssh ;;
    esac
  done
}

# absent KEY SECRET ends the attempt because of a Secret.
absent() {
  finish 78 secretMissing "There is no key $1 in the Secret $2: create it on the member, in the run's namespace."
}

# use_ssh copies the key, since ssh accepts one that is its user's alone, and knows hosts only by the keys in known-hosts.
use_ssh() {
  command -v ssh >/dev/null || finish 78 prerequisiteMissing 'The program ssh is not in the image.'
  [ -r "$credentials/ssh-privatekey" ] || absent ssh-privatekey "github-ssh-$login"
  (
    umask 077
    mkdir -p -- "$HOME/.ssh"
    cat -- "$credentials/ssh-privatekey" >"$HOME/.ssh/id"
    cat >"$HOME/.ssh/config" <<-END
	Host *
	  IdentityFile "$HOME/.ssh/id"
	  IdentitiesOnly yes
	  IdentityAgent none
	  ForwardAgent no
	  UserKnownHostsFile "$config/known-hosts"
	  GlobalKnownHostsFile /dev/null
	  StrictHostKeyChecking yes
	  BatchMode yes
	  ConnectTimeout 20
	  ServerAliveInterval 15
	  ServerAliveCountMax 4
	END
  )
  export GIT_SSH_COMMAND="ssh -F '$HOME/.ssh/config'"
}

# in_clone runs git in the clone. What is configured there executes nothing.
in_clone() { git -C "$RUNFLEET_CLONE" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c commit.gpgSign=false "$@"; }

# remote NAME COMMAND... talks to a remote: within its time, ended at once by TERM. What went wrong is the attempt's message.
remote() {
  name=$1
  shift
  attend timeout -k 5 "$limit" "$@" 2>"$HOME/.git-says" && return
  cat -- "$HOME/.git-says" >&2
  [ -z "$interrupted" ] || finish 143 interrupted 'The attempt was told to end before the agent started.'
  said=$({ grep -E 'verification failed|[Dd]enied|^fatal: |^error: |^remote: |^ssh: ' "$HOME/.git-says" || grep -v '^Cloning into' "$HOME/.git-says"; } |
    head -n 3 | cut -c 1-300 | tr -d '\r' | tr '\n' ' ' | sed 's/[. ]*$//')
  finish 1 repositoryUnreachable "$name cannot be reached: ${said:-no answer within $limit s}. $(advice "$said")"
}

# advice SAID tells what to do about what git said.
advice() {
  proof="the key token of the Secret github-token-$login"
  [ -z "${GITHUB_APP:-}" ] || proof="the Secret github-app-$login"
  case $1 in
  *'Host key verification failed'*) printf '%s' 'Put the key of the host into shared_known-hosts.hbs of the ConfigMap runfleet-templates on the hub.' ;;
  *'Permission denied'*) printf '%s' "The host refuses the key ssh-privatekey of the Secret github-ssh-$login on the member." ;;
  *'Authentication failed'* | *'could not read Username'* | *'error: 403'*) printf '%s' "The host refuses $proof on the member." ;;
  *) printf '%s' "Check the address, that ${GITHUB_USER:-${GITHUB_APP:-this user}} may read it, and that the member's network lets agents reach the host." ;;
  esac
}

# disarm is for find: of the clone, and of every repository within, it removes what git would execute. git looks into those, too.
# A lock goes as well: its owner died with its pod.
# shellcheck disable=SC2016 # the shell that find starts expands it
disarm='for head; do
  repository=${head%/HEAD}
  [ -d "$repository/objects" ] || continue
  rm -rf -- "$repository/hooks" "$repository/info/attributes" "$repository/config" "$repository/config.worktree" "$repository/index.lock"
  printf "[core]\n\trepositoryformatversion = 0\n\tbare = false\n" >"$repository/config"
done'

# clone makes the clone, or takes the one that is there, with whatever an earlier attempt left in it.
clone() {
  if [ -e "$RUNFLEET_CLONE" ] && ! { [ -d "$RUNFLEET_CLONE/.git" ] && [ ! -L "$RUNFLEET_CLONE/.git" ]; }; then
    mv -- "$RUNFLEET_CLONE" "$RUNFLEET_CLONE.kept-$(now)" # no clone of ours, and not ours to discard
  fi
  if [ ! -e "$RUNFLEET_CLONE" ]; then
    rm -rf -- "$RUNFLEET_CLONE.new" # of an attempt that was killed while it cloned: it holds nobody's work
    remote "$REPOSITORY_URL" git clone --quiet --no-checkout -c core.hooksPath=/dev/null -- "$url" "$RUNFLEET_CLONE.new"
    mv -- "$RUNFLEET_CLONE.new" "$RUNFLEET_CLONE"
  fi
  find "$RUNFLEET_CLONE" -type f -name HEAD -exec sh -c "$disarm" sh {} +
  in_clone config remote.origin.url "$url"
  in_clone config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
  in_clone config push.autoSetupRemote true
  remote "$REPOSITORY_URL" git -C "$RUNFLEET_CLONE" fetch --quiet --no-recurse-submodules origin
  if [ -z "$base" ]; then
    remote "$REPOSITORY_URL" git -C "$RUNFLEET_CLONE" remote set-head origin --auto >/dev/null
    base=$(in_clone symbolic-ref --quiet --short refs/remotes/origin/HEAD) ||
      finish 78 prerequisiteMissing "$REPOSITORY_URL has no default branch: push a first commit, or name a branch in the run."
    base=${base#origin/}
  fi
  has "refs/remotes/origin/$base" ||
    finish 78 prerequisiteMissing "There is no branch $base in $REPOSITORY_URL: create it, or name another one in the run."
  [ "$branch" != "$base" ] || finish 78 prerequisiteMissing "The run would push to $base, the branch that it starts from."
}

has() { in_clone show-ref --verify --quiet "$1"; }

unmerged() { [ -n "$(in_clone ls-files --unmerged)" ]; }

# The text of the pull request stays out of every commit. One that was written for another branch is of no use on this one.
but_description=':(exclude)PR_DESCRIPTION.md'
forget_description() { in_clone ls-files --error-unmatch PR_DESCRIPTION.md >/dev/null 2>&1 || rm -f -- "$RUNFLEET_CLONE/PR_DESCRIPTION.md"; }

# A checkout that did not end, since its pod was killed or the disk was full, leaves a mixture that is nobody's work.
halfway=$RUNFLEET_CLONE/.git/runfleet-checkout

# keep commits what an interrupted attempt left uncommitted: on the branch where it lies or, where that is nobody's own to
# commit to, on one that is made for it.
keep() {
  [ -e "$RUNFLEET_CLONE/.git/index" ] && [ ! -e "$halfway" ] || return 0 # nobody was ever at work there
  on=$(in_clone symbolic-ref --quiet --short HEAD || true)
  if [ "$on" = "$branch" ] && unmerged; then
    return # the agent resolves it
  fi
  [ -n "$(in_clone status --porcelain -- . "$but_description")" ] || return 0
  in_clone rebase --quit 2>/dev/null || true
  if [ -z "$on" ] || [ "$on" = "$base" ]; then
    in_clone checkout --quiet -b "kept/$(now)"
  fi
  in_clone add --all -- . "$but_description"
  in_clone commit --quiet --no-verify --message="chore: keep what an interrupted attempt left"
}

# switch brings the run's branch up to date with the remote's and with the base. Conflicts are left to the agent.
switch() {
  if [ "$(in_clone symbolic-ref --quiet --short HEAD || true)" != "$branch" ] || [ ! -e "$RUNFLEET_CLONE/.git/index" ] || [ -e "$halfway" ]; then
    forget_description
    force=
    [ ! -e "$halfway" ] || force=--force
    : >"$halfway"
    if has "refs/heads/$branch"; then
      in_clone checkout --quiet ${force:+"$force"} "$branch" --
    elif has "refs/remotes/origin/$branch"; then
      in_clone checkout --quiet ${force:+"$force"} --no-track -b "$branch" "refs/remotes/origin/$branch"
    else
      in_clone checkout --quiet ${force:+"$force"} --no-track -b "$branch" "refs/remotes/origin/$base"
    fi
    # Of a file that it cannot write checkout only says so, and the branch would get what is left of it; reset fails.
    in_clone reset --quiet --hard ||
      finish 1 failed "Not all files of $branch could be written into the workspace, which may be full; the log says why."
    rm -f -- "$halfway"
  fi
  for from in "$branch" "$base"; do
    if unmerged; then
      conflicts=yes
      return
    fi
    has "refs/remotes/origin/$from" || continue
    in_clone merge --quiet --no-edit "refs/remotes/origin/$from" >&2 || unmerged ||
      finish 1 failed "origin/$from cannot be merged into $branch; the log says why."
  done
  ! unmerged || conflicts=yes
}

# documents fetches what the task is from its own repository, which may be the one that is worked on. They are read as
# git keeps them, so that a symbolic link among them leads nowhere.
documents() {
  rm -rf -- "$tasks"
  [ "$TASK_TYPE" = code ] && [ "$TASK_ID" != 0 ] || return 0
  if [ "$docs_url" = "$url" ]; then
    archive=$RUNFLEET_CLONE/.git from=refs/remotes/origin/$DOCS_BRANCH
  else
    archive=$HOME/docs.git from=HEAD
    rm -rf -- "$archive"
    remote "$DOCS_REPOSITORY_URL" git ls-remote --quiet --heads -- "$docs_url" "refs/heads/$DOCS_BRANCH" >"$HOME/.heads"
    if [ -s "$HOME/.heads" ]; then
      remote "$DOCS_REPOSITORY_URL" git clone --quiet --bare --depth=1 --branch="$DOCS_BRANCH" -- "$docs_url" "$archive"
    fi
  fi
  git --git-dir="$archive" rev-parse --quiet --verify "$from^{commit}" >/dev/null 2>&1 ||
    finish 78 prerequisiteMissing "There is no branch $DOCS_BRANCH in $DOCS_REPOSITORY_URL: create it, or name another one in docsBranch."
  root=${DOCS_PROJECT_DIRECTORY:+$DOCS_PROJECT_DIRECTORY/}.taskmaster/docs
  mkdir -p -- "$tasks"
  for file in "task-$TASK_ID/task.md" "task-$TASK_ID/prompt.md" "task-$TASK_ID/acceptance-criteria.md" architecture.md; do
    git --git-dir="$archive" cat-file blob "$from:$root/$file" >"$tasks/${file##*/}" 2>/dev/null || rm -f -- "$tasks/${file##*/}"
  done
  [ -e "$tasks/task.md" ] || [ -e "$tasks/prompt.md" ] ||
    finish 78 prerequisiteMissing "There is neither task.md nor prompt.md in $root/task-$TASK_ID of $DOCS_REPOSITORY_URL, branch $DOCS_BRANCH."
}

# deliver commits and pushes what there is, and sees to the pull request: opened when the work is done, only looked up when
# it is partial. What went wrong is in $problem; $pushed names the branch when the remote has work on it.
deliver() {
  problem='' unpushed=''
  [ -z "${GITHUB_APP:-}" ] || mint_token || problem=" $problem" # the first one may have expired
  RUNFLEET_PARTIAL=${partial:+${began:-yes}} timeout -k 5 "$limit" sh "$config/hooks/stop-commit.sh" 2>"$HOME/.git-says" || unpushed=yes
  cat -- "$HOME/.git-says" >&2
  if [ -n "$unpushed" ]; then
    problem=" It could not be committed or pushed: $(tail -n 3 -- "$HOME/.git-says" | cut -c 1-300 | tr '\n' ' ')"
  fi
  if has "refs/remotes/origin/$branch" && [ -n "$(in_clone rev-list --max-count=1 "refs/remotes/origin/$branch" --not "refs/remotes/origin/$base")" ]; then
    pushed=$branch
    commit=$(in_clone rev-parse "refs/remotes/origin/$branch")
    [ -n "$unpushed" ] || {
      if [ -n "$partial" ]; then request_review find; else request_review open; fi
      [ -z "$problem" ] || problem=" $problem"
    }
  fi
}
