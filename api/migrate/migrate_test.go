package migrate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run is an original's CodeRun, with what a case adds.
func run(change func(o, meta, spec map[string]any)) map[string]any {
	meta := map[string]any{"name": "a", "namespace": "team"}
	spec := map[string]any{
		"taskId": int64(7), "service": "auth", "repositoryUrl": "example/shop", "model": "opus", "githubUser": "octo",
	}
	o := map[string]any{"apiVersion": "agents.platform/v1", "kind": "CodeRun", "metadata": meta, "spec": spec}
	change(o, meta, spec)
	return o
}

func TestWhatHasAPastIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		status map[string]any
		note   string // "" where it becomes a run without a word
		stays  bool
	}{
		"without a status it is new":                 {nil, "", true},
		"an empty status is none":                    {map[string]any{}, "", true},
		"pending and untouched it is new":            {map[string]any{"phase": "Pending", "message": "TaskRun created"}, "it never started", true},
		"succeeded it is history":                    {map[string]any{"phase": "Succeeded"}, "it has ended (Succeeded)", false},
		"failed it is history":                       {map[string]any{"phase": "Failed", "attempts": int64(3)}, "it has ended (Failed)", false},
		"cancelled it is history":                    {map[string]any{"phase": "Cancelled"}, "it has ended (Cancelled)", false},
		"completed it is history whatever its phase": {map[string]any{"phase": "Running", "workCompleted": true}, "it has ended (Running)", false},
		"so it is in snake case":                     {map[string]any{"work_completed": true}, "it has ended (its work is completed)", false},
		"finished it is history":                     {map[string]any{"finishedAt": "2025-08-01T12:00:00Z"}, "it has ended", false},
		"running it has an agent":                    {map[string]any{"phase": "Running", "jobName": "code-1"}, "it is under way (Running) in Job code-1", false},
		"preparing it is about to have one":          {map[string]any{"phase": "Preparing"}, "it is under way (Preparing)", false},
		"pending with a Job it may have one":         {map[string]any{"phase": "Pending", "job_name": "code-1"}, "in Job code-1", false},
		"pending after an attempt it may have one":   {map[string]any{"phase": "Pending", "attempts": int64(1)}, "it is under way (Pending)", false},
		"a phase that nobody knows is no permission": {map[string]any{"phase": "Dreaming"}, "it is under way (Dreaming)", false},
		"our own exports are no different":           {map[string]any{"phase": "Provisioning", "observedGeneration": int64(1)}, "under way", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := Convert([]map[string]any{run(func(o, _, _ map[string]any) {
				if c.status != nil {
					o["status"] = c.status
				}
			})})
			if got := len(r.Objects) == 1; got != c.stays || r.Incomplete {
				t.Errorf("becomes a run: %v, incomplete: %v", got, r.Incomplete)
			}
			if told := about(r.Notes, "status"); !strings.Contains(told, c.note) || c.note == "" && told != "" {
				t.Errorf("want a note with %q, got %q", c.note, told)
			}
			for _, o := range r.Objects {
				if o["status"] != nil {
					t.Errorf("a status was carried over: %v", o["status"])
				}
			}
		})
	}
}

func TestMetadataIsTheNewObjectsOwn(t *testing.T) {
	r := Convert([]map[string]any{run(func(_, meta, _ map[string]any) {
		meta["uid"], meta["resourceVersion"], meta["generation"] = "u", "1", int64(2)
		meta["creationTimestamp"], meta["managedFields"] = "2025-08-01T12:00:00Z", []any{}
		meta["labels"] = map[string]any{"team": "a"}
		meta["finalizers"] = []any{"coderuns.orchestrator.io/finalizer"}
		meta["ownerReferences"] = []any{map[string]any{"kind": "Workflow"}}
		meta["annotations"] = map[string]any{
			"kubectl.kubernetes.io/last-applied-configuration": "{}", "cleanup.cto.dev/preserve": "true",
			"cleanup.cto.dev/ttl-seconds": "600", "orchestrator.platform/stamp": "u/1", "mine": "yes",
		}
	})})
	want := map[string]any{
		"name": "a", "namespace": "team", "labels": map[string]any{"team": "a"},
		"annotations": map[string]any{"orchestrator.platform/preserve": "true", "mine": "yes"},
	}
	if diff := cmp.Diff(want, r.Objects[0]["metadata"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if got := r.Objects[0]["spec"].(map[string]any)["retentionSeconds"]; got != int64(600) {
		t.Errorf("retentionSeconds is %v", got)
	}
	for _, field := range []string{"finalizers", "ownerReferences", "annotations.cleanup.cto.dev/preserve", "annotations.cleanup.cto.dev/ttl-seconds"} {
		if about(r.Notes, "metadata."+field) == "" {
			t.Errorf("no note is about metadata.%s", field)
		}
	}
}

func TestWhatCannotBecomeARunIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(o, meta, spec map[string]any)
		note       string
		incomplete bool
	}{
		"another kind of the original": {func(o, _, _ map[string]any) { o["kind"] = "BoltRun" }, "there is no such kind here; a CodeRun does one task", false},
		"another kind of anybody":      {func(o, _, _ map[string]any) { o["apiVersion"], o["kind"] = "v1", "Secret" }, "it is no run of the original", false},
		"another type of run":          {func(_, _, s map[string]any) { s["runType"] = "review" }, `there is no run type "review"`, false},
		"one that is being deleted":    {func(_, m, _ map[string]any) { m["deletionTimestamp"] = "2025-08-01T12:00:00Z" }, "it is being deleted", false},
		"one without a name":           {func(_, m, _ map[string]any) { delete(m, "name") }, "a run needs a name", true},
		"one without a user":           {func(_, _, s map[string]any) { delete(s, "githubUser") }, "a CodeRun needs spec.githubUser: add it", true},
		"several fields missing":       {func(_, _, s map[string]any) { delete(s, "githubUser"); delete(s, "model") }, "needs spec.model and spec.githubUser", true},
		"a task that is no number": {func(o, _, s map[string]any) {
			o["apiVersion"], o["kind"], s["taskId"] = "orchestrator.io/v1", "TaskRun", "7"
		}, "it must be a number", true},
		"guidance that is too long": {func(_, _, s map[string]any) { s["promptModification"] = strings.Repeat("x", maxPrompt+1) }, "is longer than 65536 bytes", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := Convert([]map[string]any{run(c.change)})
			if len(r.Objects) != 0 || r.Incomplete != c.incomplete {
				t.Errorf("%d objects, incomplete %v", len(r.Objects), r.Incomplete)
			}
			if got := about(r.Notes, "spec.taskId") + all(r.Notes); !strings.Contains(got, c.note) {
				t.Errorf("want a note with %q, got:\n%s", c.note, got)
			}
		})
	}
}

