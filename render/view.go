package render

import (
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// view is everything that a template may name, by its JSON names. A template that names anything else is refused when
// it is read.
type view struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Attempt   int32  `json:"attempt"`
	Model     string `json:"model"`

	Repository       string `json:"repository"`
	BaseBranch       string `json:"baseBranch"` // "" is the repository's default
	Branch           string `json:"branch"`     // to push to; "" is one of the run's own
	WorkingDirectory string `json:"workingDirectory"`
	GitHubUser       string `json:"githubUser"`

	Service        string `json:"service"` // code only, as the next four
	HasTask        bool   `json:"hasTask"` // false for task 0, which has no files
	TaskID         int64  `json:"taskId"`  //
	DocsRepository string `json:"docsRepository"`
	DocsBranch     string `json:"docsBranch"`
	DocsDirectory  string `json:"docsDirectory"`

	Guidance        string    `json:"guidance"` // spec.promptModification
	ReplacesPrompt  bool      `json:"replacesPrompt"`
	IncludeCodebase bool      `json:"includeCodebase"`
	Failures        []failure `json:"failures"` // of earlier attempts, oldest first

	Permissions permissionsView   `json:"permissions"`
	Environment map[string]string `json:"environment"` // of the agent's settings; only {{json environment}} prints it
}

type failure struct {
	Attempt int32  `json:"attempt"`
	Class   string `json:"class"`
	Message string `json:"message"`
}

type permissionsView struct {
	Allow []string `json:"allow"`
	Deny  []string `json:"deny"`
}

func (a subject) view() view {
	spec := a.run.RunSpec()
	v := view{
		Name:             a.run.GetName(),
		Namespace:        a.run.GetNamespace(),
		Attempt:          a.entry.Number,
		Model:            a.model(),
		Repository:       a.repositoryURL(),
		BaseBranch:       a.baseBranch(),
		Branch:           Branch(a.run),
		WorkingDirectory: a.workingDirectory(),
		GitHubUser:       a.githubUser(),
		DocsRepository:   a.docsRepositoryURL(),
		DocsBranch:       a.docsBranch(),
		Guidance:         strings.TrimSpace(string(spec.PromptModification)),
		Permissions:      a.permissions(),
		Environment:      a.agentEnvironment(),
	}
	v.ReplacesPrompt = spec.PromptMode == v1.PromptReplace && v.Guidance != ""
	if a.docs != nil {
		v.IncludeCodebase = a.docs.IncludeCodebase
	} else {
		v.Service, v.TaskID, v.HasTask = a.code.Service, *a.code.TaskID, *a.code.TaskID != 0
		v.DocsDirectory = string(a.code.DocsProjectDirectory)
	}
	for _, e := range a.failures() {
		v.Failures = append(v.Failures, failure{Attempt: e.Number, Class: string(e.Class), Message: e.Message})
	}
	return v
}

// The built-in rules are the original's: every tool of its own is allowed, and the pod is the limit.
var (
	docsTools = []string{
		"Bash", "Edit", "Read", "Write", "MultiEdit", "Glob", "Grep", "LS",
		"WebSearch", "WebFetch", "Task", "ExitPlanMode", "TodoRead", "TodoWrite",
	}
	codeTools = []string{
		"Bash", "Edit", "Read", "Write", "MultiEdit", "Glob", "Grep", "LS", "Task", "ExitPlanMode",
		"NotebookRead", "NotebookEdit", "WebFetch", "WebSearch", "TodoRead", "TodoWrite",
	}
)

func (a subject) permissions() permissionsView {
	p := permissionsView{Allow: docsTools, Deny: []string{}}
	if a.code != nil {
		p.Allow = codeTools
	}
	if a.Permissions.Override {
		p.Allow = append([]string{}, a.Permissions.Allow...) // never null in JSON
		p.Deny = append([]string{}, a.Permissions.Deny...)
	}
	return p
}

// agentEnvironment are the variables of the agent's settings: quiet, and with its telemetry as configured.
func (a subject) agentEnvironment() map[string]string {
	env := map[string]string{
		"NODE_ENV":                                 "production",
		"DISABLE_AUTOUPDATER":                      "1",
		"DISABLE_COST_WARNINGS":                    "1",
		"DISABLE_NON_ESSENTIAL_MODEL_CALLS":        "1",
		"CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR": "true",
		"CLAUDE_CODE_ENABLE_TELEMETRY":             "0",
	}
	t := a.Telemetry
	if !t.Enabled {
		return env
	}
	env["CLAUDE_CODE_ENABLE_TELEMETRY"] = "1"
	env["OTEL_METRICS_EXPORTER"], env["OTEL_LOGS_EXPORTER"] = "otlp", "otlp"
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": t.OTLPEndpoint,
		"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": t.OTLPProtocol,
		"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT":    t.LogsEndpoint,
		"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL":    t.LogsProtocol,
	} {
		if value != "" {
			env[name] = value
		}
	}
	return env
}
