package render

import (
	"maps"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These tests run the rendered start script itself, with a fake agent, under every shell that an image may have as sh.

func TestBehaviour43TheScriptReportsHowTheAgentEnded(t *testing.T) {
	for name, test := range map[string]struct {
		agent, args    string
		env            map[string]string
		code           int
		result, reason string
	}{
		"success":                           {agent: "exit 0", code: 0, result: "succeeded", reason: "has changed nothing"},
		"a failure keeps its exit code":     {agent: "exit 7", code: 7, result: "failed", reason: "exit code 7"},
		"killed, before its time":           {agent: "kill -KILL $$", code: 137, result: "failed", reason: "exit code 137"},
		"too late":                          {agent: "touch ran", env: map[string]string{"RUNFLEET_START_BEFORE": "1000"}, code: 75, result: "startedTooLate", reason: "after its last permitted moment"},
		"out of time":                       {agent: "exec sleep 60", env: map[string]string{"RUNFLEET_TIMEOUT": "1"}, code: 124, result: "timeout", reason: "after 1 s"},
		"out of time and deaf":              {agent: "trap '' TERM; sleep 60", env: map[string]string{"RUNFLEET_TIMEOUT": "1", "RUNFLEET_KILL_AFTER": "1"}, code: 137, result: "timeout", reason: "after 1 s"},
		"no time left":                      {agent: "touch ran", env: map[string]string{"RUNFLEET_NOT_AFTER": "1000"}, code: 124, result: "timeout", reason: "before the agent could start"},
		"no such program":                   {args: "nosuchagent", code: 78, result: "prerequisiteMissing", reason: "not in the image"},
		"the agent reports an error":        {agent: `echo '{"type":"result","subtype":"error_during_execution","is_error":true}'`, code: 1, result: "failed", reason: "error_during_execution"},
		"a script that cannot go on itself": {agent: "touch ran", env: map[string]string{"RUNFLEET_START_BEFORE": "soon"}, code: -1, result: "failed", reason: "The start script itself failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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
				if s.exists(work + "ran") {
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

func TestTheScriptKeepsTheAgentsMemoryUnlessToldOtherwise(t *testing.T) {
	eachShell(t, func(t *testing.T, s stage) {
		s.agent("exit 0")
		memory := func() string { s.run("agent"); return s.read("workspace/CLAUDE.md") }
		if got := memory(); got != s.read("config/CLAUDE.md") {
			t.Errorf("a new workspace gets the rendered file, got %s", got)
		}
		s.write("workspace/CLAUDE.md", "learnt")
		code, outcome := s.run("agent")
		s.wants(code, outcome, 0, "succeeded", "")
		if got := s.read("workspace/CLAUDE.md"); got != "learnt" {
			t.Errorf("what the agent wrote must stay, got %s", got)
		}
		s.env["RUNFLEET_OVERWRITE_MEMORY"] = "true"
		if got := memory(); got != s.read("config/CLAUDE.md") {
			t.Errorf("overwriteMemory replaces it, got %s", got)
		}
	})
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
			`trap 'echo "{\"type\":\"result\",\"is_error\":false}"; exit 0' TERM; echo >"$READY"; while :; do sleep 0.1; done`, 0, "succeeded"},
		"one that is deaf": {`trap '' TERM; echo >"$READY"; while :; do sleep 0.1; done`, 137, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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
