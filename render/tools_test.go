package render

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// fileOf is one rendered file of the newest attempt.
func fileOf(t *testing.T, run v1.Run, s Settings, path string) string {
	t.Helper()
	text, there := mustRender(t, run, s).Files()[path]
	if !there {
		t.Fatalf("there is no %s", path)
	}
	return text
}

// read decodes a rendered JSON file, strictly.
func read[T any](t *testing.T, run v1.Run, s Settings, path string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(fileOf(t, run, s, path)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v in\n%s", path, err, fileOf(t, run, s, path))
	}
	return v
}

type clientConfig struct {
	RemoteTools  []string `json:"remoteTools"`
	LocalServers map[string]struct {
		Command          string   `json:"command"`
		Args             []string `json:"args"`
		Tools            []string `json:"tools"`
		WorkingDirectory string   `json:"workingDirectory"`
	} `json:"localServers"`
}

type mcpConfig struct {
	Servers map[string]struct {
		Type    string            `json:"type"`
		Command string            `json:"command"`
		Args    []string          `json:"args"`
		Env     map[string]string `json:"env"`
	} `json:"mcpServers"`
}

// tooling is what the files say about tools.
type tooling struct{ remote, local, servers []string }

func toolsOf(t *testing.T, run v1.Run, s Settings) tooling {
	t.Helper()
	c, m := read[clientConfig](t, run, s, "client-config.json"), read[mcpConfig](t, run, s, "mcp.json")
	got := tooling{remote: c.RemoteTools, local: c.LocalServers["filesystem"].Tools}
	for name := range m.Servers {
		got.servers = append(got.servers, name)
	}
	slices.Sort(got.servers)
	return got
}

func withTools(edit func(*v1.CodeRunSpec)) *v1.CodeRun {
	run := codeRun()
	run.Spec.LocalTools, run.Spec.RemoteTools = "", ""
	edit(&run.Spec)
	return run
}

