package render

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

// These tests are about what the start script puts in place before the agent runs.

func (s stage) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(s.directory, name))
	return err == nil
}

// started runs the script with an agent that notes its arguments, and returns them.
func (s stage) started() []string {
	s.t.Helper()
	s.agent(`printf '%s\n' "$@" >"$HOME/arguments"`)
	if code, outcome := s.run("agent", "-p"); code != 0 {
		s.t.Errorf("exit code %d: %+v", code, outcome)
	}
	return strings.Split(strings.TrimSpace(s.read("home/arguments")), "\n")
}

// session leaves what an earlier attempt of the agent does: a session, named by where it worked.
func (s stage) session(task, directory string) {
	s.t.Helper()
	place, err := filepath.EvalSymlinks(filepath.Join(s.directory, "workspace"))
	s.must(err)
	named := regexp.MustCompile(`[^a-zA-Z0-9]`).ReplaceAllString(filepath.Join(place, directory), "-")
	path := filepath.Join("workspace/.runfleet/sessions", task, named)
	s.must(os.MkdirAll(filepath.Join(s.directory, path), 0o755))
	s.write(path+"/0a1b.jsonl", "{}\n")
}

func TestBehaviour21ASecondAttemptGoesOnWithTheSessionAndAFirstDoesNot(t *testing.T) {
	first := func(r *v1.CodeRun) { r.Status.Attempts = r.Status.Attempts[1:] }
	for name, test := range map[string]struct {
		edit      func(*v1.CodeRun)
		task      string // whose session there is
		directory string // where it worked
		want      bool
	}{
		"a second attempt":                           {func(*v1.CodeRun) {}, "task-7", "target-repo/auth-api", true},
		"without a session":                          {func(*v1.CodeRun) {}, "", "", false},
		"with one of another task":                   {func(*v1.CodeRun) {}, "task-8", "target-repo/auth-api", false},
		"with one that worked elsewhere":             {func(*v1.CodeRun) {}, "task-7", "target-repo/billing", false},
		"a first attempt":                            {first, "task-7", "target-repo/auth-api", false},
		"a first that is asked to":                   {func(r *v1.CodeRun) { first(r); r.Spec.ContinueSession = true }, "task-7", "target-repo/auth-api", true},
		"by the older name":                          {func(r *v1.CodeRun) { first(r); r.Spec.ResumeSession = true }, "task-7", "target-repo/auth-api", true},
		"and finds none":                             {func(r *v1.CodeRun) { first(r); r.Spec.ContinueSession = true }, "", "", false},
		"a first of a new version of what is asked":  {func(r *v1.CodeRun) { r.Status.Attempts[0].ContextVersion = 0 }, "task-7", "target-repo/auth-api", false},
		"without a task the sessions are the run's":  {func(r *v1.CodeRun) { r.Spec.TaskID = new(int64(0)) }, "run-5d1b7f6e-3f0c-4a52-9a6b-1c2d3e4f5a6b", "target-repo/auth-api", true},
		"and no other run's without a task either":   {func(r *v1.CodeRun) { r.Spec.TaskID = new(int64(0)) }, "task-0", "target-repo/auth-api", false},
		"a directory with signs that are no letters": {func(r *v1.CodeRun) { r.Spec.WorkingDirectory = "a b/$(c).d_e" }, "task-7", "target-repo/a b/$(c).d_e", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := codeRun()
			test.edit(run)
			s := served(t, "sh", run)
			s.env["RUNFLEET_CLONE"] = s.path("workspace/target-repo")
			if test.task != "" {
				s.session(test.task, test.directory)
			}
			s.write("workspace/CLAUDE.md", "learnt")
			if got := slices.Contains(s.started(), "--continue"); got != test.want {
				t.Errorf("want --continue %v, got %v", test.want, got)
			}
			if s.read("workspace/CLAUDE.md") != "learnt" {
				t.Error("what the agent remembers must stay")
			}
		})
	}
}

// path is absolute, and as the system calls it: where the agent works decides what its sessions are called.
func (s stage) path(name string) string {
	s.t.Helper()
	directory, err := filepath.EvalSymlinks(s.directory)
	s.must(err)
	return filepath.Join(directory, name)
}

func TestTheAgentsSessionsStayInTheWorkspace(t *testing.T) {
	eachShell(t, func(t *testing.T, s stage) {
		s.agent(`mkdir -p "$HOME/.claude/projects/x" && echo said >"$HOME/.claude/projects/x/1.jsonl"`)
		s.run("agent")
		if got := s.read("workspace/.runfleet/sessions/task-7/x/1.jsonl"); got != "said\n" {
			t.Errorf("got %q", got)
		}
		s.must(os.RemoveAll(filepath.Join(s.directory, "home")))
		s.must(os.Mkdir(filepath.Join(s.directory, "home"), 0o755))
		s.run("agent") // the next pod's home is a new one, and its workspace is not
		if got := s.read("home/.claude/projects/x/1.jsonl"); got != "said\n" {
			t.Errorf("the next attempt finds %q", got)
		}
	})
}

