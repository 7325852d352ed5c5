package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

func TestBehaviour37AgentToolsBecomeRules(t *testing.T) {
	off := new(false)
	bash := v1.AgentTool{Name: "bash", Enabled: new(true), Restrictions: []string{"rm:*", "sudo:*"}}
	usual := []string{"Bash", "Edit", "Read", "Write", "MultiEdit", "Glob", "Grep", "Agent", "ExitPlanMode", "NotebookEdit", "WebFetch", "WebSearch", "TodoWrite"}
	for name, test := range map[string]struct {
		tools     []v1.AgentTool
		remote    v1.ToolNames
		local     v1.ToolNames
		permitted Permissions
		want      permissionsView
	}{
		"none: every usual tool": {want: permissionsView{Allow: usual, Deny: []string{}}},
		"restrictions of bash": {
			tools: []v1.AgentTool{bash},
			want:  permissionsView{Allow: []string{"Bash"}, Deny: []string{"Bash(rm:*)", "Bash(sudo:*)"}}},
		"a disabled tool is absent, and denied: an agent that accepts edits would edit without a rule": {
			tools: []v1.AgentTool{{Name: "read"}, {Name: "edit", Enabled: off}},
			want:  permissionsView{Allow: []string{"Read"}, Deny: []string{"Edit"}}},
		"an unknown tool is left out": {
			tools: []v1.AgentTool{{Name: "bsah"}, {Name: "grep"}},
			want:  permissionsView{Allow: []string{"Grep"}, Deny: []string{}}},
		"names in any case, and one for what two ages called differently": {
			tools: []v1.AgentTool{{Name: "WebSearch"}, {Name: "Task"}, {Name: "agent"}},
			want:  permissionsView{Allow: []string{"WebSearch", "Agent"}, Deny: []string{}}},
		"a tool without a rule": {
			tools: []v1.AgentTool{{Name: "ls"}, {Name: "todoread", Enabled: off}},
			want:  permissionsView{Allow: []string{}, Deny: []string{}}},
		"restrictions of files and hosts": {
			tools: []v1.AgentTool{
				{Name: "write", Restrictions: []string{"/etc/**"}}, {Name: "grep", Restrictions: []string{"**/.env"}},
				{Name: "webfetch", Restrictions: []string{"example.com", "domain:example.org"}},
			},
			want: permissionsView{
				Allow: []string{"Write", "Grep", "WebFetch"},
				Deny:  []string{"Edit(/etc/**)", "Read(**/.env)", "WebFetch(domain:example.com)", "WebFetch(domain:example.org)"},
			}},
		"tools of servers are permitted with their server": {
			remote: "a,b", local: "read_file",
			want: permissionsView{Allow: append(append([]string{}, usual...), "mcp__toolman", "mcp__filesystem__read_file"), Deny: []string{}}},
		"and can be taken away": {
			tools: []v1.AgentTool{{Name: "bash"}, {Name: "b", Enabled: off}, {Name: "read_file", Enabled: off}}, remote: "a,b", local: "read_file,write_file",
			want: permissionsView{
				Allow: []string{"Bash", "mcp__toolman", "mcp__filesystem__write_file"},
				Deny:  []string{"mcp__toolman__b", "mcp__filesystem__read_file"},
			}},
		"the operator's own rules are a limit": {
			tools:     []v1.AgentTool{bash, {Name: "webfetch"}, {Name: "read", Enabled: off}},
			permitted: Permissions{Override: true, Allow: []string{"Bash(*)", "Read(*)", "Edit(src/**)"}, Deny: []string{"Bash(curl:*)"}},
			want: permissionsView{
				Allow: []string{"Bash", "Edit(src/**)"},
				Deny:  []string{"Bash(curl:*)", "Bash(rm:*)", "Bash(sudo:*)", "Read"},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			s := SampleSettings()
			s.Permissions = test.permitted
			run := withTools(func(s *v1.CodeRunSpec) {
				s.ToolConfig, s.AgentTools, s.RemoteTools, s.LocalTools = v1.ToolsMinimal, test.tools, test.remote, test.local
			})
			if diff := cmp.Diff(test.want, read[agentSettings](t, run, s, "settings.json").Permissions.permissionsView); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
