package render

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

// These tests run the rendered start script itself, with a fake agent, under every shell that an image may have as sh.

// stage is one attempt's container, with its paths in a directory of the test.
type stage struct {
	t         *testing.T
	shell     string
	directory string
	env       map[string]string
}

func eachShell(t *testing.T, test func(*testing.T, stage)) {
	t.Helper()
	for _, shell := range []string{"sh", "bash", "dash"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue // sh is always there
		}
		t.Run(shell, func(t *testing.T) {
			t.Parallel() // most of the time is waited
			test(t, newStage(t, path, codeRun()))
		})
	}
}

// work is where the agent of the sample works.
const work = "workspace/target-repo/auth-api/"

// newStage puts the rendered files in place and takes the environment from the rendered container.
func newStage(t *testing.T, shell string, run v1.Run) stage {
	t.Helper()
	s := stage{t: t, shell: shell, directory: t.TempDir(), env: map[string]string{}}
	o := mustRender(t, run, SampleSettings())
	for _, directory := range []string{"config", "workspace", "bin", "home"} {
		s.must(os.Mkdir(filepath.Join(s.directory, directory), 0o755))
	}
	for name, text := range o.Files() {
		s.must(os.MkdirAll(filepath.Join(s.directory, "config", filepath.Dir(name)), 0o755))
		s.write("config/"+name, text)
	}
	for name, value := range environment(o) {
		s.env[name] = strings.ReplaceAll(value, "$$", "$") // as the kubelet does
	}
	now := time.Now().Unix()
	s.env["RUNFLEET_CONFIG"] = filepath.Join(s.directory, "config")
	s.env["RUNFLEET_TERMINATION_LOG"] = filepath.Join(s.directory, "message")
	s.env["RUNFLEET_CLONE"] = filepath.Join(s.directory, "workspace/target-repo")
	s.env["HOME"] = filepath.Join(s.directory, "home")
	s.env["RUNFLEET_OUTCOME"] = filepath.Join(s.directory, "workspace/outcome.json")
	s.env["RUNFLEET_START_BEFORE"] = strconv.FormatInt(now+600, 10)
	s.env["RUNFLEET_NOT_AFTER"] = strconv.FormatInt(now+600, 10)
	s.env["PATH"] = filepath.Join(s.directory, "bin") + ":" + os.Getenv("PATH")
	return s
}

func (s stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s stage) write(name, text string) {
	s.t.Helper()
	s.must(os.WriteFile(filepath.Join(s.directory, name), []byte(text), 0o755))
}

func (s stage) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.directory, name))
	s.must(err)
	return string(text)
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
func (s stage) ended(cmd *exec.Cmd) (code int, outcome map[string]string) {
	s.t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(s.read("message")), &outcome); err != nil {
		s.t.Fatalf("the outcome is no JSON: %v", err)
	}
	return cmd.ProcessState.ExitCode(), outcome
}

func (s stage) run(args ...string) (code int, outcome map[string]string) {
	s.t.Helper()
	cmd := s.command(args...)
	s.must(cmd.Start())
	return s.ended(cmd)
}

func (s stage) wants(code int, outcome map[string]string, wantCode int, wantResult, wantReason string) {
	s.t.Helper()
	if code != wantCode || outcome["result"] != wantResult || !strings.Contains(outcome["reason"], wantReason) {
		s.t.Errorf("want exit code %d and %s (%s), got %d and %v", wantCode, wantResult, wantReason, code, outcome)
	}
}

