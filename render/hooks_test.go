package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

// These tests run the rendered hooks with the real git, against a remote of the test.

// git runs in a directory of the stage, and returns what it prints.
func (s stage) git(directory string, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "git", append([]string{"-C", filepath.Join(s.directory, directory)}, args...)...)
	cmd.Env = append(s.environ(), "GIT_AUTHOR_NAME=agent", "GIT_AUTHOR_EMAIL=agent@example.com", "GIT_COMMITTER_NAME=agent", "GIT_COMMITTER_EMAIL=agent@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %q: %v: %s", args, err, out)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// cloned is a stage with a remote whose branch main has one commit, and with its clone.
func cloned(t *testing.T, run v1.Run) stage {
	t.Helper()
	s := newStage(t, "sh", run)
	s.env["GIT_CONFIG_GLOBAL"], s.env["GIT_CONFIG_SYSTEM"] = os.DevNull, os.DevNull
	s.must(os.Mkdir(filepath.Join(s.directory, "remote"), 0o755))
	s.git("remote", "init", "--quiet", "--bare", "--initial-branch=main")
	s.git("", "clone", "--quiet", "file://"+filepath.Join(s.directory, "remote"), clone)
	s.git(clone, "checkout", "--quiet", "-b", "main")
	s.must(os.MkdirAll(filepath.Join(s.directory, clone, "auth-api/.taskmaster/docs"), 0o755))
	s.write(clone+"/README.md", "# shop\n")
	s.write(clone+"/auth-api/main.go", "package main\n")
	s.git(clone, "add", ".")
	s.git(clone, "commit", "--quiet", "--message=begin")
	s.git(clone, "push", "--quiet", "origin", "main")
	s.git(clone, "remote", "set-head", "origin", "main")
	return s
}

// hook runs one, as the agent does: the command itself, from where the agent happens to be.
func (s stage) hook(name string) (code int, said string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "/bin/sh", filepath.Join(s.directory, "config/hooks", name))
	cmd.Dir, cmd.Env = filepath.Join(s.directory, "home"), s.environ()
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (s stage) stops(wantCode int, want string) {
	s.t.Helper()
	if code, said := s.hook("stop-commit.sh"); code != wantCode || !strings.Contains(said, want) || want == "" && said != "" {
		s.t.Errorf("want exit code %d and %q, got %d and %q", wantCode, want, code, said)
	}
}

// remote is the names and commits of its branches.
func (s stage) remote() map[string]string {
	s.t.Helper()
	branches := map[string]string{}
	for line := range strings.Lines(s.git("remote", "for-each-ref", "--format=%(refname) %(objectname)")) {
		name, commit, _ := strings.Cut(strings.TrimSpace(line), " ")
		branches[name] = commit
	}
	return branches
}

