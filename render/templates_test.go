package render

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/render/engine"
	"k8s.io/apimachinery/pkg/util/validation"
)

func mustRead(t *testing.T, data map[string]string) *Templates {
	t.Helper()
	set, err := NewTemplates(data)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestBehaviour10AnyNamesOfTemplatesMakeKeysThatTellThemApart tries names of the alphabet that matters, good and bad.
func TestBehaviour10AnyNamesOfTemplatesMakeKeysThatTellThemApart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"hooks", "-", "/", "_", ".", "..", "a", "b.sh", "hooks-", "hooks/", ".sh", " ", "é"}
	taken := map[string]string{}
	for range 50_000 {
		var name strings.Builder
		for range 1 + random.IntN(4) {
			name.WriteString(words[random.IntN(len(words))])
		}
		_, path, err := place("docs/" + name.String() + engine.Extension)
		if err != nil {
			continue
		}
		key := keyOf(path)
		if errs := validation.IsConfigMapKey(key); len(errs) > 0 {
			t.Fatalf("the path %s makes the key %s: %v", path, key, errs)
		}
		if other, ok := taken[key]; ok && other != path {
			t.Fatalf("the paths %s and %s make one key, %s", path, other, key)
		}
		taken[key] = path
	}
	if len(taken) < 100 {
		t.Errorf("only %d names were good: the test shows nothing", len(taken))
	}
}

func TestBehaviour10HooksAreExecutableUnderTheirOwnNames(t *testing.T) {
	s := SampleSettings()
	s.Templates = mustRead(t, map[string]string{
		"docs_hooks_stop_it.sh.hbs": "#!/bin/sh\n", "shared_hooks_both.sh.hbs": "#!/bin/sh\n", "docs_note_2.md.hbs": "{{name}}",
	})
	o := mustRender(t, docsRun(), s)
	for path, key := range map[string]string{"hooks/stop_it.sh": "hooks-stop_it.sh", "hooks/both.sh": "hooks-both.sh"} {
		if o.Inputs[0].Data[key] != "#!/bin/sh\n" || o.Files()[path] != "#!/bin/sh\n" {
			t.Errorf("want %s under the key %s, got %v", path, key, slices.Sorted(maps.Keys(o.Inputs[0].Data)))
		}
	}
	if got := o.Files()["note_2.md"]; got != "sample" {
		t.Errorf("a '_' in a name is no directory, got %q", got)
	}
	for _, item := range o.Agent.Spec.Template.Spec.Volumes[0].Projected.Sources[0].ConfigMap.Items {
		if want := map[bool]int32{true: 0o555, false: 0o444}[strings.HasPrefix(item.Path, "hooks/")]; *item.Mode != want {
			t.Errorf("%s: want the mode %o, got %o", item.Path, want, *item.Mode)
		}
	}
	if files := mustRender(t, codeRun(), s).Files(); files["hooks/both.sh"] == "" || files["hooks/stop_it.sh"] != "" {
		t.Errorf("a CodeRun gets what is shared, and nothing of a DocsRun: %v", slices.Sorted(maps.Keys(files)))
	}
}

func TestOwnTemplatesOverrideSingleBuiltInOnes(t *testing.T) {
	s := SampleSettings()
	s.Templates = mustRead(t, map[string]string{"code_prompt.md.hbs": "Do it, {{name}}.", "shared_extra.md.hbs": "more"})
	was, is := mustRender(t, codeRun(), SampleSettings()).Files(), mustRender(t, codeRun(), s).Files()
	was["prompt.md"], was["extra.md"] = "Do it, sample.", "more"
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	was, is = mustRender(t, docsRun(), SampleSettings()).Files(), mustRender(t, docsRun(), s).Files()
	was["extra.md"] = "more"
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("the other kind (-want +got):\n%s", diff)
	}
}

