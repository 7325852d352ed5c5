package render

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// program puts a fake program on PATH that notes where it was called and how, prints and ends.
func (s stage) program(name, script string) {
	s.script("bin/"+name, "#!/bin/sh\necho \"${PWD##*/} "+name+" $*\" >>\"$HOME/calls\"\n"+script)
}

func TestTheEarlyTestRunsTheQuickTestsOfTheProject(t *testing.T) {
	const passes, fails, broken = "exit 0", "echo it broke >&2; exit 1", "echo it broke; exit 2"
	for name, test := range map[string]struct {
		marker, program, does string
		code                  int
		called                string
	}{
		"Go passes":                      {work + "go.mod", "go", passes, 0, "auth-api go test -short ./..."},
		"Go fails":                       {work + "go.mod", "go", fails, 2, "auth-api go test -short ./..."},
		"in the clone's root":            {clone + "/go.mod", "go", fails, 2, "target-repo go test -short ./..."},
		"Rust":                           {work + "Cargo.toml", "cargo", fails, 2, "auth-api cargo test --quiet --offline"},
		"JavaScript":                     {work + "package.json", "npm", fails, 2, "auth-api npm run test --if-present --silent"},
		"Python":                         {work + "pyproject.toml", "pytest", fails, 2, "auth-api pytest --quiet --exitfirst"},
		"Python cannot be read":          {work + "pyproject.toml", "pytest", broken, 2, "auth-api pytest --quiet --exitfirst"},
		"Python without tests":           {work + "pyproject.toml", "pytest", "exit 5", 0, "auth-api pytest --quiet --exitfirst"},
		"Java":                           {clone + "/pom.xml", "mvn", fails, 2, "target-repo mvn --quiet --offline test"},
		"five is a failure elsewhere":    {work + "go.mod", "go", "echo it broke; exit 5", 2, "auth-api go test -short ./..."},
		"tests that take too long":       {work + "go.mod", "go", "exit 124", 0, "auth-api go test -short ./..."}, // as timeout ends
		"and are deaf":                   {work + "go.mod", "go", "exit 137", 0, "auth-api go test -short ./..."},
		"a project that nobody knows of": {work + "Makefile", "make", fails, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := editing(t, codeRun())
			s.write(test.marker, "")
			s.program(test.program, test.does)
			code, said := s.hook("early-test.sh")
			if code != test.code || strings.Contains(said, "it broke") != (test.code == 2) || test.code == 0 && said != "" {
				t.Errorf("want exit code %d, got %d and %q", test.code, code, said)
			}
			if got := s.calls(); got != test.called {
				t.Errorf("want %q, got %q", test.called, got)
			}
			if got := s.files(clone); !slices.Equal(got, []string{strings.TrimPrefix(test.marker, clone+"/")}) {
				t.Errorf("it must leave nothing in the clone, got %v", got)
			}
		})
	}
}

// editing is a stage with a clone, in which no git may be called.
func editing(t *testing.T, run v1.Run) stage {
	t.Helper()
	s := newStage(t, "sh", run)
	s.must(os.MkdirAll(filepath.Join(s.directory, work), 0o755))
	s.program("git", "exit 1")
	return s
}

// files are those below a directory.
func (s stage) files(directory string) []string {
	s.t.Helper()
	var names []string
	root := filepath.Join(s.directory, directory)
	s.must(filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, name)
		}
		return err
	}))
	return names
}

// calls are those of the fake programs.
func (s stage) calls() string {
	s.t.Helper()
	if !s.exists("home/calls") {
		return ""
	}
	return strings.TrimSpace(s.read("home/calls"))
}

func TestTheEarlyTestTellsTheEndOfLongOutput(t *testing.T) {
	s := editing(t, codeRun())
	s.write(work+"go.mod", "")
	s.program("go", "seq 1000; exit 1")
	_, said := s.hook("early-test.sh")
	if lines := strings.Split(strings.TrimSpace(said), "\n"); len(lines) != 41 || lines[1] != "961" || lines[40] != "1000" ||
		lines[0] != "early-test.sh: go test -short ./... fails in "+s.env["RUNFLEET_CLONE"]+"/auth-api:" {
		t.Errorf("got %q", lines)
	}
}

func TestTheEarlyTestIsNotInTheWay(t *testing.T) {
	s := editing(t, codeRun())
	s.write(work+"go.mod", "")
	s.program("go", "exit 1")
	ago := func(seconds int64) { s.write("home/.early-test", strconv.FormatInt(time.Now().Unix()-seconds, 10)) }
	ago(30)
	if code, _ := s.hook("early-test.sh"); code != 0 || s.calls() != "" {
		t.Errorf("edits come in bursts: want no tests so soon after the last ones, got %d", code)
	}
	ago(90)
	if code, _ := s.hook("early-test.sh"); code != 2 {
		t.Errorf("want the tests again, got %d", code)
	}
	if code, _ := s.hook("early-test.sh"); code != 0 || strings.Count(s.calls(), "\n") != 0 {
		t.Errorf("want none right after them, got %d and %q", code, s.calls())
	}

	run := codeRun()
	run.Spec.WorkingDirectory = v1.RelativePath("not/there")
	s = editing(t, run)
	if code, said := s.hook("early-test.sh"); code != 0 || said != "" {
		t.Errorf("without its directory: got %d and %q", code, said)
	}
}