func TestBehaviour41MemoryIsKeptOrReplacedAndGuidelinesAreAlwaysNew(t *testing.T) {
	eachShell(t, func(t *testing.T, s stage) {
		guidelines := []string{"coding-guidelines.md", "github-guidelines.md", "mcp-tools.md"}
		s.agent("echo learnt >>\"$RUNFLEET_CLONE/../CLAUDE.md\"")
		s.must(os.Chmod(filepath.Join(s.directory, "config/CLAUDE.md"), 0o444)) // as it is mounted
		rendered := s.read("config/CLAUDE.md")
		s.run("agent")
		if got := s.read("workspace/CLAUDE.md"); got != rendered+"learnt\n" {
			t.Errorf("a new workspace gets the rendered file, which the agent can add to, got %s", got)
		}
		for _, name := range guidelines {
			s.write("workspace/"+name, "old")
		}
		code, outcome := s.run("agent")
		s.wants(code, outcome, 0, "succeeded", "")
		if got := s.read("workspace/CLAUDE.md"); got != rendered+strings.Repeat("learnt\n", 2) {
			t.Errorf("what the agent wrote must stay, got %s", got)
		}
		for _, name := range guidelines {
			if got := s.read("workspace/" + name); got != s.read("config/"+name) {
				t.Errorf("%s must be new at each start, got %s", name, got)
			}
		}
		s.env["RUNFLEET_OVERWRITE_MEMORY"] = "true"
		s.run("agent")
		if got := s.read("workspace/CLAUDE.md"); got != rendered+"learnt\n" {
			t.Errorf("overwriteMemory replaces it, got %s", got)
		}
	})
}

func TestGuidelinesAreThoseOfTheClonesLanguages(t *testing.T) {
	markers := map[string]string{
		"go.mod": "## Go\n", "Cargo.toml": "## Rust\n", "package.json": "## JavaScript and TypeScript\n", "pyproject.toml": "## Python\n", "pom.xml": "## Java\n",
	}
	languages := func(s stage) []string {
		return regexp.MustCompile(`(?m)^## (Go|Rust|JavaScript and TypeScript|Python|Java)\n`).FindAllString(s.read("workspace/coding-guidelines.md"), -1)
	}
	onStage(t, func(t *testing.T, s stage) {
		s.agent("exit 0")
		s.run("agent")
		for marker, want := range markers {
			s.write("workspace/target-repo/"+marker, "")
			s.run("agent")
			if diff := gocmp.Diff([]string{want}, languages(s)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", marker, diff)
			}
			s.must(os.Remove(filepath.Join(s.directory, "workspace/target-repo", marker)))
		}
		s.write("workspace/target-repo/package.json", "")
		s.write(work+"package.json", "")
		s.write(work+"go.mod", "")
		s.run("agent")
		if diff := gocmp.Diff([]string{markers["go.mod"], markers["package.json"]}, languages(s)); diff != "" {
			t.Errorf("two languages (-want +got):\n%s", diff)
		}
		if got := s.read("workspace/coding-guidelines.md"); !strings.HasPrefix(got, s.read("config/coding-guidelines.md")+"\n## Go\n") {
			t.Errorf("what holds for all stands first, and each part below a blank line, got\n%s", got)
		}
	})
}

func TestBehaviour50TheAgentWorksInItsDirectoryAndTheScriptLeavesNothingInTheClone(t *testing.T) {
	for _, directory := range []string{"", ".", "docs", "services/auth api", "$(touch ran)", "`touch ran`", "'\"; touch ran; '", "a\\b", "--help", "é", "*"} {
		t.Run(directory, func(t *testing.T) {
			t.Parallel()
			run := codeRun()
			run.Spec.WorkingDirectory = v1.RelativePath(directory)
			s := served(t, "sh", run)
			s.agent(`pwd >"$HOME/pwd"`)
			code, outcome := s.run("agent")
			s.wants(code, outcome, 0, "succeeded", "")
			if got := strings.TrimSuffix(s.read("home/pwd"), "\n"); got != filepath.Join(s.env["RUNFLEET_CLONE"], cmp.Or(directory, "auth-api")) {
				t.Errorf("the agent worked in %q", got)
			}
			if got := s.git(clone, "status", "--porcelain", "--ignored"); got != "" {
				t.Errorf("%v is in the clone", got)
			}
		})
	}
}

func TestTheAgentIsToldOfServersWhereThereAreSome(t *testing.T) {
	t.Parallel()
	s := served(t, "sh", codeRun())
	if got, want := s.started(), []string{"-p", "--mcp-config", s.env["RUNFLEET_CONFIG"] + "/mcp.json"}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
	s = served(t, "sh", withTools(func(r *v1.CodeRunSpec) { r.ToolConfig = v1.ToolsMinimal }))
	if got, want := s.started(), []string{"-p"}; !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestADocsRunHasNoGuidelines(t *testing.T) {
	t.Parallel()
	s := served(t, "sh", docsRun())
	s.publish("main", map[string]string{"go.mod": "module x\n"})
	s.started()
	if !s.exists("workspace/CLAUDE.md") || s.exists("workspace/coding-guidelines.md") {
		t.Error("want the memory and no guidelines")
	}
}
