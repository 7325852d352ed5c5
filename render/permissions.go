package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// ownTool is a tool of the agent's own, in the words of its permission rules.
type ownTool struct {
	rule     string // permits it, or takes it away; "" for a tool that needs no permission and has no rule any more
	restrict string // restricts its use; "" where nothing does. One rule counts for all that edit files, one for all that read them
	prefix   string // of a restriction
}

// ownTools are those that spec.agentTools may name, in lower case. The rules are the ones of the agent's published
// settings; a tool that only older agents have keeps its name here, so that naming it is no mistake.
var ownTools = map[string]ownTool{
	"bash":         {rule: "Bash", restrict: "Bash"},
	"edit":         {rule: "Edit", restrict: "Edit"},
	"multiedit":    {rule: "MultiEdit", restrict: "Edit"},
	"notebookedit": {rule: "NotebookEdit", restrict: "Edit"},
	"write":        {rule: "Write", restrict: "Edit"},
	"read":         {rule: "Read", restrict: "Read"},
	"glob":         {rule: "Glob", restrict: "Read"},
	"grep":         {rule: "Grep", restrict: "Read"},
	"ls":           {restrict: "Read"},
	"notebookread": {restrict: "Read"},
	"webfetch":     {rule: "WebFetch", restrict: "WebFetch", prefix: "domain:"},
	"websearch":    {rule: "WebSearch"},
	"agent":        {rule: "Agent", restrict: "Agent"},
	"task":         {rule: "Agent", restrict: "Agent"}, // its older name
	"exitplanmode": {rule: "ExitPlanMode"},
	"todowrite":    {rule: "TodoWrite"},
	"todoread":     {},
}

// The built-in rules are the original's: every tool of the agent's own that needs permission is allowed, and the pod is
// the limit.
var (
	docsRules = []string{
		"Bash", "Edit", "Read", "Write", "MultiEdit", "Glob", "Grep", "WebSearch", "WebFetch", "Agent", "ExitPlanMode", "TodoWrite",
	}
	codeRules = []string{
		"Bash", "Edit", "Read", "Write", "MultiEdit", "Glob", "Grep", "Agent", "ExitPlanMode", "NotebookEdit",
		"WebFetch", "WebSearch", "TodoWrite",
	}
)

// permissions are the agent's rules. The operator's own are a limit: a run can take from them, and add nothing.
func (a subject) permissions() permissionsView {
	p := permissionsView{Allow: docsRules}
	if a.code != nil {
		p.Allow = codeRules
	}
	asked := a.asked()
	if len(a.run.RunSpec().AgentTools) > 0 {
		p.Allow = asked.Allow
	}
	p.Allow = slices.Concat(p.Allow, a.serverRules())
	if a.Permissions.Override {
		p.Allow, p.Deny = wholeRules(a.Permissions.Allow), wholeRules(a.Permissions.Deny)
	}
	p.Deny = unique(slices.Concat(p.Deny, asked.Deny))
	p.Allow = slices.DeleteFunc(unique(p.Allow), func(rule string) bool { return slices.Contains(p.Deny, rule) })
	return p
}

// asked are the rules of spec.agentTools: what is enabled is allowed, what is restricted is denied so far, and what is
// disabled is denied, since a rule that is only absent would not keep an agent that accepts edits from editing.
func (a subject) asked() permissionsView {
	var p permissionsView
	for _, t := range a.run.RunSpec().AgentTools {
		tool, _ := a.tool(t.Name)
		switch {
		case tool.rule == "":
		case t.Enabled == nil || *t.Enabled:
			p.Allow = append(p.Allow, tool.rule)
		default:
			p.Deny = append(p.Deny, tool.rule)
		}
		if tool.restrict == "" {
			continue
		}
		for _, r := range t.Restrictions {
			p.Deny = append(p.Deny, tool.restrict+"("+tool.prefix+strings.TrimPrefix(r, tool.prefix)+")")
		}
	}
	return p
}

// The names of the servers in mcp.json, and so of their tools in the agent's rules: mcp__SERVER__TOOL.
const (
	ruleOfServer = "mcp__toolman"
	ruleOfFiles  = "mcp__" + fileServer
)

// tool finds a tool by its name in spec.agentTools: one of the agent's own, or one that the run gets from a server.
func (a subject) tool(name v1.ToolName) (tool ownTool, known bool) {
	set := a.tools()
	switch n := string(name); {
	case slices.Contains(set.remote, n):
		return ownTool{rule: ruleOfServer + "__" + n}, true
	case slices.Contains(set.local, n):
		return ownTool{rule: ruleOfFiles + "__" + n}, true
	case strings.HasPrefix(n, "mcp__"):
		return ownTool{rule: n}, true
	default:
		tool, known = ownTools[strings.ToLower(n)]
		return tool, known
	}
}

// serverRules allow the tools of the servers that the agent gets, but those that spec.agentTools names are its to allow.
func (a subject) serverRules() []string {
	var rules []string
	if a.usesServer() {
		rules = append(rules, ruleOfServer)
	}
	for _, name := range a.tools().local {
		rules = append(rules, ruleOfFiles+"__"+name)
	}
	return rules
}

// wholeRules writes Name(*), as the original did, as Name: it means the same, and for some tools the agent does not take the
// former as an allow rule.
func wholeRules(rules []string) []string {
	out := []string{}
	for _, r := range rules {
		out = append(out, strings.TrimSuffix(r, "(*)"))
	}
	return out
}

// Doubts are what a run asks for and does not get, in words for its author; nil when it gets everything. They depend on
// the spec alone.
func Doubts(run v1.Run) []string {
	a, err := subjectOfRun(run, Settings{})
	if err != nil {
		return nil // there are two kinds
	}
	var doubts []string
	for _, t := range run.RunSpec().AgentTools {
		tool, known := a.tool(t.Name)
		switch {
		case !known:
			doubts = append(doubts, fmt.Sprintf("agentTools: the agent has no tool %q", t.Name))
		case len(t.Restrictions) > 0 && tool.restrict == "":
			doubts = append(doubts, fmt.Sprintf("agentTools: restrictions of %s have no effect", t.Name))
		case t.Config != nil:
			doubts = append(doubts, fmt.Sprintf("agentTools: the config of %s has no effect", t.Name))
		}
	}
	_, local := namedTools(run)
	for _, name := range local {
		_, own := ownTools[strings.ToLower(name)]
		if name != fileServer && !slices.Contains(fileTools, name) && !own {
			doubts = append(doubts, fmt.Sprintf("localTools: there is no local tool %q", name))
		}
	}
	return doubts
}
