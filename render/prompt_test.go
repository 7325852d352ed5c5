package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

func TestPromptsSayTheTaskTheGuidanceAndWhatFailedBefore(t *testing.T) {
	prompt := func(change func(*v1.CodeRun)) string {
		run := codeRun()
		change(run)
		return mustRender(t, run, SampleSettings()).Files()["prompt.md"]
	}
	const task, guidance, failure = "Implement task 7 of the service auth-api.", "Keep it short.",
		"- Attempt 1 ended as AgentError. The agent ended with exit code 1."
	for name, test := range map[string]struct {
		change func(*v1.CodeRun)
		says   []string
		silent []string
	}{
		"as it is": {func(*v1.CodeRun) {}, []string{task, guidance, failure}, nil},
		"replaced": {func(r *v1.CodeRun) { r.Spec.PromptMode = v1.PromptReplace }, []string{guidance, failure}, []string{task}},
		"replaced by nothing": {func(r *v1.CodeRun) { r.Spec.PromptMode, r.Spec.PromptModification = v1.PromptReplace, " \n" },
			[]string{task, failure}, []string{"## Guidance"}},
		"first attempt":                {func(r *v1.CodeRun) { r.Status.Attempts = r.Status.Attempts[1:] }, []string{task}, []string{"Earlier attempts"}},
		"failures of another version":  {func(r *v1.CodeRun) { r.Status.Attempts[0].ContextVersion = 0 }, []string{task}, []string{failure}},
		"an attempt that was stopped":  {func(r *v1.CodeRun) { r.Status.Attempts[0].Class = v1.ClassStopped }, []string{task}, []string{"Attempt 1"}},
		"without a task":               {func(r *v1.CodeRun) { r.Spec.TaskID = new(int64(0)) }, []string{"Work on the service auth-api"}, []string{"task 0", "task-0`: "}},
		"documents in another place":   {func(r *v1.CodeRun) { r.Spec.PlatformRepositoryURL, r.Spec.PlatformBranch = "a/b", "dev" }, []string{"repository a/b", "`dev`"}, nil},
		"the newer name of that wins":  {func(r *v1.CodeRun) { r.Spec.PlatformRepositoryURL, r.Spec.DocsRepositoryURL = "a/b", "c/d" }, []string{"repository c/d"}, []string{"a/b"}},
		"the newest failures are told": {func(r *v1.CodeRun) { manyFailures(r) }, []string{"Attempt 4", "Attempt 5", "Attempt 6"}, []string{"Attempt 3 "}},
	} {
		t.Run(name, func(t *testing.T) {
			got := prompt(test.change)
			for _, s := range test.says {
				if !strings.Contains(got, s) {
					t.Errorf("want %q in\n%s", s, got)
				}
			}
			for _, s := range test.silent {
				if strings.Contains(got, s) {
					t.Errorf("want no %q in\n%s", s, got)
				}
			}
		})
	}
}

// manyFailures makes the newest attempt the seventh.
func manyFailures(r *v1.CodeRun) {
	first, last := r.Status.Attempts[0], r.Status.Attempts[1]
	r.Status.Attempts = nil
	for n := range int32(6) {
		first.Number = n + 1
		r.Status.Attempts = append(r.Status.Attempts, first)
	}
	last.Number, r.Status.Attempt = 7, 7
	r.Status.Attempts = append([]v1.Attempt{last}, r.Status.Attempts...) // in any order
}

const hostile = "a \"quote\", 'one', a \\ and `id` $(id) & <b> {{text}} é\u202e\n-c"

// TestHostileTextStaysText gives every text of a run the worst that the API could let through, and more.
func TestHostileTextStaysText(t *testing.T) {
	const bad = hostile + "{{#each}} {{> x}} </script> ../ \x01 '\\''\r\n"
	run := codeRun()
	run.Spec.PromptModification = bad
	run.Spec.RepositoryURL, run.Spec.DocsRepositoryURL, run.Spec.Model, run.Spec.GitHubUser = bad, bad, bad, bad
	run.Spec.WorkingDirectory, run.Spec.DocsProjectDirectory, run.Spec.Branch, run.Spec.DocsBranch = bad, bad, bad, bad
	run.Spec.LocalTools, run.Spec.Env = bad, map[string]v1.EnvValue{"X": bad}
	run.Status.Attempts[0].Message = bad
	s := SampleSettings()
	s.Permissions = Permissions{Override: true, Allow: []string{bad}}
	s.Telemetry = Telemetry{Enabled: true, OTLPEndpoint: bad}

	got, benign := mustRender(t, run, s), mustRender(t, codeRun(), SampleSettings())
	if diff := cmp.Diff(benign.Files()["container.sh"], got.Files()["container.sh"]); diff != "" {
		t.Errorf("a value reached the script (-benign +hostile):\n%s", diff)
	}
	if diff := cmp.Diff(append(container(benign).Command, container(benign).Args...), append(container(got).Command, container(got).Args...)); diff != "" {
		t.Errorf("a value reached the command (-benign +hostile):\n%s", diff)
	}
	shown := strings.NewReplacer("\u202e", "[U+202E]", "\x01", "[U+0001]", "\r\n", "\n").Replace(strings.TrimSpace(bad))
	if p := got.Files()["prompt.md"]; strings.Count(p, shown) < 4 {
		t.Errorf("the prompt must hold the texts as they are, and show what hides in them:\n%s", p)
	}
	var settings struct {
		Model       string            `json:"model"`
		Permissions permissionsView   `json:"permissions"`
		Env         map[string]string `json:"env"`
	}
	if err := json.Unmarshal([]byte(got.Files()["settings.json"]), &settings); err != nil {
		t.Fatalf("%v in\n%s", err, got.Files()["settings.json"])
	}
	if settings.Model != bad || settings.Permissions.Allow[0] != bad || settings.Permissions.Deny == nil || settings.Env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] != bad {
		t.Errorf("settings.json must hold the values as they are: %+v", settings)
	}
	if env := environment(got); env["X"] != strings.ReplaceAll(bad, "$", "$$") || env["WORKING_DIRECTORY"] != env["X"] {
		t.Errorf("variables must hold the values as they are: %q", env["X"])
	}
	if errs := labelErrors(got); len(errs) > 0 {
		t.Errorf("labels must be valid whatever they are made from: %v", errs)
	}
}

func TestSettingsAreValidJSONWithoutAModelToo(t *testing.T) {
	run, s := docsRun(), SampleSettings()
	s.Model = ""
	var settings map[string]any
	if err := json.Unmarshal([]byte(mustRender(t, run, s).Files()["settings.json"]), &settings); err != nil {
		t.Fatal(err)
	}
	if _, there := settings["model"]; there {
		t.Error("without a model the agent chooses")
	}
}
