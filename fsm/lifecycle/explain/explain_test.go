package explain_test

import (
	"errors"
	"path/filepath"
	"regexp"
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
	e, err := explain.Of(w.Lifecycle, "runfleet", strings.ToLower(string(kind))+"/"+w.Run.Name, w.Status, w.Facts())
	if err != nil {
		t.Fatal(err)
	}
	if e.State != string(s.at) {
		t.Errorf("the scene ends in %s, not in %s", e.State, s.at)
	}
	return e.Text(fsm.Paper{Width: 80}, time.UTC)
}

// Whoever adds up what has passed and what is still to come gets the time from the one shown to the other.
func TestWhatHasPassedAndWhatIsToComeAddUp(t *testing.T) {
	times := regexp.MustCompile(`(?s)since (\S+), for (\S+)\n.* (\S+)\s+in (\S+)\s+→ Provisioning`)
	for tenths := range 70 {
		w := lifecycletest.New(lifecycle.DocsRun)
		w.Now = w.Now.Add(430 * time.Millisecond)
		ends(1, "", failed)(w)
		w.Now = w.Now.Add(time.Duration(tenths) * 100 * time.Millisecond)
		e, err := explain.Of(w.Lifecycle, "runfleet", "docsrun/x", w.Status, w.Facts())
		if err != nil {
			t.Fatal(err)
		}
		text := e.Text(fsm.Paper{Width: 80}, time.UTC)
		said := times.FindStringSubmatch(text)
		if said == nil {
			t.Fatal(text)
		}
		passed, one := time.ParseDuration(said[2])
		left, two := time.ParseDuration(said[4])
		from, three := time.Parse(time.TimeOnly, said[1])
		to, four := time.Parse(time.TimeOnly, said[3])
		if err := errors.Join(one, two, three, four); err != nil {
			t.Fatal(err)
		}
		if passed+left != to.Sub(from) {
			t.Errorf("%s and %s from %s to %s", said[2], said[4], said[1], said[3])
		}
	}
}

// A program that is called otherwise is named so.
func TestCommandsAreNamedAsTheProgramWasCalled(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	stuck(w)
	e, err := explain.Of(w.Lifecycle, "kubectl runfleet", "docsrun/x -n team", w.Status, w.Facts())
	if err != nil {
		t.Fatal(err)
	}
	text := e.Text(fsm.Paper{}, time.UTC)
	if strings.Contains(strings.ReplaceAll(text, "kubectl runfleet", ""), "runfleet") || !strings.Contains(text, "kubectl runfleet cancel docsrun/x -n team") {
		t.Error(text)
	}
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
