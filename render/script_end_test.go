package render

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// These tests are about the ends that nobody plans: signals at each step, full disks, remotes that hang.

// slowly makes a program announce one of its calls and take its time for it, so that a test can act meanwhile. The real
// program does the work.
func (s stage) slowly(program, call string) {
	s.t.Helper()
	path, err := exec.LookPath(program)
	s.must(err)
	s.env["READY"] = s.path("ready")
	s.must(syscall.Mkfifo(s.env["READY"], 0o600))
	s.script("bin/"+program, fmt.Sprintf("#!/bin/sh\ncase \"$*\" in\n*'%s'*) if mkdir \"$HOME/announced\" 2>/dev/null; then echo >\"$READY\"; sleep 0.3; fi ;;\nesac\nexec %s \"$@\"\n", call, path))
}

func TestTERMAtEachStepLosesNothingAndIsReported(t *testing.T) {
	const before, agent, done = "before the agent started", "told to end from outside", "The agent is done"
	for name, test := range map[string]struct {
		program, call string
		code          int
		result        string
		reason        string
		work          string // on the remote afterwards
	}{
		"before it clones":            {"git", "--global user.name", 143, "interrupted", before, ""},
		"while it updates the clone":  {"git", "set-head", 143, "interrupted", before, ""},
		"while it fetches documents":  {"git", "cat-file blob", 143, "interrupted", before, ""},
		"right before the agent":      {"mkfifo", "stream", 143, "interrupted", agent, ""},
		"while it commits":            {"git", "commit --quiet", 0, "succeeded", done, "code\n"},
		"while it pushes":             {"git", "push --quiet", 0, "succeeded", done, "code\n"},
		"while it writes the outcome": {"jq", "--arg result succeeded", 0, "succeeded", done, "code\n"},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s stage) {
				if strings.Contains(test.call, "set-head") {
					s.env["BRANCH"] = ""
				}
				s.agent("sleep 0.2; echo code >main.c")
				s.slowly(test.program, test.call)
				cmd := s.command("agent")
				s.must(cmd.Start())
				_, err := os.ReadFile(s.env["READY"])
				s.must(err)
				s.must(cmd.Process.Signal(syscall.SIGTERM))
				code, o := s.ended(cmd)
				s.wants(code, o, test.code, test.result, test.reason)
				if got := s.published(ownBranch, "auth-api/main.c"); got != test.work {
					t.Errorf("want %q on the remote, got %q", test.work, got)
				}
				s.sound()
			})
		})
	}
}

// sound says that the clone is one that the next attempt can work with, and lets it.
func (s stage) sound() {
	s.t.Helper()
	if s.exists(clone) {
		s.git(clone, "fsck", "--no-progress", "--connectivity-only")
	}
	s.agent("echo next >next.c")
	code, o := s.run("agent")
	s.wants(code, o, 0, "succeeded", "")
	if s.published(ownBranch, "auth-api/next.c") != "next\n" {
		s.t.Error("the next attempt must deliver")
	}
}

func TestTERMWhileThePullRequestIsOpenedOpensIt(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		g := newForge(s)
		s.agent("echo code >main.c")
		cmd := s.command("agent")
		inner := g.Config.Handler
		g.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/pulls") {
				s.must(cmd.Process.Signal(syscall.SIGTERM))
			}
			inner.ServeHTTP(w, r)
		})
		s.must(cmd.Start())
		code, o := s.ended(cmd)
		s.wants(code, o, 0, "succeeded", "")
		if len(g.pulls) != 1 || o.PullRequestURL == "" {
			t.Errorf("got %v and %+v", g.pulls, o)
		}
	})
}

func TestAKillWhileItDeliversLeavesAnOutcome(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.agent(`echo code >main.c; echo '{"type":"result","is_error":false,"session_id":"s-1","num_turns":3}'`)
		s.slowly("git", "push --quiet")
		cmd := s.command("agent")
		s.must(cmd.Start())
		_, err := os.ReadFile(s.env["READY"])
		s.must(err)
		s.must(cmd.Process.Kill())
		_, o := s.ended(cmd)
		if o.Result != "interrupted" || o.SessionID != "s-1" || o.Turns != 3 {
			t.Errorf("got %+v", o)
		}
		s.must(os.Remove(s.path("bin/git")))
		s.sound()
		if s.published(ownBranch, "auth-api/main.c") != "code\n" {
			t.Error("and the next attempt pushes what was committed")
		}
	})
}

// limited runs the script as on a disk on which no file can have more than 512 KiB: programs see an error when they write.
func (s stage) limited() (code int, o outcome) {
	s.t.Helper()
	cmd := s.command()
	cmd.Args = []string{"sh", "-c", `trap '' XFSZ; ulimit -f 1024; exec "$@"`, "sh", s.shell, s.env["RUNFLEET_CONFIG"] + "/container.sh", "agent"}
	cmd.Path = "/bin/sh"
	s.must(cmd.Start())
	return s.ended(cmd)
}

