package render

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// stage is one attempt's container, with its paths in a directory of the test, and the repositories that it works with, which
// lie beside it as bare ones.
type stage struct {
	t         *testing.T
	shell     string
	directory string
	env       map[string]string
}

// outcome is what the script writes into the termination message.
type outcome struct {
	Result         string  `json:"result"`
	Reason         string  `json:"reason"`
	PullRequestURL string  `json:"pullRequestUrl"`
	Branch         string  `json:"branch"`
	Commit         string  `json:"commit"`
	SessionID      string  `json:"sessionId"`
	CostUSD        float64 `json:"costUSD"`
	InputTokens    int     `json:"inputTokens"`
	OutputTokens   int     `json:"outputTokens"`
	Turns          int     `json:"turns"`
}

// Where things are on a stage.
const (
	clone = "workspace/target-repo"
	work  = clone + "/auth-api/" // where the agent of the sample works
)

// eachShell runs a test with every shell that an image may have as sh.
func eachShell(t *testing.T, test func(*testing.T, stage)) {
	t.Helper()
	seen := map[string]bool{}
	for _, shell := range []string{"sh", "bash", "dash"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue // sh is always there
		}
		program, err := filepath.EvalSymlinks(path)
		if err != nil || seen[program] {
			continue // sh is often one of the others
		}
		seen[program] = true
		t.Run(shell, func(t *testing.T) {
			t.Parallel() // most of the time is waited
			test(t, served(t, path, codeRun()))
		})
	}
}

// newStage puts the rendered files in place, and takes the environment from the rendered container.
func newStage(t *testing.T, shell string, run v1.Run) stage {
	t.Helper()
	s := stage{t: t, shell: shell, directory: t.TempDir(), env: map[string]string{}}
	o := mustRender(t, run, SampleSettings())
	for _, directory := range []string{"config", "workspace", "bin", "home", "credentials"} {
		s.must(os.Mkdir(filepath.Join(s.directory, directory), 0o755))
	}
	for name, text := range o.Files() {
		s.write("config/"+name, text)
	}
	for name, value := range environment(o) {
		s.env[name] = strings.ReplaceAll(value, "$$", "$") // as the kubelet does
	}
	for _, bound := range []string{"RUNFLEET_MAX_TURNS", "RUNFLEET_MAX_COST_USD", "RUNFLEET_STALL_SECONDS"} {
		delete(s.env, bound) // a test that is about one sets it
	}
	now := time.Now().Unix()
	s.env["RUNFLEET_CONFIG"] = filepath.Join(s.directory, "config")
	s.env["RUNFLEET_CREDENTIALS"] = filepath.Join(s.directory, "credentials")
	s.env["RUNFLEET_TERMINATION_LOG"] = filepath.Join(s.directory, "message")
	s.env["RUNFLEET_CLONE"] = filepath.Join(s.directory, clone)
	s.env["HOME"] = filepath.Join(s.directory, "home")
	s.env["RUNFLEET_START_BEFORE"] = strconv.FormatInt(now+600, 10)
	s.env["RUNFLEET_NOT_AFTER"] = strconv.FormatInt(now+600, 10)
	s.env["PATH"] = filepath.Join(s.directory, "bin") + ":" + os.Getenv("PATH")
	return s
}

// served is a stage with the repository that the run works on, and that the task's documents are in.
func served(t *testing.T, shell string, run v1.Run) stage {
	t.Helper()
	s := newStage(t, shell, run)
	s.env["BRANCH"], s.env["DOCS_PROJECT_DIRECTORY"] = "main", ""
	s.env["REPOSITORY_URL"] = "file://" + s.path("origin.git")
	if s.env["TASK_TYPE"] == taskCode {
		s.env["DOCS_REPOSITORY_URL"], s.env["DOCS_BRANCH"] = s.env["REPOSITORY_URL"], "main"
	}
	tasks := ".taskmaster/tasks/tasks.json"
	if s.env["TASK_TYPE"] == taskDocs {
		tasks = s.env["WORKING_DIRECTORY"] + "/" + tasks
	}
	s.plant(map[string]string{
		"README.md": "hello\n",
		".taskmaster/docs/task-" + s.env["TASK_ID"] + "/task.md": "Do it.\n",
		tasks: "{}\n",
	})
	return s
}

// nursery has the repositories of stages, by what is in them: a copy of one is much cheaper than git.
var nursery struct {
	sync.Mutex

	directory string
	plants    map[string]string
}

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // a script mostly waits: for its programs, and in these tests for time to pass
	var err error
	if nursery.directory, err = os.MkdirTemp("", "render"); err != nil {
		panic(err)
	}
	nursery.plants = map[string]string{}
	code := m.Run()
	_ = os.RemoveAll(nursery.directory)
	os.Exit(code)
}

