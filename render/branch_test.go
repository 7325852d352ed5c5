package render

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/api/v1"
)

func TestABranchIsMadeOfThePatternOnceAndStays(t *testing.T) {
	b := Branches{Code: "{service}/task-{taskId}", Docs: "d/{namespace}/{name}-{uid}"}
	code := func(edit func(*v1.CodeRun)) v1.Run { r := codeRun(); r.Status = v1.RunStatus{}; edit(r); return r }
	docs := func(edit func(*v1.DocsRun)) v1.Run {
		r := docsRun()
		r.Status, r.Spec.TargetBranch, r.Name = v1.RunStatus{}, "", "a.b"
		edit(r)
		return r
	}
	for name, test := range map[string]struct {
		run         v1.Run
		patterns    Branches
		shared, own string
	}{
		"code by default":            {code(func(*v1.CodeRun) {}), Branches{}, ownBranch, ownBranch},
		"code by the configuration":  {code(func(*v1.CodeRun) {}), b, "auth-api/task-7", "auth-api/task-7"},
		"code that has begun":        {code(func(r *v1.CodeRun) { r.Status.Attempt, r.Status.Branch = 1, "old/7" }), b, "old/7", "old/7"},
		"code older than patterns":   {code(func(r *v1.CodeRun) { r.Status.Attempt = 1 }), b, ownBranch, ownBranch},
		"code that starts from it":   {code(func(r *v1.CodeRun) { r.Spec.Branch = "auth-api/task-7" }), b, "auth-api/task-7", "code/sample-5d1b7f6e"},
		"docs by default":            {docs(func(*v1.DocsRun) {}), Branches{}, "", "docs/a-b-5d1b7f6e"},
		"docs by the configuration":  {docs(func(*v1.DocsRun) {}), b, "", "d/default/a-b-5d1b7f6e"},
		"docs that has begun":        {docs(func(r *v1.DocsRun) { r.Status.Attempt, r.Status.Branch = 1, "old/b" }), b, "", "old/b"},
		"docs that names its branch": {docs(func(r *v1.DocsRun) { r.Spec.TargetBranch, r.Status.Branch = "mine", "old/b" }), b, "mine", "mine"},
		"docs that names its source": {docs(func(r *v1.DocsRun) { r.Spec.TargetBranch = "main" }), b, "", "d/default/a-b-5d1b7f6e"},
	} {
		a := subject{Settings: Settings{Branches: test.patterns}, run: test.run}
		switch r := test.run.(type) {
		case *v1.CodeRun:
			a.code = &r.Spec
		case *v1.DocsRun:
			a.docs = &r.Spec
		}
		if shared, own := Branch(test.run, test.patterns), a.branch(); shared != test.shared || own != test.own {
			t.Errorf("%s: want %q, pushed to %q, got %q, pushed to %q", name, test.shared, test.own, shared, own)
		}
	}
}

func TestAPatternMakesBranchesThatGitTakes(t *testing.T) {
	for pattern, want := range map[string]string{
		DefaultCodeBranch:                     "",
		"{taskId}":                            "",
		"{namespace}/{service}/{uid}":         "",
		"funktion/ü-{taskId}@{service":        "there", // a brace and no placeholder
		"task":                                "write {taskId} or {uid} into it",
		"{name}":                              "write {taskId} or {uid} into it",
		"{task}":                              "{task} is no placeholder: there are {taskId}, {service}, {name}, {namespace}, {uid}",
		"{service}-{taskId}":                  "must be the only placeholder between its slashes",
		"-f/{taskId}":                         `can have "-" there`,
		"a b/{taskId}":                        `can have " " there`,
		"a..b/{taskId}":                       `can have ".." there`,
		"a//{taskId}":                         `can have "//" there`,
		"{taskId}/":                           `can have "/" there`,
		"{taskId}.lock":                       `can have ".lock" there`,
		".x/{taskId}":                         `can have "." there`,
		"x/.{taskId}":                         `can have "/." there`,
		"x:refs/heads/main{taskId}":           `can have ":" there`,
		"x@{{taskId}":                         `can have "{" there`,
		"x\n{taskId}":                         "there",
		"$(touch ran)/{taskId}":               `can have " " there`,
		strings.Repeat("x", 240) + "{taskId}": "can make a branch of 259 characters",
	} {
		err := CheckCodeBranch(pattern)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", pattern, want, err)
		}
		if err != nil {
			continue
		}
		run := codeRun()
		run.Status = v1.RunStatus{}
		branch := PatternBranch(run, Branches{Code: pattern})
		if out, err := exec.CommandContext(t.Context(), "git", "check-ref-format", "--branch", branch).CombinedOutput(); err != nil {
			t.Errorf("%q makes %q: %v: %s", pattern, branch, err, out)
		}
	}
	if err := CheckDocsBranch("docs/{name}"); err == nil || !strings.Contains(err.Error(), "write {uid} into it") {
		t.Errorf("two DocsRuns of one name would share a branch: %v", err)
	}
	if err := CheckDocsBranch(DefaultDocsBranch); err != nil {
		t.Error(err)
	}
}