func TestAFullDiskIsSaidAndWhatIsCommittedIsPushed(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.agent(`echo code >main.c; git add .; git commit -qm mine; head -c 2000000 /dev/urandom >large || true; exit 0`)
		code, o := s.limited()
		s.wants(code, o, 1, "failed", "could not be committed")
		if o.Branch != ownBranch || s.published(ownBranch, "auth-api/main.c") != "code\n" {
			t.Errorf("want what was committed on %s, got %+v", ownBranch, o)
		}
		s.must(os.Remove(s.path(work + "large")))
		s.sound()
	})
}

func TestAFullDiskBeforeTheAgentIsSaid(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.write("seed/large", random(t, 1<<20))
		s.publish("main", map[string]string{"x": "x"})
		s.agent("touch ran")
		code, o := s.limited()
		s.wants(code, o, 1, "repositoryUnreachable", "cannot be reached: ")
		if s.exists(work + "ran") {
			t.Error("the agent must not have been started")
		}
		s.sound()
	})
}

// TestAFullDiskWhileFilesAreCheckedOutIsSaid has a file that is small where git keeps it, and too large for the disk itself: git's
// checkout leaves half of it, and says that all is well.
func TestAFullDiskWhileFilesAreCheckedOutIsSaid(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		large := strings.Repeat("x", 2000000)
		s.publish("main", map[string]string{"large": large})
		s.agent("touch ran")
		code, o := s.limited()
		s.wants(code, o, 1, "failed", "Not all files of "+ownBranch+" could be written")
		if s.exists(work + "ran") {
			t.Error("the agent must not have been started")
		}
		s.sound()
		if got := s.published(ownBranch, "large"); got != large {
			t.Errorf("the next attempt must not push what is left of a file: %d bytes", len(got))
		}
	})
}

// TestAnAttemptThatWasKilledWhileFilesWereCheckedOutIsNotInTheWay has git killed with the script in the middle of the checkout.
func TestAnAttemptThatWasKilledWhileFilesWereCheckedOutIsNotInTheWay(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.publish("main", map[string]string{"auth-api/large": "whole"})
		git, err := exec.LookPath("git")
		s.must(err)
		s.script("bin/git", fmt.Sprintf(`#!/bin/sh
case "$*" in
*' checkout '*) mkdir -p "$2/auth-api"; echo half >"$2/auth-api/large"; kill -9 "$PPID"; exit 1 ;;
esac
exec %s "$@"
`, git))
		s.agent("exit 0")
		if err := s.command("agent").Run(); err == nil || s.read(clone+"/auth-api/large") != "half\n" {
			t.Fatalf("want it killed in the middle, got %v", err)
		}
		s.must(os.Remove(s.path("bin/git")))
		s.sound()
		if got := s.published(ownBranch, "auth-api/large"); got != "whole" {
			t.Errorf("got %q", got)
		}
	})
}

func random(t *testing.T, n int64) string {
	t.Helper()
	text := make([]byte, n)
	_, _ = rand.Read(text) // never fails
	return string(text)
}

func TestARemoteThatHangsAtThePushLeavesTheWorkForTheNextAttempt(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.write("origin.git/hooks/pre-receive", "#!/bin/sh\nexec sleep 60\n")
		s.env["RUNFLEET_GIT_LIMIT"] = "3"
		s.agent("echo code >main.c")
		code, o := s.run("agent")
		s.wants(code, o, 1, "failed", "could not be committed or pushed")
		if s.branches() != "main" {
			t.Errorf("got %s", s.branches())
		}
		s.must(os.Remove(s.path("origin.git/hooks/pre-receive")))
		s.env["RUNFLEET_GIT_LIMIT"] = "60"
		s.sound()
		if s.published(ownBranch, "auth-api/main.c") != "code\n" {
			t.Error("what was not pushed must be, by the next attempt")
		}
	})
}

func TestTheScriptWritesOnlyWhereThePodLetsIt(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		places := func() (all []string) {
			for _, name := range s.files(".") {
				top, _, _ := strings.Cut(name, "/")
				if top != "home" && top != "workspace" && top != "message" && top != "origin.git" && top != "temporary" {
					all = append(all, name)
				}
			}
			return all
		}
		s.agent("echo code >main.c")
		s.env["TMPDIR"] = s.path("temporary")
		s.must(os.Mkdir(s.env["TMPDIR"], 0o755))
		before := strings.Join(places(), "\n")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		if after := strings.Join(places(), "\n"); after != before {
			t.Errorf("want nothing new, got\n%s\nand before\n%s", after, before)
		}
	})
}
