package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// The tools of an attempt beyond the agent's own come from two places: remote ones from the tool server, whose client runs
// beside the agent, and local ones from a server of files in the container. A preset names some of both, and a list of
// the run takes the place of what its preset has.

// toolSet is what one preset gives.
type toolSet struct{ remote, local []string }

var (
	usualRemote    = []string{"brave-search_brave_web_search", "memory_create_entities", "rustdocs_query_rust_docs"}
	advancedRemote = []string{"github_create_issue", "kubernetes_listResources", "terraform_list_providers"}
	usualLocal     = []string{"read_file", "write_file", "list_directory", "create_directory"}
)

var presets = map[v1.ToolConfig]toolSet{
	v1.ToolsMinimal:  {remote: []string{}},
	v1.ToolsDefault:  {remote: usualRemote},
	v1.ToolsAdvanced: {remote: slices.Concat(usualRemote, advancedRemote), local: usualLocal},
}

// fileServer is how a run names all usual tools of the server of files at once.
const fileServer = "filesystem"

// fileTools are all that the server of files has (@modelcontextprotocol/server-filesystem).
var fileTools = []string{
	"read_file", "read_text_file", "read_media_file", "read_multiple_files", "write_file", "edit_file",
	"create_directory", "list_directory", "list_directory_with_sizes", "directory_tree", "move_file", "search_files",
	"get_file_info", "list_allowed_directories",
}

// preset is the run's; a DocsRun cannot choose one.
func (a subject) preset() v1.ToolConfig {
	if a.code == nil {
		return v1.ToolsDefault
	}
	return cmp.Or(a.code.ToolConfig, v1.ToolsDefault)
}

// tools are what the agent gets: the run's own lists, and the preset's where it has none.
func (a subject) tools() toolSet {
	set := presets[a.preset()]
	remote, local := namedTools(a.run)
	if len(remote) > 0 {
		set.remote = remote
	}
	if len(local) > 0 {
		set.local = nil
		for _, name := range local {
			switch {
			case name == fileServer:
				set.local = append(set.local, usualLocal...)
			case slices.Contains(fileTools, name):
				set.local = append(set.local, name)
			}
		}
		set.local = unique(set.local)
	}
	return set
}

// namedTools are the run's own lists. Of a CodeRun the older form counts where the newer one is empty.
func namedTools(run v1.Run) (remote, local []string) {
	switch r := run.(type) {
	case *v1.DocsRun:
		return toolNames(r.Spec.RemoteTools), toolNames(r.Spec.LocalTools)
	case *v1.CodeRun:
		remote, local = splitTools(r.Spec.RemoteTools), splitTools(r.Spec.LocalTools)
		if t := r.Spec.Tools; t != nil && len(remote) == 0 {
			remote = toolNames(t.Remote)
		}
		if t := r.Spec.Tools; t != nil && len(local) == 0 {
			local = toolNames(t.Local)
		}
	}
	return remote, local
}

func toolNames(names []v1.ToolName) []string {
	var all []string
	for _, n := range names {
		all = append(all, string(n))
	}
	return unique(all)
}

func splitTools(list v1.ToolNames) []string {
	var all []string
	for name := range strings.SplitSeq(string(list), ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, name)
		}
	}
	return unique(all)
}

// unique keeps the first of equal texts. It never returns nil, which would be null in JSON.
func unique(all []string) []string {
	out := []string{}
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// usesServer says whether the tool server's client runs beside the agent.
func (a subject) usesServer() bool { return a.ToolServerURL != "" && len(a.tools().remote) > 0 }
