package render

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

func TestBehaviour38EachKindHasItsFiles(t *testing.T) {
	docs := []string{
		"CLAUDE.md", "agent.sh", "client-config.json", "container.sh", "hooks/stop-commit.sh", "mcp.json", "prompt.md", "settings.json",
		"git-credential.sh", "git.sh", "github.sh", "known-hosts", // what container.sh is made of
	}
	slices.Sort(docs)
	code := append([]string{
		"coding-guidelines-go.md", "coding-guidelines-java.md", "coding-guidelines-javascript.md", "coding-guidelines-python.md",
		"coding-guidelines-rust.md", "coding-guidelines.md", "github-guidelines.md", "hooks/early-test.sh", "mcp-tools.md",
	}, docs...)
	slices.Sort(code)
	for _, run := range sampleRuns() {
		want := docs
		if _, ok := run.(*v1.CodeRun); ok {
			want = code
		}
		files := mustRender(t, run, SampleSettings()).Files()
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
			t.Errorf("%T (-want +got):\n%s", run, diff)
		}
		for path, text := range files {
			if strings.TrimSpace(text) == "" || !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.Contains(text, "\n\n\n") || strings.Contains(text, " \n") {
				t.Errorf("%T, %s: has blank holes, or no end of its last line:\n%q", run, path, text)
			}
		}
	}
}

// TestBehaviour40ThePromptIsTheTasksAndTheGuidanceOrTheGuidanceAlone: the failures of earlier attempts follow in both modes.
func TestBehaviour40ThePromptIsTheTasksAndTheGuidanceOrTheGuidanceAlone(t *testing.T) {
	for _, run := range sampleRuns() {
		prompt := func(mode v1.PromptMode, guidance v1.Prompt) string {
			run.RunSpec().PromptMode, run.RunSpec().PromptModification = mode, guidance
			return fileOf(t, run, SampleSettings(), "prompt.md")
		}
		const failures = "\n## Earlier attempts\n"
		none := prompt(v1.PromptAppend, "")
		base, told, ok := strings.Cut(none, failures)
		if !ok {
			t.Fatalf("no failures in\n%s", none)
		}
		told = failures + told
		const guidance = "Do **this**, not `that`.\n\n- And {{this}}."
		if diff := cmp.Diff(base+"\n## Guidance\n\n"+guidance+"\n"+told, prompt(v1.PromptAppend, guidance)); diff != "" {
			t.Errorf("%T, append (-want +got):\n%s", run, diff)
		}
		if diff := cmp.Diff(guidance+"\n"+told, prompt(v1.PromptReplace, guidance)); diff != "" {
			t.Errorf("%T, replace (-want +got):\n%s", run, diff)
		}
		if diff := cmp.Diff(none, prompt(v1.PromptReplace, " \n")); diff != "" {
			t.Errorf("%T, replaced by nothing (-want +got):\n%s", run, diff)
		}
	}
}

// TestNoTemplateLeavesAHole renders runs that have as little as the API lets through.
func TestNoTemplateLeavesAHole(t *testing.T) {
	docs, code := docsRun(), codeRun()
	docs.Spec = v1.DocsRunSpec{RepositoryURL: "a/b", SourceBranch: "main", RunSpec: v1.RunSpec{ContextVersion: 1}}
	code.Spec = v1.CodeRunSpec{TaskID: new(int64(0)), Service: "auth-api", RepositoryURL: "a/b", Model: "opus", GitHubUser: "me", RunSpec: v1.RunSpec{ContextVersion: 1}}
	for _, run := range []v1.Run{docs, code} {
		run.RunStatus().Attempts = run.RunStatus().Attempts[1:]
		s := SampleSettings()
		s.Model, s.Telemetry, s.ToolServerURL = "", Telemetry{}, ""
		for path, text := range mustRender(t, run, s).Files() {
			if strings.Contains(text, "\n\n\n") || strings.Contains(text, " \n") || strings.Contains(text, "``") && !strings.HasSuffix(path, ".sh") ||
				strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n\n") {
				t.Errorf("%T, %s:\n%s", run, path, text)
			}
		}
	}
}
