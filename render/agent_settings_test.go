package render

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// agentSettings is as much of the agent's settings as Runfleet writes, and nothing else may stand in the file. Names and types
// were compared by eye with json.schemastore.org/claude-code-settings.json (SchemaStore 00d7563704c8), except the names in env.
// No test validates against that schema.
type agentSettings struct {
	Model                      string `json:"model"`
	CleanupPeriodDays          int    `json:"cleanupPeriodDays"`
	IncludeCoAuthoredBy        bool   `json:"includeCoAuthoredBy"`
	EnableAllProjectMcpServers bool   `json:"enableAllProjectMcpServers"`
	Permissions                struct {
		permissionsView
		DefaultMode string `json:"defaultMode"`
	} `json:"permissions"`
	Hooks map[string][]hookMatcher `json:"hooks"`
	Env   map[string]string        `json:"env"`
}

type hookMatcher struct {
	Matcher string `json:"matcher"`
	Hooks   []struct {
		Type    string  `json:"type"`
		Command string  `json:"command"`
		Timeout float64 `json:"timeout"`
	} `json:"hooks"`
}

// permissionRule is a copy of the schema's pattern of a rule.
var permissionRule = regexp.MustCompile(`^((Agent|Bash|Cd|Edit|ExitPlanMode|Glob|Grep|KillShell|LSP|Monitor|MultiEdit|NotebookEdit|PowerShell|` +
	`Read|Skill|TaskCreate|TaskGet|TaskList|TaskOutput|TaskStop|TaskUpdate|TodoWrite|ToolSearch|WebFetch|WebSearch|Write)(\([^)]+\))?|mcp__.*)$`)

// everyAgentTool asks for every tool that is known, half of them restricted.
func everyAgentTool(enabled bool) []v1.AgentTool {
	tools := []v1.AgentTool{{Name: "brave_web_search", Enabled: &enabled}, {Name: "read_file", Enabled: &enabled}}
	for name := range ownTools {
		tools = append(tools, v1.AgentTool{Name: v1.ToolName(name), Enabled: &enabled, Restrictions: []string{"x:*", "a b"}})
	}
	return tools
}

func TestBehaviour29SettingsAreTheAgentsManagedOnes(t *testing.T) {
	for _, run := range sampleRuns() {
		o := mustRender(t, run, SampleSettings())
		var mounted bool
		for _, m := range container(o).VolumeMounts {
			if m.MountPath == "/etc/claude-code/managed-settings.json" {
				mounted = m.SubPath == "settings.json" && m.ReadOnly && m.Name == volumeConfig
			}
		}
		if !mounted {
			t.Errorf("%T: want settings.json mounted read-only, got %+v", run, container(o).VolumeMounts)
		}
	}
}

// TestSettingsAreWhatTheAgentReads checks them against what is written down here of their schema.
func TestSettingsAreWhatTheAgentReads(t *testing.T) {
	for name, edit := range map[string]func(*v1.RunSpec, *Settings){
		"as they are":       func(*v1.RunSpec, *Settings) {},
		"every tool":        func(r *v1.RunSpec, _ *Settings) { r.AgentTools = everyAgentTool(true) },
		"no tool":           func(r *v1.RunSpec, _ *Settings) { r.AgentTools = everyAgentTool(false) },
		"without a server":  func(_ *v1.RunSpec, s *Settings) { s.ToolServerURL = "" },
		"without telemetry": func(_ *v1.RunSpec, s *Settings) { s.Telemetry = Telemetry{} },
		"the operator's list": func(_ *v1.RunSpec, s *Settings) {
			s.Permissions = Permissions{Override: true, Allow: []string{"WebSearch(*)"}}
		},
	} {
		for _, run := range sampleRuns() {
			s := SampleSettings()
			edit(run.RunSpec(), &s)
			got := read[agentSettings](t, run, s, "settings.json")
			for _, rule := range append(got.Permissions.Allow, got.Permissions.Deny...) {
				if !permissionRule.MatchString(rule) || strings.HasSuffix(rule, "(*)") {
					t.Errorf("%s, %T: %q is no rule", name, run, rule)
				}
			}
			if got.CleanupPeriodDays < 1 || got.Permissions.DefaultMode != "acceptEdits" || got.Permissions.Deny == nil {
				t.Errorf("%s, %T: %+v", name, run, got)
			}
			for variable := range got.Env {
				if errs := validation.IsCIdentifier(variable); len(errs) > 0 {
					t.Errorf("%s: %v", variable, errs)
				}
			}
		}
	}
}

