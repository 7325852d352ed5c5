package render

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite testdata")

// rendered are the samples' objects and files as a reviewer reads them: testdata/KIND/FILE.
func rendered(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, run := range sampleRuns() {
		o := mustRender(t, run, SampleSettings())
		directory := filepath.Join("testdata", map[bool]string{true: "docsrun", false: "coderun"}[o.Workspace == nil])
		for name, text := range o.Files() {
			files[filepath.Join(directory, name)] = text
		}
		o.Inputs[0].Data = nil
		objects := map[string]any{"configmap.yaml": o.Inputs[0], "job.yaml": o.Agent}
		if o.Workspace != nil {
			objects["workspace.yaml"] = o.Workspace
		}
		for name, object := range objects {
			text, err := yaml.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Join(directory, name)] = string(text)
		}
	}
	return files
}

func TestTheSamplesRenderToTheGoldenFiles(t *testing.T) {
	want := rendered(t)
	if *update {
		for _, directory := range []string{"testdata/docsrun", "testdata/coderun"} { // the corpus of fuzzing stays
			if err := os.RemoveAll(directory); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(got), text); diff != "" {
			t.Errorf("%s: go test ./render -update rewrites it (-golden +rendered):\n%s", name, diff)
		}
	}
	var found []string
	err := filepath.WalkDir("testdata", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(strings.Split(name, "/")[1], "run") {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), found); diff != "" {
		t.Errorf("testdata holds other files (-rendered +found):\n%s", diff)
	}
}
