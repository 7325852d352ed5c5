package waterfall_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const uid = "1a2b3c4d-0000-4000-8000-000000000000"

func runOf(w *lifecycletest.World, s v1.RunStatus) v1.Run {
	meta := metav1.ObjectMeta{Namespace: "team", Name: w.Run.Name, UID: w.Run.UID, CreationTimestamp: metav1.NewTime(w.Run.Created)}
	var run v1.Run = &v1.CodeRun{ObjectMeta: meta}
	if w.Lifecycle.Kind == lifecycle.DocsRun {
		run = &v1.DocsRun{ObjectMeta: meta}
	}
	*run.RunStatus() = s
	return run
}

// TestWhateverHappensThePictureHangsTogether draws runs after each step of random walks.
func TestWhateverHappensThePictureHangsTogether(t *testing.T) {
	drawn, chapters := 0, 0
	for seed := range int64(30) {
		lifecycletest.Walk(seed, 100, func(w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) bool {
			defer func() { w.Now = w.Now.Add(time.Millisecond) }() // between two commits time passes
			p := waterfall.Of(uid, waterfall.Told(runOf(w, d.Status), w.Now), 0)
			drawn++
			chapters = max(chapters, len(p.Chapters))
			for _, problem := range check(p) {
				t.Errorf("seed %d: %s", seed, problem)
			}
			if n := len(d.Status.History); len(p.Moves) != n {
				t.Errorf("seed %d: %d of %d transitions are shown", seed, len(p.Moves), n)
			}
			return !t.Failed()
		})
	}
	if drawn < 1500 || chapters < 3 {
		t.Errorf("%d pictures with up to %d chapters were looked at", drawn, chapters)
	}
}

// check says what is wrong with a picture.
func check(p waterfall.Picture) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for i, c := range p.Chapters {
		sum, at := time.Duration(0), c.Start
		for _, s := range c.Path {
			if !s.Start.Equal(at) || !s.Start.Before(s.End) {
				say("chapter %d: the critical path has a hole before %+v", i, s)
			}
			sum, at = sum+s.End.Sub(s.Start), s.End
			if s.Label == "not known any more" && !c.Partial {
				say("chapter %d: nothing is known of %v to %v", i, s.Start, s.End)
			}
		}
		if sum != c.Duration() {
			say("chapter %d: it took %v, its critical path %v", i, c.Duration(), sum)
		}
		states := slices.DeleteFunc(slices.Clone(c.Rows), func(r waterfall.Row) bool { return r.Kind != story.RoleState })
		for j, r := range states {
			if r.Start.Before(c.Start) || r.End.After(c.End) {
				say("chapter %d: %s is outside of it", i, r.Label)
			}
			if j > 0 && !states[j-1].End.Equal(r.Start) {
				say("chapter %d: %s ends at %v and %s begins at %v", i, states[j-1].Label, states[j-1].End, r.Label, r.Start)
			}
			if r.Waits == (r.Label == string(v1.PhaseRunning)) {
				say("chapter %d: %s waits: %v", i, r.Label, r.Waits)
			}
			if r.Waits && r.Note == "" {
				say("chapter %d: nobody says what %s waits for", i, r.Label)
			}
		}
		attempts := slices.DeleteFunc(slices.Clone(c.Rows), func(r waterfall.Row) bool { return r.Kind != story.RoleAttempt })
		for j := range attempts[:max(0, len(attempts)-1)] {
			if attempts[j].End.After(attempts[j+1].Start) {
				say("chapter %d: %s and %s overlap", i, attempts[j].Label, attempts[j+1].Label)
			}
		}
	}
	return problems
}