func TestTheScriptReportsHowTheAgentEnded(t *testing.T) {
	for name, test := range map[string]struct {
		agent, args    string
		env            map[string]string
		code           int
		result, reason string
	}{
		"success":                           {agent: "exit 0", code: 0, result: "succeeded", reason: "exit code 0"},
		"a failure keeps its exit code":     {agent: "exit 7", code: 7, result: "failed", reason: "exit code 7"},
		"killed, before its time":           {agent: "kill -KILL $$", code: 137, result: "failed", reason: "exit code 137"},
		"too late":                          {agent: "touch ran", env: map[string]string{"RUNFLEET_START_BEFORE": "1000"}, code: 75, result: "startedTooLate", reason: "after its last permitted moment"},
		"out of time":                       {agent: "exec sleep 60", env: map[string]string{"RUNFLEET_TIMEOUT": "1"}, code: 124, result: "timeout", reason: "after 1 s"},
		"out of time and deaf":              {agent: "trap '' TERM; sleep 60", env: map[string]string{"RUNFLEET_TIMEOUT": "1", "RUNFLEET_KILL_AFTER": "1"}, code: 137, result: "timeout", reason: "after 1 s"},
		"no time left":                      {agent: "touch ran", env: map[string]string{"RUNFLEET_NOT_AFTER": "1000"}, code: 124, result: "timeout", reason: "before the agent could start"},
		"no such program":                   {args: "nosuchagent", code: 78, result: "prerequisiteMissing", reason: "not in the image"},
		"its own outcome":                   {agent: `echo '{"result":"noChanges","reason":"none"}' >"$RUNFLEET_OUTCOME"`, code: 0, result: "noChanges", reason: "none"},
		"its own outcome and a failure":     {agent: `echo '{"result":"failed","reason":"no access"}' >"$RUNFLEET_OUTCOME"; exit 3`, code: 3, result: "failed", reason: "no access"},
		"its outcome, but out of time":      {agent: `echo '{"result":"succeeded"}' >"$RUNFLEET_OUTCOME"; exec sleep 60`, env: map[string]string{"RUNFLEET_TIMEOUT": "1"}, code: 124, result: "timeout"},
		"an outcome that is none":           {agent: `echo succeeded >"$RUNFLEET_OUTCOME"`, code: 0, result: "unreadable", reason: "no JSON object"},
		"an outcome that would be cut":      {agent: `printf '{"result":"%05000d"}' 0 >"$RUNFLEET_OUTCOME"`, code: 0, result: "unreadable", reason: "at most 4096 bytes"},
		"an outcome that is a directory":    {agent: `mkdir "$RUNFLEET_OUTCOME"`, code: 0, result: "unreadable"},
		"a script that cannot go on itself": {agent: "touch ran", env: map[string]string{"RUNFLEET_START_BEFORE": "soon"}, code: -1, result: "failed", reason: "The start script itself failed"},
	} {
		t.Run(name, func(t *testing.T) {
			eachShell(t, func(t *testing.T, s stage) {
				s.agent(test.agent)
				maps.Copy(s.env, test.env)
				args := test.args
				if args == "" {
					args = "agent"
				}
				code, outcome := s.run(args)
				if test.code == -1 && code != 0 { // which one is the shell's to say
					code = -1
				}
				s.wants(code, outcome, test.code, test.result, test.reason)
				if _, err := os.Stat(filepath.Join(s.directory, work+"ran")); err == nil {
					t.Error("the agent must not have been started")
				}
			})
		})
	}
}

func TestTheScriptGivesTheAgentItsPromptAndArgumentsAsTheyAre(t *testing.T) {
	eachShell(t, func(t *testing.T, s stage) {
		s.agent(`cat >prompt; printf '%s\n' "$@" >arguments; printf '%s' "$LOG_LEVEL" >variable`)
		s.env["LOG_LEVEL"] = "$(touch ran) `touch ran`"
		code, outcome := s.run("agent", "-p", "$(touch ran)", "a  b")
		s.wants(code, outcome, 0, "succeeded", "")
		want := []string{s.read("config/prompt.md"), "-p\n$(touch ran)\na  b\n--mcp-config\n" + s.env["RUNFLEET_CONFIG"] + "/mcp.json\n", s.env["LOG_LEVEL"]}
		if diff := cmp.Diff(want, []string{s.read(work + "prompt"), s.read(work + "arguments"), s.read(work + "variable")}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// interrupted sends the script a TERM once the agent says that it is ready.
func (s stage) interrupted(agent string) (code int, outcome map[string]string) {
	s.t.Helper()
	ready := filepath.Join(s.directory, "ready")
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

func TestTheScriptPassesTERMOnAndReportsIt(t *testing.T) {
	for name, test := range map[string]struct {
		agent  string
		code   int
		result string
	}{
		"an agent that dies of it":                                     {`echo >"$READY"; exec sleep 60`, 143, "interrupted"},
		"an agent that tidies up":                                      {`trap 'exit 5' TERM; echo >"$READY"; while :; do sleep 0.1; done`, 5, "interrupted"},
		"one that says all is well, which only an outcome would prove": {`trap 'exit 0' TERM; echo >"$READY"; while :; do sleep 0.1; done`, 143, "interrupted"},
		"one that finishes at the bell": {
			`trap 'echo "{\"result\":\"succeeded\"}" >"$RUNFLEET_OUTCOME"; exit 0' TERM; echo >"$READY"; while :; do sleep 0.1; done`, 0, "succeeded"},
		"one that is deaf": {`trap '' TERM; echo >"$READY"; while :; do sleep 0.1; done`, 137, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			eachShell(t, func(_ *testing.T, s stage) {
				s.env["RUNFLEET_KILL_AFTER"] = "1"
				code, outcome := s.interrupted(test.agent)
				s.wants(code, outcome, test.code, test.result, "")
			})
		})
	}
}

func TestTheScriptParsesAsAPOSIXScript(t *testing.T) {
	for _, run := range sampleRuns() {
		s := newStage(t, "sh", run)
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", s.env["RUNFLEET_CONFIG"]+"/container.sh").CombinedOutput(); err != nil {
			t.Errorf("%T: %v: %s", run, err, out)
		}
	}
}
