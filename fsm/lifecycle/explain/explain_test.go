package explain_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/explain"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	"github.com/runfleet/runfleet/test/golden"
)

// text is what is said of a run of a kind in the scene.
func (s scene) text(t *testing.T, kind lifecycle.Kind) string {
	t.Helper()
	w := lifecycletest.New(kind)
	s.told(w)
	e, err := explain.Of(w.Lifecycle, strings.ToLower(string(kind))+"/"+w.Run.Name, w.Status, w.Facts())
	if err != nil {
		t.Fatal(err)
	}
	if e.State != string(s.at) {
		t.Errorf("the scene ends in %s, not in %s", e.State, s.at)
	}
	return e.Text(fsm.Paper{Width: 80}, time.UTC)
}

// A CodeRun has a transcript of its own where it is another one.
func TestTranscriptsOfEveryState(t *testing.T) {
	var names []string
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			docs, code := s.text(t, lifecycle.DocsRun), s.text(t, lifecycle.CodeRun)
			golden.Check(t, s.name+".txt", docs)
			names = append(names, s.name)
			if code != strings.ReplaceAll(docs, "docsrun/", "coderun/") {
				golden.Check(t, s.name+"_coderun.txt", code)
				names = append(names, s.name+"_coderun")
			}
		})
	}
	for _, d := range lifecycle.CodeTable().States {
		if !slices.ContainsFunc(scenes, func(s scene) bool { return s.at == d.Name }) {
			t.Errorf("no scene ends in %s", d.Name)
		}
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(names, strings.TrimSuffix(filepath.Base(f), ".txt")) {
			t.Errorf("%s is the transcript of no scene: remove it", f)
		}
	}
}
