package render

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

// The tests of this file keep what the original's own tests assert (original-system.md, section 12), one by one. Where
// Runfleet does otherwise on purpose, the comment says why and the test asserts that.

// original is what those tests start from: task 1001, and no tool server, as they have none.
func original(edit func(*v1.CodeRunSpec)) (*v1.CodeRun, Settings) {
	run := withTools(func(s *v1.CodeRunSpec) { s.TaskID, s.Branch, s.Model = new(int64(1001)), "develop", "sonnet" })
	edit(&run.Spec)
	s := SampleSettings()
	s.ToolServerURL = ""
	return run, s
}

func as(preset v1.ToolConfig) func(*v1.CodeRunSpec) {
	return func(s *v1.CodeRunSpec) { s.ToolConfig = preset }
}

func nothing(*v1.CodeRunSpec) {}

func TestOriginalACodeRunHasItsFilesForEachPresetAndTheirJSONParses(t *testing.T) {
	for _, preset := range []v1.ToolConfig{v1.ToolsMinimal, v1.ToolsDefault, v1.ToolsAdvanced} {
		run, s := original(as(preset))
		files := mustRender(t, run, s).Files()
		// settings.json is the original's settings-local.json, at the one place whose rules the agent always obeys.
		for _, name := range []string{"CLAUDE.md", "settings.json", "mcp.json", "client-config.json", "coding-guidelines.md", "github-guidelines.md"} {
			if files[name] == "" {
				t.Errorf("%s: there is no %s", preset, name)
			}
			if strings.HasSuffix(name, ".json") && !json.Valid([]byte(files[name])) {
				t.Errorf("%s: %s is not valid JSON:\n%s", preset, name, files[name])
			}
		}
	}
}

func TestOriginalSettingsOfACodeRun(t *testing.T) {
	run, s := original(nothing)
	got := read[agentSettings](t, run, s, "settings.json")
	if len(got.Permissions.Allow) == 0 || len(got.Env) == 0 || got.Model != "sonnet" || got.Permissions.DefaultMode != "acceptEdits" {
		t.Errorf("got %+v", got)
	}
	// The original generates hooks for code runs and configures none of them, so nothing commits what an agent leaves.
	if len(got.Hooks) != 2 || got.Hooks["Stop"] == nil || got.Hooks["PostToolUse"] == nil {
		t.Errorf("want both hooks configured, got %+v", got.Hooks)
	}
}

func TestOriginalSettingsOfADocsRun(t *testing.T) {
	run := docsRun()
	run.Spec.Model = "sonnet"
	got := read[agentSettings](t, run, SampleSettings(), "settings.json")
	// Its command is ./.stop-hook-docs-pr.sh, which whoever owns the clone can replace.
	if stop := got.Hooks["Stop"]; len(stop) != 1 || len(stop[0].Hooks) != 1 || stop[0].Hooks[0].Command != "/config/hooks/stop-commit.sh" {
		t.Errorf("want one Stop hook, outside of the clone, got %+v", stop)
	}
	// It has Opus written into the template, whatever the spec says.
	if got.Model != "sonnet" {
		t.Errorf("want the model of the spec, got %q", got.Model)
	}
}