func TestBehaviour36PresetsDecideTheTools(t *testing.T) {
	usual := []string{"brave-search_brave_web_search", "memory_create_entities", "rustdocs_query_rust_docs"}
	files := []string{"read_file", "write_file", "list_directory", "create_directory"}
	advanced := tooling{append(slices.Clone(usual), "github_create_issue", "kubernetes_listResources", "terraform_list_providers"), files, []string{"filesystem", "toolman"}}
	for name, test := range map[string]struct {
		edit func(*v1.CodeRunSpec)
		want tooling
	}{
		"minimal":  {func(s *v1.CodeRunSpec) { s.ToolConfig = v1.ToolsMinimal }, tooling{remote: []string{}}},
		"default":  {func(s *v1.CodeRunSpec) { s.ToolConfig = v1.ToolsDefault }, tooling{usual, nil, []string{"toolman"}}},
		"unset":    {func(s *v1.CodeRunSpec) { s.ToolConfig = "" }, tooling{usual, nil, []string{"toolman"}}},
		"advanced": {func(s *v1.CodeRunSpec) { s.ToolConfig = v1.ToolsAdvanced }, advanced},
		"a list of remote tools takes the preset's place": {
			func(s *v1.CodeRunSpec) { s.ToolConfig, s.RemoteTools = v1.ToolsAdvanced, " b , a,b, " },
			tooling{[]string{"b", "a"}, files, []string{"filesystem", "toolman"}}},
		"and gives minimal a server": {
			func(s *v1.CodeRunSpec) { s.ToolConfig, s.RemoteTools = v1.ToolsMinimal, "a" }, tooling{[]string{"a"}, nil, []string{"toolman"}}},
		"a list of local tools does for those": {
			func(s *v1.CodeRunSpec) { s.ToolConfig, s.LocalTools = v1.ToolsMinimal, "edit_file,read_file" },
			tooling{[]string{}, []string{"edit_file", "read_file"}, []string{"filesystem"}}},
		"the server's name stands for its usual tools": {
			func(s *v1.CodeRunSpec) { s.LocalTools = "move_file,filesystem,read_file" },
			tooling{usual, append([]string{"move_file"}, files...), []string{"filesystem", "toolman"}}},
		"what is not its tool is left out": {
			func(s *v1.CodeRunSpec) { s.ToolConfig, s.LocalTools = v1.ToolsAdvanced, "bash,git" },
			tooling{advanced.remote, nil, []string{"toolman"}}},
		"the older form": {
			func(s *v1.CodeRunSpec) {
				s.Tools = &v1.CodeRunTools{Local: []v1.ToolName{"filesystem"}, Remote: []v1.ToolName{"a"}}
			},
			tooling{[]string{"a"}, files, []string{"filesystem", "toolman"}}},
		"gives way to the newer, each for itself": {
			func(s *v1.CodeRunSpec) {
				s.RemoteTools, s.Tools = "b", &v1.CodeRunTools{Local: []v1.ToolName{"read_file"}, Remote: []v1.ToolName{"a"}}
			},
			tooling{[]string{"b"}, []string{"read_file"}, []string{"filesystem", "toolman"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := toolsOf(t, withTools(test.edit), SampleSettings())
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(tooling{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	docs := docsRun()
	if diff := cmp.Diff(tooling{usual, nil, []string{"toolman"}}, toolsOf(t, docs, SampleSettings()), cmp.AllowUnexported(tooling{})); diff != "" {
		t.Errorf("a DocsRun has the default preset (-want +got):\n%s", diff)
	}
	docs.Spec.RemoteTools, docs.Spec.LocalTools = []v1.ToolName{"a"}, []v1.ToolName{"read_file"}
	want := tooling{[]string{"a"}, []string{"read_file"}, []string{"filesystem", "toolman"}}
	if diff := cmp.Diff(want, toolsOf(t, docs, SampleSettings()), cmp.AllowUnexported(tooling{})); diff != "" {
		t.Errorf("and lists of its own (-want +got):\n%s", diff)
	}
	_, err := Render(withTools(func(s *v1.CodeRunSpec) { s.ToolConfig = "everything" }), 2, sampleHub, SampleSettings())
	if err == nil || !strings.Contains(err.Error(), "spec.toolConfig is no preset: write minimal, default or advanced") {
		t.Errorf("want an unknown preset refused, got %v", err)
	}
}

func TestWithoutAToolServerNobodyIsToldOfOne(t *testing.T) {
	s := SampleSettings()
	s.ToolServerURL = ""
	for name, test := range map[string]struct {
		edit    func(*v1.CodeRunSpec)
		servers []string
		mcp     string
	}{
		"default":  {func(*v1.CodeRunSpec) {}, nil, "false"},
		"advanced": {func(s *v1.CodeRunSpec) { s.ToolConfig = v1.ToolsAdvanced }, []string{"filesystem"}, "true"},
	} {
		run := withTools(test.edit)
		env := environment(mustRender(t, run, s))
		if _, there := env["TOOLMAN_SERVER_URL"]; there || env["RUNFLEET_USE_MCP"] != test.mcp || !slices.Equal(toolsOf(t, run, s).servers, test.servers) {
			t.Errorf("%s: want the servers %v, got %+v and %v", name, test.servers, toolsOf(t, run, s), env)
		}
		if guide := fileOf(t, run, s, "mcp-tools.md"); !strings.Contains(guide, "There is no tool server here") || strings.Contains(guide, "brave") {
			t.Errorf("%s: the agent is told of tools that it does not have:\n%s", name, guide)
		}
	}
}

func TestTheClientOfTheToolServerFindsServerAndConfiguration(t *testing.T) {
	for _, run := range sampleRuns() {
		o := mustRender(t, run, SampleSettings())
		env := environment(o)
		if env["TOOLMAN_SERVER_URL"] != SampleSettings().ToolServerURL {
			t.Errorf("want the configured server, got %q", env["TOOLMAN_SERVER_URL"])
		}
		mounted := strings.TrimPrefix(env["MCP_CLIENT_CONFIG"], configDirectory+"/")
		if o.Files()[mounted] == "" {
			t.Errorf("there is nothing at %s", env["MCP_CLIENT_CONFIG"])
		}
		got := read[mcpConfig](t, run, SampleSettings(), "mcp.json").Servers["toolman"].Env
		want := map[string]string{"MCP_CLIENT_CONFIG": env["MCP_CLIENT_CONFIG"], "TOOLMAN_SERVER_URL": env["TOOLMAN_SERVER_URL"]}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestDoubtsNameWhatIsAskedForInVain(t *testing.T) {
	run := withTools(func(s *v1.CodeRunSpec) {
		s.LocalTools, s.RemoteTools = "read_file,bash,git", "brave_web_search"
		s.AgentTools = []v1.AgentTool{
			{Name: "bash", Restrictions: []string{"rm:*"}}, {Name: "WebSearch"}, {Name: "ls"}, {Name: "brave_web_search"}, {Name: "mcp__other__x"},
			{Name: "bsah"}, {Name: "todowrite", Restrictions: []string{"x"}}, {Name: "edit", Config: &runtime.RawExtension{Raw: []byte(`{}`)}},
		}
	})
	want := []string{
		`agentTools: the agent has no tool "bsah"`,
		`agentTools: restrictions of todowrite have no effect`,
		`agentTools: the config of edit has no effect`,
		`localTools: there is no local tool "git"`,
	}
	if diff := cmp.Diff(want, Doubts(run)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Doubts(docsRun()); got != nil {
		t.Errorf("want none, got %q", got)
	}
}
