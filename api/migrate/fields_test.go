package migrate

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// fieldCase is a line of testdata/fields.yaml.
type fieldCase struct {
	Of, Field, Note string
	Value           any
	Is              map[string]any
}

type fieldTable struct {
	Bases  map[string]any
	Fields []fieldCase
}

func readFields(t *testing.T) fieldTable {
	t.Helper()
	data, err := os.ReadFile("testdata/fields.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if data, err = yaml.ToJSON(data); err != nil {
		t.Fatal(err)
	}
	var all map[string]any // by the decoder that knows whole numbers, as the verb's
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	table := fieldTable{Bases: all["bases"].(map[string]any)}
	for _, line := range all["fields"].([]any) {
		m := line.(map[string]any)
		is, _ := m["is"].(map[string]any)
		table.Fields = append(table.Fields, fieldCase{Of: text(m["of"]), Field: text(m["field"]), Note: text(m["note"]), Value: m["value"], Is: is})
	}
	return table
}

// object is the base with the field set; nil takes it away.
func (c fieldCase) object(table fieldTable) map[string]any {
	o := runtime.DeepCopyJSON(table.Bases[c.Of].(map[string]any))
	at := o["spec"].(map[string]any)
	path := strings.Split(c.Field, ".")
	for _, name := range path[:len(path)-1] {
		if at[name] == nil {
			at[name] = map[string]any{}
		}
		at = at[name].(map[string]any)
	}
	at[path[len(path)-1]] = c.Value
	return o
}

func TestBehaviour55EveryFieldIsConvertedOrNoted(t *testing.T) {
	table := readFields(t)
	for _, c := range table.Fields {
		t.Run(c.Of+"/"+c.Field, func(t *testing.T) {
			r := Convert([]map[string]any{c.object(table)})
			if len(r.Objects) != 1 || r.Incomplete {
				t.Fatalf("no run came of it: %v", r.Notes)
			}
			spec := r.Objects[0]["spec"].(map[string]any)
			for name, want := range c.Is {
				if diff := cmp.Diff(want, spec[name]); diff != "" && want != "" {
					t.Errorf("spec.%s (-want +got):\n%s", name, diff)
				}
			}
			if told := about(r.Notes, "spec."+c.Field); c.Note != "" && !strings.Contains(told, c.Note) {
				t.Errorf("want a note with %q, got:\n%s", c.Note, told)
			}
			for _, n := range r.Notes {
				if strings.Contains(n.String(), "hunter2") || strings.Contains(n.String(), "ghp_") {
					t.Errorf("a secret is repeated: %s", n)
				}
			}
		})
	}
}

// about returns the notes on a field and on what is below it.
func about(notes []Note, field string) string {
	var b strings.Builder
	for _, n := range notes {
		if n.Field == field || strings.HasPrefix(n.Field, field+".") {
			b.WriteString(n.String() + "\n")
		}
	}
	return b.String()
}

// A line that says neither what a field becomes nor what is noted proves nothing; a null is there to be ignored.
func TestEveryLineOfTheTableSaysSomething(t *testing.T) {
	for _, c := range readFields(t).Fields {
		if c.Value != nil && len(c.Is) == 0 && c.Note == "" {
			t.Errorf("%s: %s says nothing", c.Of, c.Field)
		}
	}
}

// specs are the fields of section 1 of the original's description, by kind.
var specs = map[string][]string{
	"task": {
		"taskId", "serviceName", "agentName", "model", "contextVersion", "markdownFiles", "agentTools", "repository.url",
		"repository.branch", "repository.githubUser", "repository.token", "repository.path", "repository.auth", "workingDirectory",
		"platformRepository", "promptModification", "promptMode", "localTools", "remoteTools", "toolConfig",
	},
	"docs": {
		"repositoryUrl", "workingDirectory", "sourceBranch", "targetBranch", "model", "githubUser", "githubApp", "cli",
		"includeCodebase", "remoteTools", "localTools",
	},
	"code": {
		"taskId", "service", "repositoryUrl", "platformRepositoryUrl", "docsRepositoryUrl", "docsProjectDirectory", "docsBranch",
		"branch", "workingDirectory", "model", "githubUser", "localTools", "remoteTools", "tools", "toolConfig", "contextVersion",
		"promptModification", "promptMode", "continueSession", "resumeSession", "overwriteMemory", "env", "envFromSecrets",
		"runType", "githubApp", "enableDocker", "taskRequirements", "serviceAccountName", "cliConfig.cliType", "cliConfig.model",
		"cliConfig.provider", "cliConfig.providerBaseUrl", "cliConfig.apiKeyEnvVar", "cliConfig.settings", "cliConfig.maxTokens",
		"cliConfig.temperature", "cliConfig.modelRotation", "linearIntegration.enabled", "linearIntegration.sessionId",
		"linearIntegration.accessToken", "linearIntegration.issueId", "linearIntegration.teamId", "acceptanceCriteria",
		"freshWorkspace", "subtasks", "watcherConfig", "watcherFor", "escalationPolicy", "skillsUrl", "skillsProject", "promptStyle",
		"implementationAgent", "quality", "security", "testing", "deployment", "acp", "openclaw",
	},
}

func TestTheTableHasEveryFieldOfTheOriginal(t *testing.T) {
	var have []string
	for _, c := range readFields(t).Fields {
		have = append(have, c.Of+" "+c.Field)
	}
	for kind, fields := range specs {
		for _, f := range fields {
			if !slices.Contains(have, kind+" "+f) {
				t.Errorf("no line is about %s of %s", f, kind)
			}
		}
	}
}

// A field that is added to the API must not be dropped from a manifest that is converted.
func TestEveryFieldOfOurOwnPasses(t *testing.T) {
	for kind, spec := range map[string]reflect.Type{"DocsRun": reflect.TypeFor[v1.DocsRunSpec](), "CodeRun": reflect.TypeFor[v1.CodeRunSpec]()} {
		for _, name := range jsonNames(spec) {
			d := newDraft(map[string]any{"spec": map[string]any{name: "x"}})
			d.run(kind)
			for _, n := range d.notes {
				if n.Field == "spec."+name && strings.Contains(n.Text, "is no field of the original") {
					t.Errorf("%s: spec.%s is dropped", kind, name)
				}
			}
		}
	}
}

func jsonNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if f.Anonymous {
			names = append(names, jsonNames(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
