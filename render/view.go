package render

import (
	"fmt"
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
	Branch           string `json:"branch"`     // to push to
	WorkingDirectory string `json:"workingDirectory"`
	GitHubUser       string `json:"githubUser"`
	Clone            string `json:"clone"` // where the repository is in the container

	Service        string `json:"service"` // code only, as the next five
	HasTask        bool   `json:"hasTask"` // false for task 0, which has no files
	TaskID         int64  `json:"taskId"`  //
	DocsRepository string `json:"docsRepository"`
	DocsBranch     string `json:"docsBranch"`
	DocsDirectory  string `json:"docsDirectory"`
	Documents      string `json:"documents"` // where the task's documents are in the container

	Guidance        string    `json:"guidance"` // spec.promptModification
	ReplacesPrompt  bool      `json:"replacesPrompt"`
	IncludeCodebase bool      `json:"includeCodebase"`
	Retry           bool      `json:"retry"`    // there were attempts of this context version before
	Failures        []failure `json:"failures"` // of earlier attempts, oldest first

	Tools       toolsView       `json:"tools"`
	Permissions permissionsView `json:"permissions"`
	Telemetry   telemetryView   `json:"telemetry"`
}

type failure struct {
	Attempt int32  `json:"attempt"`
	Class   string `json:"class"`
	Message string `json:"message"`
}

// toolsView are the tools beyond the agent's own.
type toolsView struct {
	Remote     []string `json:"remote"`     // of the tool server
	Local      []string `json:"local"`      // of the server of files in the container
	UsesServer bool     `json:"usesServer"` // the tool server is configured, and the run has tools of it
	ServerURL  string   `json:"serverUrl"`
}

// permissionsView are the agent's rules about tools, in its own terms.
type permissionsView struct {
	Allow []string `json:"allow"`
	Deny  []string `json:"deny"`
}

// telemetryView is where the agent sends its metrics, logs and spans.
type telemetryView struct {
	Enabled        bool   `json:"enabled"`
	OTLPEndpoint   string `json:"otlpEndpoint"`
	OTLPProtocol   string `json:"otlpProtocol"`
	LogsEndpoint   string `json:"logsEndpoint"`
	LogsProtocol   string `json:"logsProtocol"`
	TracesEndpoint string `json:"tracesEndpoint"`
	TracesProtocol string `json:"tracesProtocol"`
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
		Branch:           a.branch(),
		WorkingDirectory: a.workingDirectory(),
		GitHubUser:       a.githubUser(),
		Clone:            cloneDirectory,
		DocsRepository:   a.docsRepositoryURL(),
		DocsBranch:       a.docsBranch(),
		Documents:        documentsDirectory,
		Guidance:         strings.TrimSpace(string(spec.PromptModification)),
		Retry:            a.retry(),
		Permissions:      a.permissions(),
		Telemetry:        a.telemetry().view(),
	}
	set := a.tools()
	v.Tools = toolsView{Remote: set.remote, Local: set.local, UsesServer: a.usesServer(), ServerURL: a.ToolServerURL}
	v.ReplacesPrompt = spec.PromptMode == v1.PromptReplace && v.Guidance != ""
	if a.docs != nil {
		v.IncludeCodebase = a.docs.IncludeCodebase
	} else {
		v.Service, v.TaskID, v.HasTask = a.code.Service, *a.code.TaskID, *a.code.TaskID != 0
		v.DocsDirectory = string(a.code.DocsProjectDirectory)
	}
	for _, e := range a.failures() {
		where := fmt.Sprintf("attempt %d on member %s: ", e.Number, e.Cluster) // which the list says itself
		v.Failures = append(v.Failures, failure{Attempt: e.Number, Class: string(e.Class), Message: strings.TrimPrefix(e.Message, where)})
	}
	return v
}
