package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/test/golden"
)

func TestConvertPrintsRunsAndNotes(t *testing.T) {
	got := call("convert", "-f", "testdata/original/taskruns.yaml")
	if got.Code != exitOK {
		t.Errorf("exit code %d", got.Code)
	}
	golden.Check(t, "convert.yaml", got.Stdout)
	golden.Check(t, "convert-notes.txt", got.Stderr)
	if strings.Contains(got.Stdout+got.Stderr, "hunter2") {
		t.Error("a secret was repeated")
	}
	if again := call("convert", "-f", "testdata/original"); again != got {
		t.Errorf("the directory gives another answer (-file +directory):\n%s", cmp.Diff(got, again))
	}
}

// What was converted once is a run of ours, and passes.
func TestConvertingAgainChangesNothing(t *testing.T) {
	got := call("convert", "-f", "testdata/convert.yaml")
	golden.Check(t, "convert.yaml", got.Stdout)
	if got.Stderr != "" {
		t.Errorf("notes: %s", got.Stderr)
	}
}

func TestConvertPrintsAListInJSON(t *testing.T) {
	got := call("convert", "-f", "testdata/original", "-o", "json")
	var list struct {
		Kind  string           `json:"kind"`
		Items []map[string]any `json:"items"`
	}
	if err := json.Unmarshal([]byte(got.Stdout), &list); err != nil {
		t.Fatal(err)
	}
	if list.Kind != "List" || len(list.Items) != 3 {
		t.Errorf("%s of %d", list.Kind, len(list.Items))
	}
}

func TestConvertSaysWhatItNeeds(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	incomplete := write("incomplete.yaml", `
{apiVersion: orchestrator.io/v1, kind: TaskRun, metadata: {name: "a\e[2Jb"}, spec: {taskId: 1, serviceName: a, repository: {url: a/b}}}
---
{apiVersion: agents.platform/v1, kind: DocsRun, metadata: {name: b}, spec: {repositoryUrl: a/b, sourceBranch: main, githubUser: u}}
`)
	got := call("convert", "-f", incomplete)
	want := result{exitFail,
		"apiVersion: orchestrator.platform/v1\nkind: DocsRun\nmetadata:\n  name: b\nspec:\n  githubUser: u\n  repositoryUrl: a/b\n" +
			"  sourceBranch: main\n  workingDirectory: .\n",
		"TaskRun a [2Jb: left out: a CodeRun needs spec.githubUser: add it and convert again\n" +
			"runfleet: some objects need something first, and were left out: the notes say what\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("incomplete (-want +got):\n%s", diff)
	}

	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no file":                  {nil, exitUsage, "name a file of manifests with -f, or -f - for standard input"},
		"a file that is not there": {[]string{"-f", filepath.Join(dir, "none")}, exitFail, "no such file or directory"},
		"a directory without one":  {[]string{"-f", empty}, exitFail, "no .yaml, .yml or .json file is in " + empty},
		"what is no YAML":          {[]string{"-f", write("bad.yaml", "a: b\n---\na: [b\n")}, exitFail, "reading document 2 of " + filepath.Join(dir, "bad.yaml")},
		"what is no object":        {[]string{"-f", write("list.yaml", "- a\n")}, exitFail, "it is no object"},
		"an argument":              {[]string{"taskrun"}, exitUsage, "taskrun"},
	} {
		t.Run(name, func(t *testing.T) {
			got := call(append([]string{"convert"}, c.args...)...)
			if got.Code != c.code || !strings.Contains(got.Stderr, c.says) || got.Stdout != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestConvertReadsWhatHasNothingInIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nothing.yaml")
	if err := os.WriteFile(file, []byte("# nothing\n---\n---\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := call("convert", "-f", file); got != (result{}) {
		t.Errorf("%+v", got)
	}
}