// plant gives the stage a repository with these files on main, and somebody's clone of it.
func (s stage) plant(files map[string]string) {
	s.t.Helper()
	nursery.Lock()
	defer nursery.Unlock()
	key := fmt.Sprint(files)
	if nursery.plants[key] == "" {
		first := s
		first.directory = filepath.Join(nursery.directory, strconv.Itoa(len(nursery.plants)))
		s.must(os.Mkdir(first.directory, 0o755))
		first.git("", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
		first.git("", "init", "--quiet", "--initial-branch=main", "seed")
		first.git("seed", "remote", "add", "origin", "../origin.git")
		first.publish("main", files)
		nursery.plants[key] = first.directory
	}
	s.must(os.CopyFS(s.directory, os.DirFS(nursery.plants[key])))
}

func (s stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s stage) write(name, text string) {
	s.t.Helper()
	s.must(os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	s.must(os.WriteFile(s.path(name), []byte(text), 0o755))
}

func (s stage) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	s.must(err)
	return string(text)
}

// publish commits files to a branch of the repository, as somebody else.
func (s stage) publish(branch string, files map[string]string) {
	s.t.Helper()
	s.git("seed", "fetch", "--quiet", "--no-recurse-submodules", "origin")
	if s.git("seed", "ls-remote", "origin", "refs/heads/"+branch) != "" {
		s.git("seed", "checkout", "--quiet", "-B", branch, "origin/"+branch)
	}
	for name, text := range files {
		s.write("seed/"+name, text)
	}
	s.git("seed", "add", "--all")
	s.git("seed", "commit", "--quiet", "--message=somebody works")
	s.git("seed", "push", "--quiet", "origin", branch)
}

// published is a file as the repository has it on a branch, "" where it does not.
func (s stage) published(branch, name string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "git", "--git-dir="+s.path("origin.git"), "cat-file", "blob", branch+":"+name)
	out, _ := cmd.Output()
	return string(out)
}

// branches are those of the repository.
func (s stage) branches() string {
	s.t.Helper()
	return s.git("origin.git", "for-each-ref", "--format=%(refname:short)", "refs/heads")
}

// agent is the fake agent: a script named agent on PATH.
func (s stage) agent(script string) { s.script("bin/agent", "#!/bin/sh\n"+script) }

// script writes a file that is executed.
func (s stage) script(name, text string) {
	// No other test may fork meanwhile: its child would hold the file open, and nobody can execute a file that is open for writing.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	s.write(name, text)
}

func (s stage) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), s.shell, append([]string{s.env["RUNFLEET_CONFIG"] + "/container.sh"}, args...)...)
	cmd.Dir = filepath.Join(s.directory, "workspace")
	cmd.Env = s.environ()
	cmd.Stderr = s.t.Output()
	return cmd
}

func (s stage) environ() []string {
	var all []string
	for name, value := range s.env {
		all = append(all, name+"="+value)
	}
	return all
}

// ended waits for the script and returns its exit code and the outcome that it wrote.
func (s stage) ended(cmd *exec.Cmd) (code int, o outcome) {
	s.t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	text := s.read("message")
	if len(text) > 4096 {
		s.t.Errorf("the kubelet would cut an outcome of %d bytes", len(text))
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		s.t.Fatalf("the outcome is not one: %v: %s", err, text)
	}
	return cmd.ProcessState.ExitCode(), o
}

func (s stage) run(args ...string) (code int, o outcome) {
	s.t.Helper()
	cmd := s.command(args...)
	s.must(cmd.Start())
	return s.ended(cmd)
}

func (s stage) wants(code int, o outcome, wantCode int, wantResult, wantReason string) {
	s.t.Helper()
	if code != wantCode || o.Result != wantResult || !strings.Contains(o.Reason, wantReason) {
		s.t.Errorf("want exit code %d and %s (%s), got %d and %+v", wantCode, wantResult, wantReason, code, o)
	}
}

// interrupted sends the script a TERM once the agent says that it is ready.
func (s stage) interrupted(agent string) (code int, o outcome) {
	s.t.Helper()
	ready := s.path("ready")
	s.must(syscall.Mkfifo(ready, 0o600))
	s.env["READY"] = ready
	// timeout(1) that is told to end before it has seen its own fork return leaves its child behind. Nobody can await that
	// moment, so the agent gives it some time.
	s.agent("sleep 0.2\n" + agent)
	cmd := s.command("agent")
	s.must(cmd.Start())
	_, err := os.ReadFile(ready) // returns when the agent has written and closed it
	s.must(err)
	s.must(cmd.Process.Signal(syscall.SIGTERM))
	return s.ended(cmd)
}