// pushed says that nothing but the run's branch has changed on the remote, and returns the files that it has more than main.
func (s stage) pushed(main, branch string) []string {
	s.t.Helper()
	got := s.remote()
	if len(got) != 2 || got["refs/heads/main"] != main || got["refs/heads/"+branch] == "" {
		s.t.Errorf("want main and %s, got %v", branch, got)
		return nil
	}
	names := strings.Split(s.git("remote", "diff", "--name-only", "-z", "main", "refs/heads/"+branch), "\x00")
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

const ownBranch = "feature/task-7-implementation"

func TestTheStopHookCommitsAndPushesWhatThereIs(t *testing.T) {
	s := cloned(t, codeRun())
	main := s.remote()["refs/heads/main"]
	s.git(clone, "checkout", "--quiet", "-b", ownBranch)
	hostile := []string{"--all", "-n", "$(touch ran)", "a\nb", ":(top)c", "ü \"x\"", "*"}
	for _, name := range hostile {
		s.write(clone+"/auth-api/"+name, "new\n")
	}
	s.write(clone+"/auth-api/main.go", "package main // changed\n")
	s.must(os.Remove(filepath.Join(s.directory, clone, "README.md")))
	s.write(clone+"/PR_DESCRIPTION.md", "for container.sh\n")
	s.stops(0, "")

	want := []string{"README.md", "auth-api/main.go"}
	for _, name := range hostile {
		want = append(want, "auth-api/"+name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, s.pushed(main, ownBranch)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const said = "example-bot <example-bot@users.noreply.github.com> chore: keep what attempt 2 of CodeRun/default/sample left uncommitted"
	if got := s.git("remote", "log", "-1", "--format=%an <%ae> %s", ownBranch); got != said {
		t.Errorf("want the commit\n%s\ngot\n%s", said, got)
	}

	before := s.remote()
	s.stops(0, "")
	if diff := cmp.Diff(before, s.remote()); diff != "" || s.git(clone, "log", "-1", "--format=%H") != before["refs/heads/"+ownBranch] {
		t.Errorf("nothing is new, so nothing must happen (-before +after):\n%s", diff)
	}
	s.git(clone, "commit", "--quiet", "--allow-empty", "--message=the agent's own")
	s.stops(0, "")
	if s.remote()["refs/heads/"+ownBranch] != s.git(clone, "rev-parse", "HEAD") {
		t.Error("what the agent has committed itself must be pushed")
	}
}

func TestTheStopHookDoesNothingWhereNothingChanged(t *testing.T) {
	s := cloned(t, codeRun())
	before := s.remote()
	s.git(clone, "checkout", "--quiet", "-b", ownBranch)
	s.stops(0, "")
	s.write(clone+"/PR_DESCRIPTION.md", "of nothing\n")
	s.stops(0, "")
	if diff := cmp.Diff(before, s.remote()); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	s.must(os.RemoveAll(filepath.Join(s.directory, clone)))
	s.stops(0, "") // there is no clone either
}

func TestTheStopHookNeverPushesTheBranchItStartedFrom(t *testing.T) {
	for name, test := range map[string]struct {
		own, base string
		code      int
		says      string
	}{
		"the agent works on it":          {ownBranch, "main", 0, ""},
		"as the repository's default":    {ownBranch, "", 0, ""},
		"the run's branch is its base":   {"main", "main", 1, "main is the branch that the work started from"},
		"and the repository's default":   {"main", "", 1, "main is the branch that the work started from"},
		"a branch that names another":    {"x:refs/heads/main", "main", 1, "is no name of a branch"},
		"a branch that is a pattern":     {"*", "main", 1, "is no name of a branch"},
		"a branch that looks as options": {"--delete main", "main", 1, "is no name of a branch"},
		"a branch that leads elsewhere":  {"../heads/main", "main", 1, "is no name of a branch"},
		"a branch of an option's form":   {"-f", "main", 0, ""},
		"a branch that would execute":    {"$(touch${IFS}ran)", "main", 0, ""},
		"a branch in another script":     {"функция/ü", "main", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := cloned(t, codeRun())
			before := s.remote()
			s.env["RUNFLEET_BRANCH"], s.env["BRANCH"] = test.own, test.base
			s.write(clone+"/new", "")
			s.stops(test.code, test.says)
			if test.code != 0 {
				if diff := cmp.Diff(before, s.remote()); diff != "" || s.git(clone, "status", "--porcelain") != "?? new" {
					t.Errorf("want nothing done (-before +after):\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff([]string{"new"}, s.pushed(before["refs/heads/main"], test.own)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if s.exists("home/ran") || s.exists(clone+"/ran") {
				t.Error("the name was executed")
			}
		})
	}
}

func TestTheStopHookExecutesNoHooksOfTheClone(t *testing.T) {
	s := cloned(t, codeRun())
	main := s.remote()["refs/heads/main"]
	for _, name := range []string{"pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-push", "reference-transaction", "post-index-change", "fsmonitor", "gpg"} {
		script := "#!/bin/sh\ntouch \"$HOME/ran-" + name + "\"\nexit 1\n"
		s.write(clone+"/auth-api/"+name, script)
		s.write(clone+"/.git/hooks/"+name, script)
	}
	s.git(clone, "-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "-b", ownBranch)
	for name, value := range map[string]string{
		"status.showUntrackedFiles": "no", "core.hooksPath": "auth-api", "core.fsmonitor": "auth-api/fsmonitor", "gpg.program": "auth-api/gpg", "commit.gpgSign": "true", "push.gpgSign": "if-asked",
	} {
		s.git(clone, "config", name, value)
	}
	s.stops(0, "")
	if got := len(s.pushed(main, ownBranch)); got != 9 {
		t.Errorf("want nine files pushed, got %d", got)
	}
	if ran, err := filepath.Glob(filepath.Join(s.directory, "home/ran*")); err != nil || len(ran) > 0 {
		t.Errorf("executed: %v", ran)
	}
}

func TestTheStopHookForcesNothing(t *testing.T) {
	s := cloned(t, codeRun())
	s.git(clone, "checkout", "--quiet", "-b", ownBranch)
	s.write(clone+"/README.md", "theirs\n")
	s.git(clone, "commit", "--quiet", "--all", "--message=theirs")
	s.git(clone, "push", "--quiet", "origin", ownBranch)
	theirs := s.remote()
	s.git(clone, "reset", "--quiet", "--hard", "main")
	s.write(clone+"/README.md", "ours\n")
	s.stops(1, "could not be pushed to "+ownBranch)
	if diff := cmp.Diff(theirs, s.remote()); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if got := s.git(clone, "status", "--porcelain"); got != "" {
		t.Errorf("the work must be committed, got %s", got)
	}

	head := s.git(clone, "rev-parse", "HEAD")
	s.git(clone, "config", "alias.conflict", "!git merge --quiet origin/"+ownBranch+" >&2 && exit 1 || git ls-files --unmerged")
	if s.git(clone, "conflict") == "" {
		t.Fatal("want a conflict")
	}
	s.stops(1, "There are conflicts")
	if s.git(clone, "rev-parse", "HEAD") != head {
		t.Error("a conflict must not be committed")
	}
	s.write(clone+"/README.md", "both\n")
	s.git(clone, "add", "README.md")
	s.stops(0, "")
	if s.remote()["refs/heads/"+ownBranch] != s.git(clone, "rev-parse", "HEAD") || s.git(clone, "rev-list", "--count", "--merges", "HEAD") != "1" {
		t.Error("a merge that the agent has resolved must be committed as one, and pushed")
	}
}