func all(notes []Note) string {
	var b strings.Builder
	for _, n := range notes {
		b.WriteString(n.String() + "\n")
	}
	return b.String()
}

func TestListsAreTakenApartAndNamesAreNotGivenTwice(t *testing.T) {
	same := func(map[string]any, map[string]any, map[string]any) {}
	task := run(func(o, _, s map[string]any) {
		o["apiVersion"], o["kind"] = "orchestrator.io/v1", "TaskRun"
		s["serviceName"], s["repository"] = "auth", map[string]any{"url": "example/shop", "githubUser": "octo"}
	})
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{
		run(same), map[string]any{"kind": "CodeRunList", "items": []any{task}},
	}}
	r := Convert([]map[string]any{list, run(func(_, meta, _ map[string]any) { meta["namespace"] = "other" })})
	if len(r.Objects) != 2 || !r.Incomplete {
		t.Fatalf("%d objects, incomplete %v", len(r.Objects), r.Incomplete)
	}
	want := "TaskRun team/a: metadata.name: left out: CodeRun team/a became the CodeRun team/a already: give one of them another name"
	if got := all(r.Notes); !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
}

func TestTheInputIsNotChanged(t *testing.T) {
	make1 := func() map[string]any {
		return run(func(_, _, s map[string]any) { s["env"] = map[string]any{"A": "ghp_x"}; s["tools"] = map[string]any{} })
	}
	in := make1()
	Convert([]map[string]any{in})
	if diff := cmp.Diff(make1(), in); diff != "" {
		t.Errorf("the input changed (-was +is):\n%s", diff)
	}
}

func TestLongAdditionsToThePromptAreDropped(t *testing.T) {
	r := Convert([]map[string]any{run(func(_, _, s map[string]any) {
		s["promptModification"], s["acceptanceCriteria"] = "Keep it.", strings.Repeat("x", maxPrompt)
	})})
	if got := r.Objects[0]["spec"].(map[string]any)["promptModification"]; got != "Keep it." {
		t.Errorf("promptModification is %.40q", got)
	}
	if got := about(r.Notes, "spec.promptModification"); !strings.Contains(got, "what was added to it was dropped") {
		t.Errorf("notes: %s", got)
	}
}

func TestWhateverIsConvertedIsNeverAPanic(*testing.T) {
	odd := []any{nil, "x", int64(1), 1.5, true, []any{"x", nil, map[string]any{}}, map[string]any{"name": "x", "a": []any{}}}
	for _, kind := range []string{"TaskRun", "DocsRun", "CodeRun"} {
		group := map[string]string{"TaskRun": "orchestrator.io/v1"}[kind]
		for _, field := range append(append(append([]string{"metadata", "status", "spec"}, specs["task"]...), specs["docs"]...), specs["code"]...) {
			for _, v := range odd {
				name, _, _ := strings.Cut(field, ".")
				Convert([]map[string]any{run(func(o, _, s map[string]any) {
					o["kind"], o["apiVersion"] = kind, orWord(group, "agents.platform/v1")
					s["runType"] = "documentation"
					s[name] = v
					if field == "metadata" || field == "status" || field == "spec" {
						o[field] = v
					}
				})})
			}
		}
	}
}
