package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// changed are the lines of a patch that begin with a sign, without those of objects.
func changed(patch string) []string {
	var out []string
	file := ""
	for line := range strings.Lines(patch) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "--- "):
			file, _, _ = strings.Cut(strings.TrimPrefix(line, "--- "), "\t")
			fallthrough
		case strings.HasPrefix(line, "+++ "), file == "/config/prompt.md" && strings.HasPrefix(line, "+"), file == "/config/prompt.md" && strings.HasPrefix(line, "-"):
			out = append(out, line)
		}
	}
	return out
}

func TestDiffShowsWhatASecondAttemptIsTold(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest)
	got := call("diff", "-f", file, "--attempt", "1", "--attempt", "2")
	if got.Code != 1 {
		t.Errorf("exit code %d: %s", got.Code, got.Stderr)
	}
	lines := changed(got.Stdout)
	want := []string{"--- configmap\t(attempt 1)", "+++ configmap\t(attempt 2)", "--- /config/prompt.md\t(attempt 1)", "+++ /config/prompt.md\t(attempt 2)", "+"}
	if len(lines) < len(want) {
		t.Fatal(got.Stdout)
	}
	if diff := cmp.Diff(want, lines[:len(want)]); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(got.Stdout, "\n+- Attempt 1 ended as AgentError. ") || strings.Contains(got.Stdout, "\n-- Attempt 1") || strings.Contains(got.Stdout, "\x1b") {
		t.Error(got.Stdout)
	}
	back := call("diff", "-f", file, "--attempt", "2", "--attempt", "1")
	if !strings.Contains(back.Stdout, "\n-- Attempt 1 ended as AgentError. ") {
		t.Error(back.Stdout)
	}
}

func TestDiffExitsAsDiffDoes(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest)
	same := manifestFile(t, "# the same\n"+docsManifest)
	other := manifestFile(t, strings.Replace(docsManifest, "Keep it short.", "Keep it shorter.", 1))
	config := manifestFile(t, "agent: {image: {repository: registry.example.com/agent, tag: '2'}}")
	image := manifestFile(t, "agent: {image: {repository: registry.example.com/agent, tag: '1.0.0'}}")
	bad := manifestFile(t, strings.Replace(docsManifest, "main", "'a b'", 1))
	two := manifestFile(t, docsManifest+"---\n"+strings.Replace(docsManifest, "name: shop", "name: mail", 1))
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"equal attempts", []string{"-f", file, "--attempt", "2", "--attempt", "2"}, 0, "", ""},
		{"equal runs", []string{"-f", file, "-f", same}, 0, "", ""},
		{"two prompts", []string{"-f", file, "-f", other}, 1, "-Keep it short.\n+Keep it shorter.\n", ""},
		{"two images", []string{"-f", file, "--config", image, "--config", config}, 1,
			"-        image: registry.example.com/agent:1.0.0\n+        image: registry.example.com/agent:2\n", ""},
		{"one configuration, two runs", []string{"-f", file, "-f", other, "--config", config}, 1, "-Keep it short.\n", ""},
		{"a run less", []string{"-f", two, "-f", file}, 1, "--- docsrun/mail /config/prompt.md\t(" + two + ")\n+++ /dev/null\n", ""},
		{"two of two", []string{"-f", two, "--attempt", "1", "--attempt", "2"}, 1, "--- docsrun/mail /config/prompt.md\t(attempt 1)\n", ""},
		{"a bad run", []string{"-f", file, "-f", bad}, 2, "", "runfleet: " + bad + ": docsrun/shop: the API server would refuse it:\n  spec.sourceBranch: "},
		{"a file that is not there", []string{"-f", file, "-f", "absent"}, 2, "", "runfleet: reading manifests: stat absent: "},
		{"one side", []string{"-f", file, "--attempt", "1"}, 2, "", "runfleet: what is compared is given twice: --attempt 1 --attempt 2, or two of --config, --templates or -f\n"},
		{"three", []string{"-f", file, "-f", file, "-f", file}, 2, "", "runfleet: two sides are compared: give no flag more than twice\n"},
		{"one input twice", []string{"-f", "-", "-f", "-"}, 2, "", "runfleet: standard input is read once: name a file for the other\n"},
	} {
		got := call(append([]string{"diff"}, c.args...)...)
		if got.Code != c.code || !strings.Contains(got.Stdout, c.stdout) || c.stdout == "" && got.Stdout != "" || !strings.Contains(got.Stderr, c.stderr) {
			t.Errorf("%s: exit code %d\n%s\n%s", c.name, got.Code, got.Stdout, got.Stderr)
		}
	}
}

func TestAPatchIsColouredByItsLines(t *testing.T) {
	var b strings.Builder
	printPatch(&b, page{colour: true}, []byte("--- a\n+++ b\n@@ -1 +1 @@\n c\n--- old\n+new\n"))
	want := "\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n c\n\x1b[31m--- old\x1b[0m\n\x1b[32m+new\x1b[0m\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// Both sides read the one standard input.
func TestDiffReadsStandardInputForBothSides(t *testing.T) {
	noCluster(t)
	input, err := os.Open(manifestFile(t, docsManifest))
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	var stdout, stderr strings.Builder
	root := newRootCommand("runfleet")
	root.SetArgs([]string{"diff", "-f", "-", "--attempt", "1", "--attempt", "2"})
	root.SetIn(input)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	if code := exitCode(root.Execute()); code != 1 || !strings.Contains(stdout.String(), "+- Attempt 1 ended") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout.String(), stderr.String())
	}
}
