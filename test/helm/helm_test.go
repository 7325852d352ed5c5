package helm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	v2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/cmd/runfleet/chart"
)

const directory = "../../cmd/runfleet/chart"

var release = chart.Release{Name: "mine", Namespace: "agents", Service: "Helm"}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Helm tells of every link among the templates
	os.Exit(m.Run())
}

func TestHelmMakesTheSameObjects(t *testing.T) {
	for _, file := range valuesFiles(t, "accepted") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := read(t, file)
			helms, err := byHelm(load(t), text)
			if err != nil {
				t.Fatalf("Helm: %v", err)
			}
			values, err := chart.Values([][]byte{text}, nil)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := chart.Render(release, values)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(helms, named(t, objects)); diff != "" {
				t.Errorf("(-Helm +ours):\n%s", diff)
			}
		})
	}
}

func TestBothRefuseTheSameValuesByName(t *testing.T) {
	for _, file := range valuesFiles(t, "refused") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := read(t, file)
			first, _, _ := strings.Cut(string(text), "\n")
			name := strings.TrimPrefix(first, "# ")
			if _, err := byHelm(load(t), text); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("Helm does not name %s: %v", name, err)
			}
			_, err := chart.Values([][]byte{text}, nil)
			if name := strings.ReplaceAll(name, "/", "."); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("we do not name %s: %v", name, err)
			}
		})
	}
}

func TestHelmLintFindsNothing(t *testing.T) {
	for _, file := range valuesFiles(t, "accepted") {
		values, err := chart.Values([][]byte{read(t, file)}, nil) // merged: other than install, lint takes null for a value
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lint.RunAll(directory, values, release.Namespace).Messages {
			if !strings.Contains(m.Error(), "icon is recommended") {
				t.Errorf("%s: %s", filepath.Base(file), m.Error())
			}
		}
	}
}

func valuesFiles(t *testing.T, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind, "*.yaml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files of %s values: %v", len(files), kind, err)
	}
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func load(t *testing.T) *v2.Chart {
	t.Helper()
	c, err := loader.Load(directory)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// byHelm is what `helm template` makes of a file of values.
func byHelm(c *v2.Chart, text []byte) (map[string]any, error) {
	given, err := loader.LoadValues(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	values, err := util.ToRenderValues(c, given, common.ReleaseOptions{
		Name: release.Name, Namespace: release.Namespace, IsInstall: true, Revision: 1,
	}, nil)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Render(c, values)
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for name, text := range rendered {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for _, part := range strings.Split("\n"+text, "\n---\n") {
			var o map[string]any
			if err := yaml.Unmarshal([]byte(part), &o); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if len(o) > 0 {
				all = append(all, o)
			}
		}
	}
	return keyed(all), nil
}

// named brings our objects into the form of Helm's, by way of JSON.
func named(t *testing.T, objects []chart.Object) map[string]any {
	t.Helper()
	data, err := json.Marshal(objects)
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return keyed(all)
}

// keyed are objects by what identifies them. Two of one name are one more.
func keyed(all []map[string]any) map[string]any {
	out := map[string]any{}
	sort.SliceStable(all, func(i, j int) bool { return key(all[i]) < key(all[j]) })
	for _, o := range all {
		k := key(o)
		if _, twice := out[k]; twice {
			k += " once more"
		}
		out[k] = o
	}
	return out
}

func key(o map[string]any) string {
	m, _ := o["metadata"].(map[string]any)
	return fmt.Sprintf("%v %v/%v", o["kind"], m["namespace"], m["name"])
}

// Whoever takes a default away by null is told that the chart needs it, or gets objects without a hole in them.
func TestEveryDefaultMayBeTakenAwayOrIsRefusedByName(t *testing.T) {
	var defaults map[string]any
	if err := yaml.Unmarshal(read(t, filepath.Join(directory, "values.yaml")), &defaults); err != nil {
		t.Fatal(err)
	}
	least := string(read(t, filepath.Join("testdata", "accepted", "least.yaml")))
	for _, path := range pathsOf(defaults, "") {
		t.Run(path, func(t *testing.T) {
			names := strings.Split(path, ".")
			text := []byte(least + "\n" + strings.Join(names, ": {") + ": null" + strings.Repeat("}", len(names)-1) + "\n")
			helms, helmsErr := byHelm(load(t), text)
			values, err := chart.Values([][]byte{text}, nil)
			if err != nil || helmsErr != nil {
				missing := fmt.Sprintf("missing property '%s'", names[len(names)-1])
				for _, err := range []error{err, helmsErr} {
					if err == nil || !strings.Contains(err.Error(), missing) {
						t.Errorf("refused, but not because of a %s: %v", missing, err)
					}
				}
				return
			}
			objects, err := chart.Render(release, values)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(helms, named(t, objects)); diff != "" {
				t.Errorf("(-Helm +ours):\n%s", diff)
			}
			if hole := regexp.MustCompile(`.*(<nil>|<no value>).*`).FindString(asYAML(t, objects)); hole != "" {
				t.Errorf("rendered with a hole: %s", hole)
			}
		})
	}
}

func asYAML(t *testing.T, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pathsOf are the paths of all values but those of config, which has a schema of its own.
func pathsOf(values map[string]any, above string) []string {
	var out []string
	for name, v := range values {
		if name == "config" {
			continue
		}
		out = append(out, above+name)
		if below, ok := v.(map[string]any); ok {
			out = append(out, pathsOf(below, above+name+".")...)
		}
	}
	sort.Strings(out)
	return out
}
