package rehearsal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
)

const docsRun = `
apiVersion: orchestrator.platform/v1
kind: DocsRun
metadata: {name: shop}
spec: {repositoryUrl: example/shop, workingDirectory: ., sourceBranch: main, githubUser: octo}
`

func admitted(t *testing.T, text string) v1.Run {
	t.Helper()
	objects, err := rehearsal.Documents([]byte(text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	run, err := rehearsal.Admit(objects[0])
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func settings(t *testing.T) config.Config {
	t.Helper()
	c, _, err := config.Parse([]byte("agent: {image: {repository: registry.example.com/agent, tag: '1'}}"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAManifestGetsTheDefaultsOfItsKind(t *testing.T) {
	run := admitted(t, docsRun)
	got := struct {
		Namespace      string
		ContextVersion int32
		MaxRetries     int32
		Mode           v1.PromptMode
		Status         v1.RunStatus
	}{run.GetNamespace(), run.RunSpec().ContextVersion, *run.RunSpec().Retry.MaxRetries, run.RunSpec().PromptMode, *run.RunStatus()}
	want := got
	want.Namespace, want.ContextVersion, want.MaxRetries, want.Mode = "default", 1, 2, v1.PromptAppend
	want.Status = v1.RunStatus{Phase: v1.PhasePending}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A status in a manifest is not its writer's to set; only what a hub has stored has one.
func TestAManifestHasNoStatus(t *testing.T) {
	run := admitted(t, docsRun+"status: {phase: Succeeded, attempt: 7}\n")
	if diff := cmp.Diff(v1.RunStatus{Phase: v1.PhasePending}, *run.RunStatus()); diff != "" {
		t.Error(diff)
	}
	stored := admitted(t, strings.Replace(docsRun, "{name: shop}", "{name: shop, uid: a-b}", 1)+"status: {phase: Succeeded, attempt: 7}\n")
	if diff := cmp.Diff(v1.RunStatus{Phase: v1.PhaseSucceeded, Attempt: 7}, *stored.RunStatus()); diff != "" {
		t.Error(diff)
	}
}

func TestEveryExampleIsAdmitted(t *testing.T) {
	files, err := filepath.Glob("../../docs/examples/runs/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range append(files, "../../docs/examples/docsrun.yaml", "../../docs/examples/coderun.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := rehearsal.Documents(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			if _, err := rehearsal.Admit(o); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

func TestMistakesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, says string }{
		{"a rule", "sourceBranch: main", "sourceBranch: 'my branch'", "a branch must not contain a space"},
		{"a type", "sourceBranch: main", "sourceBranch: 7", "spec.sourceBranch: Invalid value: \"integer\": spec.sourceBranch in body must be of type string"},
		{"a field that is needed", ", githubUser: octo", "", "githubUser"},
		{"a field that is not there", "githubUser: octo", "githubUser: octo, branches: main", `strict decoding error: unknown field "spec.branches"`},
		{"a name", "name: shop", "name: Shop", "metadata.name: Invalid value: \"Shop\""},
		{"no name", "name: shop", "labels: {}", "metadata.name: Required value: name or generateName is required"},
		{"another kind", "kind: DocsRun", "kind: MemberCluster", "MemberCluster of orchestrator.platform/v1 is no run"},
		{"another version", "platform/v1", "platform/v2", "DocsRun of orchestrator.platform/v2 is no run"},
	} {
		text := strings.Replace(docsRun, c.old, c.new, 1)
		objects, err := rehearsal.Documents([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rehearsal.Admit(objects[0]); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDocumentsAreTakenApart(t *testing.T) {
	objects, err := rehearsal.Documents([]byte("# first\nkind: A\napiVersion: v1\n--- # second\nkind: B\napiVersion: v1\nnumber: 1\n---\n# nothing\n---\n" +
		`{"kind": "List", "apiVersion": "v1", "items": [{"kind": "C", "apiVersion": "v1"}, {"kind": "D", "apiVersion": "v1"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, o := range objects {
		kinds = append(kinds, o.GetKind())
	}
	if diff := cmp.Diff([]string{"A", "B", "C", "D"}, kinds); diff != "" {
		t.Error(diff)
	}
	if n, ok := objects[1].Object["number"].(int64); !ok || n != 1 {
		t.Errorf("a whole number became %T", objects[1].Object["number"])
	}
	for text, says := range map[string]string{
		"kind: A\napiVersion: v1\n---\nkind: A\nkind: A\n": "line 5",
		"kind: A\n":              "an object has no apiVersion or kind",
		"- a\n":                  "it is no object",
		"a: b: c\n":              "it is no YAML",
		"apiVersion: v1\n---\n1": "an object has no apiVersion or kind",
	} {
		if _, err := rehearsal.Documents([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The attempts are the machine's: what it writes for each is here in full.
func TestAttemptsAreWhatTheMachineCommits(t *testing.T) {
	c := settings(t)
	run, notes, err := rehearsal.Attempt(admitted(t, docsRun), 2, c)
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) *metav1.MicroTime {
		return new(metav1.NewMicroTime(rehearsal.Begin.Add(d)))
	}
	wait := run.RunStatus().Attempts[1].CreatedAt.Sub(rehearsal.Begin) // the back-off, which has a jitter of its own
	if wait < 5*time.Second || wait > 15*time.Second {
		t.Errorf("the second attempt comes after %s", wait)
	}
	attempt := func(n int32, name string, after time.Duration) v1.Attempt {
		return v1.Attempt{
			Number: n, ContextVersion: 1, Cluster: "member-1", ClusterUID: "00000000-0000-4000-8000-000000000003",
			JobName: name, ConfigMapName: name, TemplateDigest: c.TemplateDigest, DeadlineSeconds: 14400, Incarnation: 1,
			CreatedAt: at(after), StartBefore: at(after + 10*time.Minute), FencedUntil: at(after + 4*time.Hour + 32*time.Minute),
		}
	}
	first := attempt(1, "shop-00000000-1", 0)
	first.JobUID, first.EndedAt, first.EndedBy = "00000000-0000-4000-8000-000000000004", at(0), v1.EndJobFinished
	first.ExitCode, first.OutcomeRecorded, first.Class = new(int32(1)), new(true), v1.ClassAgentError
	first.Message = "attempt 1 on member member-1: exit code 1: the agent ended with exit code 1."
	want := []v1.Attempt{first, attempt(2, "shop-00000000-2", wait)}
	equalTimes := cmpopts.EquateApproxTime(0)
	if diff := cmp.Diff(want, run.RunStatus().Attempts, equalTimes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rehearsal.Notes{Placeholders: []string{
		"the run's UID 00000000-0000-4000-8000-000000000001", "the member member-1", "the time 2026-01-02T03:04:05Z", "the failure of attempt 1",
	}}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAHubWouldNotDoIsDoubted(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		n          int32
		want       []string
	}{
		{"more attempts than retries", "retry: {maxRetries: 1}", 3, []string{"spec.retry.maxRetries is 1: there is no attempt 3 without a higher contextVersion"}},
		{"as many", "retry: {maxRetries: 1}", 2, nil},
		{"cancelled", "cancel: true", 1, []string{"spec.cancel is true: no attempt starts"}},
		{"suspended", "suspend: true", 1, []string{"spec.suspend is true: no attempt starts"}},
	} {
		_, notes, err := rehearsal.Attempt(admitted(t, strings.Replace(docsRun, "spec: {", "spec: {"+c.spec+", ", 1)), c.n, settings(t))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, notes.Doubts); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// What a hub has recorded counts: the machine goes on from there, and makes up only what is missing.
func TestAStoredRunGoesOn(t *testing.T) {
	c := settings(t)
	run := admitted(t, docsRun)
	run.SetUID("5d1b7f6e-3f0c-4a52-9a6b-1c2d3e4f5a6b")
	run.SetCreationTimestamp(metav1.NewTime(rehearsal.Begin))
	run, _, err := rehearsal.Attempt(run, 2, c)
	if err != nil {
		t.Fatal(err)
	}
	again, notes, err := rehearsal.Attempt(run, 1, c)
	if err != nil || len(notes.Placeholders)+len(notes.Doubts) > 0 {
		t.Errorf("%v, %+v", err, notes)
	}
	if diff := cmp.Diff(run, again, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Errorf("a recorded attempt is changed: %s", diff)
	}
	_, notes, err = rehearsal.Attempt(run, 3, c)
	if err != nil || len(notes.Placeholders) != 2 || notes.Placeholders[1] != "the failure of attempt 2" {
		t.Errorf("%v, %+v", err, notes)
	}

	c.TemplateDigest = "others"
	run.RunSpec().ContextVersion = 2
	_, notes, err = rehearsal.Attempt(run, 1, c)
	if err != nil || len(notes.Doubts) != 2 || !strings.Contains(notes.Doubts[0], "other templates or settings") || !strings.Contains(notes.Doubts[1], "context version 1") {
		t.Errorf("%v, %+v", err, notes)
	}
}

func TestNoAttemptFollowsAnEnd(t *testing.T) {
	run := admitted(t, docsRun)
	run.SetUID("a")
	for phase, says := range map[v1.Phase]string{
		v1.PhaseSucceeded:   "no attempt follows attempt 1: the run is Succeeded: raise spec.contextVersion in the file",
		v1.PhaseStopping:    "no attempt follows attempt 1: the run is Stopping: look again when it has ended",
		v1.PhaseTerminating: "no attempt follows attempt 1: the run is Terminating",
	} {
		*run.RunStatus() = v1.RunStatus{Phase: phase, Attempt: 1, ContextVersion: 1, Cluster: "eu-1", Incarnation: 1,
			Attempts: []v1.Attempt{{Number: 1, ContextVersion: 1, Cluster: "eu-1", JobUID: "j", JobName: "j", Incarnation: 1}}}
		if _, _, err := rehearsal.Attempt(run, 2, settings(t)); err == nil || err.Error() != says {
			t.Errorf("%s: %v", phase, err)
		}
	}
	run.RunStatus().Attempts = nil
	if _, _, err := rehearsal.Attempt(run, 1, settings(t)); err == nil || err.Error() != "attempt 1 is not in its status: those are none" {
		t.Error(err)
	}
}