func TestASetIsRefusedWithEveryMistakeUnderItsKey(t *testing.T) {
	_, err := NewTemplates(map[string]string{
		"code_prompt.md.hbs":       "a\n{{nope}} {{alsoNope}}",
		"docs_hooks_stop.sh.hbs":   "#!/bin/sh\necho {{name}}",
		"prompt.md.hbs":            "",
		"code_prompt.md":           "",
		"shared_CLAUDE.md.hbs":     "never used",
		"code_hooks-direct.sh.hbs": "",
	})
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{
		"code_prompt.md.hbs:2: unknown name nope", "code_prompt.md.hbs:2: unknown name alsoNope", "docs_hooks_stop.sh.hbs:2: ",
		"prompt.md.hbs: its directory is", "code_prompt.md: a template is a file", "shared_CLAUDE.md.hbs: has no effect",
		"code_hooks-direct.sh.hbs: a name that begins with",
	} {
		if !strings.Contains("\n"+err.Error(), "\n"+want) {
			t.Errorf("want a line that begins with\n  %s\nin\n%v", want, err)
		}
	}
}

func TestTheDigestFollowsTheBytesOfTheSet(t *testing.T) {
	of := func(data map[string]string) string {
		s := SampleSettings()
		s.Templates = mustRead(t, data)
		return Digest(s)
	}
	text := mustRead(t, nil).files[taskCode]["prompt.md"]
	if of(nil) != Digest(SampleSettings()) {
		t.Errorf("a set without own templates is the built-in one, %v", text)
	}
	seen := map[string]int{of(nil): 0}
	for i, data := range []map[string]string{
		{"code_a.md.hbs": "x"}, {"code_a.md.hbs": "y"}, {"docs_a.md.hbs": "x"}, {"code_b.md.hbs": "x"},
		{"code_a.md.hbs": "x{{! unseen }}"}, {"code_a.md.hbs": "x", "code_b.md.hbs": "x"},
	} {
		if other, ok := seen[of(data)]; ok {
			t.Errorf("the sets %d and %d have one digest", i+1, other)
		}
		seen[of(data)] = i + 1
	}
}

func TestLargeFilesAreSplitOverSeveralConfigMaps(t *testing.T) {
	s := SampleSettings()
	data := map[string]string{}
	for i := range 5 {
		data[fmt.Sprintf("docs_large%d.txt.hbs", i)] = strings.Repeat("x", 400<<10)
	}
	s.Templates = mustRead(t, data)
	o := mustRender(t, docsRun(), s)
	var names []string
	for _, m := range o.Inputs {
		size := 0
		for key, text := range m.Data {
			size += len(key) + len(text)
		}
		if size > maxFiles || !*m.Immutable {
			t.Errorf("%s has %d bytes", m.Name, size)
		}
		if diff := cmp.Diff(o.Agent.Labels, m.Labels); diff != "" {
			t.Errorf("every part is found by the labels of its attempt (-want +got):\n%s", diff)
		}
		names = append(names, m.Name)
	}
	if want := []string{o.Agent.Name, o.Agent.Name + "-2", o.Agent.Name + "-3"}; !slices.Equal(names, want) {
		t.Errorf("want the ConfigMaps %v, got %v", want, names)
	}
	want := mustRender(t, docsRun(), SampleSettings()).Files()
	for key, text := range data {
		want[strings.TrimSuffix(strings.TrimPrefix(key, "docs_"), engine.Extension)] = text
	}
	if diff := cmp.Diff(want, o.Files()); diff != "" {
		t.Error("the volume does not join all files again")
	}
	if a, b := bytesOf(t, o), bytesOf(t, mustRender(t, docsRun(), s)); a != b {
		t.Error("the same files must give the same parts")
	}

	s.Templates = mustRead(t, map[string]string{"docs_huge.txt.hbs": strings.Repeat("x", 901<<10)})
	if _, err := Render(docsRun(), 2, sampleHub, s); err == nil || !strings.Contains(err.Error(), "the file huge.txt has 922624 bytes, and one file may have 921592") {
		t.Errorf("want an error that names the file, got %v", err)
	}
	for i := range 10 {
		data[fmt.Sprintf("docs_more%d.txt.hbs", i)] = strings.Repeat("x", 600<<10)
	}
	s.Templates = mustRead(t, data)
	if _, err := Render(docsRun(), 2, sampleHub, s); err == nil || !strings.Contains(err.Error(), "ConfigMaps, and an attempt may have 8") {
		t.Errorf("want an error that says the limit, got %v", err)
	}
}