func TestOriginalAgentToolsAllowExactlyWhatIsEnabled(t *testing.T) {
	run, s := original(func(s *v1.CodeRunSpec) {
		s.AgentTools = []v1.AgentTool{
			{Name: "bash", Enabled: new(true), Restrictions: []string{"rm:*", "sudo:*"}},
			{Name: "edit", Enabled: new(false)}, {Name: "websearch", Enabled: new(true)},
		}
	})
	// {Bash(*), WebSearch(*)} and {Bash(rm:*), Bash(sudo:*)} there. Name(*) means Name, and the agent of today does not take
	// WebSearch(*) as an allow rule; and since it accepts edits, edit is only off where it is denied.
	want := permissionsView{Allow: []string{"Bash", "WebSearch"}, Deny: []string{"Bash(rm:*)", "Bash(sudo:*)", "Edit"}}
	if diff := cmp.Diff(want, read[agentSettings](t, run, s, "settings.json").Permissions.permissionsView); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOriginalMemoryOfACodeRun(t *testing.T) {
	run, s := original(nothing)
	memory, prompt := fileOf(t, run, s, "CLAUDE.md"), fileOf(t, run, s, "prompt.md")
	for _, want := range []string{"https://github.com/example/shop", "`develop`", "`example-bot`", "`auth-api`"} {
		if !strings.Contains(memory, want) {
			t.Errorf("want %q in\n%s", want, memory)
		}
	}
	// The memory names the task there, although it is kept for the next task: here the prompt does.
	for _, want := range []string{"task 1001", "task.md", "acceptance-criteria.md"} {
		if !strings.Contains(prompt, want) {
			t.Errorf("want %q in\n%s", want, prompt)
		}
	}
	if strings.Contains(memory, "1001") {
		t.Errorf("the memory outlives the task:\n%s", memory)
	}
}

func TestOriginalMemoryOfADocsRunIsAboutNoSingleTask(t *testing.T) {
	// 999999 means all tasks there. A DocsRun has no number of a task.
	if memory := fileOf(t, docsRun(), SampleSettings(), "CLAUDE.md"); strings.Contains(memory, "999999") || !strings.Contains(memory, "each task") {
		t.Errorf("got\n%s", memory)
	}
}

func TestOriginalMCPServers(t *testing.T) {
	run, _ := original(as(v1.ToolsDefault))
	// The server's address is a constant there, and configuration here: without it there is no server.
	got := read[mcpConfig](t, run, SampleSettings(), "mcp.json").Servers["toolman"]
	if got.Type != "stdio" || got.Command != "/usr/local/bin/toolman-client" {
		t.Errorf("got %+v", got)
	}
	run, _ = original(as(v1.ToolsMinimal))
	if servers := toolsOf(t, run, SampleSettings()).servers; servers != nil { // which the original's template could not do
		t.Errorf("want none for minimal, got %v", servers)
	}
}

func TestOriginalClientConfig(t *testing.T) {
	config := func(edit func(*v1.CodeRunSpec)) (clientConfig, string) {
		run, s := original(edit)
		return read[clientConfig](t, run, s, "client-config.json"), fileOf(t, run, s, "client-config.json")
	}
	if got, text := config(as(v1.ToolsMinimal)); got.RemoteTools == nil || len(got.RemoteTools) > 0 || strings.Contains(text, "localServers") {
		t.Errorf("minimal: want an empty list and no local servers, got\n%s", text)
	}
	if got, text := config(as(v1.ToolsDefault)); !slices.Contains(got.RemoteTools, "brave-search_brave_web_search") {
		t.Errorf("default: want the search, got\n%s", text)
	}
	if got, text := config(as(v1.ToolsAdvanced)); len(got.LocalServers) == 0 {
		t.Errorf("advanced: want a local server, got\n%s", text)
	}
	if got, text := config(func(s *v1.CodeRunSpec) { s.RemoteTools = "mine" }); !slices.Contains(got.RemoteTools, "mine") {
		t.Errorf("want the run's own tool, got\n%s", text)
	}
}

func TestOriginalACodeRunHasTwoHooks(t *testing.T) {
	run, s := original(nothing)
	hooks := map[string]string{}
	for path, text := range mustRender(t, run, s).Files() {
		if name, ok := strings.CutPrefix(path, "hooks/"); ok {
			hooks[name] = text
		}
	}
	if len(hooks) != 2 {
		t.Errorf("want two, got %d", len(hooks))
	}
	for _, name := range []string{"stop-commit.sh", "early-test.sh"} {
		if !strings.HasPrefix(hooks[name], "#!/bin/sh\n") {
			t.Errorf("%s has no shebang", name)
		}
	}
	// The original's early-test only prints the variable with the tool's name. Here settings.json says after which tools
	// it runs.
	if m := read[agentSettings](t, run, s, "settings.json").Hooks["PostToolUse"]; len(m) != 1 || m[0].Matcher != "Edit|MultiEdit|Write|NotebookEdit" {
		t.Errorf("got %+v", m)
	}
	// Its stop-commit opens the pull request too, each time the agent stops. Here container.sh does, once.
	if strings.Contains(hooks["stop-commit.sh"], "gh pr") || !strings.Contains(hooks["stop-commit.sh"], "pull request: container.sh does") {
		t.Error("a hook only commits and pushes")
	}
}

func TestOriginalSettingsOfASecondAttempt(t *testing.T) {
	run, s := original(nothing)
	if v := mustSubject(t, run, s).view(); !v.Retry {
		t.Error("want the second attempt to be a retry")
	}
	run.Spec.AgentTools = []v1.AgentTool{{Name: "bash"}}
	if got := read[agentSettings](t, run, s, "settings.json").Permissions.Allow; !slices.Equal(got, []string{"Bash"}) {
		t.Errorf("want agentTools to replace the built-in rules, got %v", got)
	}
	// Telemetry is on by default there, to an address that exists in one cluster. Here it is on where somebody says so.
	s.Telemetry = Telemetry{}
	if got := read[agentSettings](t, run, s, "settings.json").Env["CLAUDE_CODE_ENABLE_TELEMETRY"]; got != "0" {
		t.Errorf("got %q", got)
	}
}

func mustSubject(t *testing.T, run v1.Run, s Settings) subject {
	t.Helper()
	a, err := subjectOf(run, run.RunStatus().Attempt, sampleHub, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOriginalStartScriptOfACodeRun(t *testing.T) {
	run, s := original(nothing)
	o := mustRender(t, run, s)
	script, env := o.Files()["container.sh"], environment(o)
	if !strings.HasPrefix(script, "#!/bin/sh\n") {
		t.Error("want a shebang")
	}
	// The original's script holds the values, where they are executed. Here they are in the environment, and the script is
	// the same for every run; so is the agent's command, CLAUDE_CMD there, which arrives as arguments.
	for name, want := range map[string]string{
		"SERVICE_NAME": "auth-api", "TASK_ID": "1001", "REPOSITORY_URL": "https://github.com/example/shop", "BRANCH": "develop",
		"GITHUB_USER": "example-bot", "WORKING_DIRECTORY": "auth-api",
	} {
		if env[name] != want {
			t.Errorf("want %s=%s, got %q", name, want, env[name])
		}
		if strings.Contains(script, want) {
			t.Errorf("%s is written into the script", name)
		}
	}
	if got := container(o).Args; !slices.Equal(got, s.Command) {
		t.Errorf("want the command as arguments, got %q", got)
	}
	if fileOf(t, docsRun(), s, "prompt.md") == o.Files()["prompt.md"] {
		t.Error("the two kinds must have prompts of their own")
	}
	if _, err := NewTemplates(map[string]string{"code_prompt.md.hbs": "{{#if}}"}); err == nil {
		t.Error("want an invalid template refused")
	}
}

func TestOriginalToolMapping(t *testing.T) {
	if usual := presets[v1.ToolsDefault]; len(usual.remote) == 0 || !slices.Contains(usual.remote, "brave-search_brave_web_search") ||
		!slices.Contains(usual.remote, "rustdocs_query_rust_docs") {
		t.Errorf("the default preset has remote tools for searching and for documentation, got %v", usual)
	}
	// Its default preset has local tools too: those of the agent's own (bash, read, write, edit, grep, glob), which need no
	// server. settings.json permits them.
	run, s := original(as(v1.ToolsDefault))
	for _, rule := range []string{"Bash", "Read", "Write", "Edit", "Grep", "Glob"} {
		if !slices.Contains(read[agentSettings](t, run, s, "settings.json").Permissions.Allow, rule) {
			t.Errorf("%s is not permitted", rule)
		}
	}
	// Categories and patterns are names of its command line, which wrote the tools behind them into the run.
	run, _ = original(func(s *v1.CodeRunSpec) { s.LocalTools = "nosuchtool" })
	if got := Doubts(run); len(got) != 1 {
		t.Errorf("an unknown tool gives a warning, got %q", got)
	}
}