func TestEveryHookOfTheSettingsIsThereAndEndsInTime(t *testing.T) {
	for _, run := range sampleRuns() {
		files := mustRender(t, run, SampleSettings()).Files()
		left := map[string]bool{}
		for path := range files {
			if strings.HasPrefix(path, hookDirectory+"/") {
				left[path] = true
			}
		}
		for event, matchers := range read[agentSettings](t, run, SampleSettings(), "settings.json").Hooks {
			for _, m := range matchers {
				for _, h := range m.Hooks {
					path := strings.TrimPrefix(h.Command, configDirectory+"/")
					if files[path] == "" || h.Type != "command" || h.Timeout <= 0 {
						t.Errorf("%T, %s: %+v is not in the attempt's files", run, event, h)
					}
					delete(left, path)
				}
			}
		}
		if len(left) > 0 {
			t.Errorf("%T: nobody runs %v", run, left)
		}
	}
}

func TestBehaviour39TelemetryIsTheConfigurations(t *testing.T) {
	prefix := func(t *testing.T, run v1.Run, s Settings) map[string]string {
		t.Helper()
		env := read[agentSettings](t, run, s, "settings.json").Env
		maps.DeleteFunc(env, func(name, _ string) bool {
			return !strings.HasPrefix(name, "OTEL_") && !strings.HasSuffix(name, "_TELEMETRY") && !strings.Contains(name, "_TELEMETRY_")
		})
		return env
	}
	full := map[string]string{
		"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://a:1", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc",
		"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://b:2/v1/logs", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json",
		"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1", "OTEL_TRACES_EXPORTER": "otlp",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:3/tempo", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
	}
	off := map[string]string{"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}
	metrics := map[string]string{
		"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://eu:1",
	}
	s := SampleSettings()
	s.Telemetry = Telemetry{
		Enabled: true, OTLPEndpoint: "http://a:1", OTLPProtocol: "grpc", LogsEndpoint: "http://b:2", LogsProtocol: "http/json",
		TracesEndpoint: "http://c:3/tempo", TracesProtocol: "http/protobuf", // a path of one's own stays
	}
	s.MemberTelemetry = map[string]Telemetry{"eu-1": {Enabled: true, OTLPEndpoint: "http://eu:1"}, "us-1": {OTLPEndpoint: "http://us:1"}}
	for member, want := range map[string]map[string]string{"": full, "ap-1": full, "eu-1": metrics, "us-1": off} {
		for _, run := range sampleRuns() {
			run.RunStatus().Attempts[1].Cluster = member
			if diff := cmp.Diff(want, prefix(t, run, s)); diff != "" {
				t.Errorf("%T on %q (-want +got):\n%s", run, member, diff)
			}
		}
	}
	s.Telemetry, s.MemberTelemetry = Telemetry{}, nil
	if diff := cmp.Diff(off, prefix(t, docsRun(), s)); diff != "" {
		t.Errorf("without (-want +got):\n%s", diff)
	}
}

func TestTheRunsModelWinsOverTheConfigurations(t *testing.T) {
	for name, test := range map[string]struct {
		run        v1.ModelName
		configured string
		want       string
	}{
		"the run's":              {"opus", "sonnet", "opus"},
		"the configuration's":    {"", "sonnet", "sonnet"},
		"the agent's own choice": {"", "", ""},
	} {
		run, s := docsRun(), SampleSettings()
		run.Spec.Model, s.Model = test.run, test.configured
		if got := read[agentSettings](t, run, s, "settings.json").Model; got != test.want {
			t.Errorf("%s: want %q, got %q", name, test.want, got)
		}
	}
}

func TestACommandOfARetryHasLessTime(t *testing.T) {
	run := codeRun()
	if env := read[agentSettings](t, run, SampleSettings(), "settings.json").Env; env["BASH_DEFAULT_TIMEOUT_MS"] != "30000" || env["BASH_MAX_TIMEOUT_MS"] != "300000" {
		t.Errorf("want the original's bounds, got %v", env)
	}
	run.Status.Attempts[0].ContextVersion = 0 // another task's attempt
	if env := read[agentSettings](t, run, SampleSettings(), "settings.json").Env; env["BASH_DEFAULT_TIMEOUT_MS"]+env["BASH_MAX_TIMEOUT_MS"] != "" {
		t.Errorf("want the agent's own bounds, got %v", env)
	}
}
