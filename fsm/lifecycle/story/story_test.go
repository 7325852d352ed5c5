package story_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const uid = "1a2b3c4d-0000-4000-8000-000000000000"

// runOf is the run of a world, with a status.
func runOf(w *lifecycletest.World, s v1.RunStatus) v1.Run {
	meta := metav1.ObjectMeta{Namespace: "team", Name: w.Run.Name, UID: w.Run.UID, CreationTimestamp: metav1.NewTime(w.Run.Created)}
	if w.Lifecycle.Kind == lifecycle.DocsRun {
		run := &v1.DocsRun{ObjectMeta: meta}
		*run.RunStatus() = s
		return run
	}
	run := &v1.CodeRun{ObjectMeta: meta}
	*run.RunStatus() = s
	return run
}

// TestWhateverHappensThereIsOneTrace takes runs through random events, tells each committed transition as an operator does,
// tells all of it again as one that takes over does, and looks at what a collector would have.
func TestWhateverHappensThereIsOneTrace(t *testing.T) {
	told := 0
	for seed := range int64(60) {
		got := map[story.SpanID]story.Span{}
		var rows []v1.Transition
		tell := func(spans []story.Span) {
			for _, s := range spans {
				if before, known := got[s.ID]; known {
					if diff := cmp.Diff(before, s); diff != "" {
						t.Fatalf("seed %d: two spans with the identifier %s\n%s", seed, s.ID, diff)
					}
				}
				got[s.ID] = s
			}
		}
		lifecycletest.Walk(seed, 100, func(w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) bool {
			if d.Row.ID == "" {
				return true
			}
			run := runOf(w, d.Status)
			tell(story.Since(run, w.Status.Transitions))
			tell(story.Recent(run, w.Now.Add(-10*time.Minute)))
			rows = append(rows, d.Status.History[len(d.Status.History)-1])
			return true
		})
		told += len(got)
		for _, problem := range check(got, rows) {
			t.Errorf("seed %d: %s", seed, problem)
		}
	}
	if told < 500 {
		t.Errorf("only %d different spans were told", told)
	}
}

// check says what is wrong with a whole trace.
func check(got map[story.SpanID]story.Span, rows []v1.Transition) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, r := range rows {
		s, ok := got[story.TransitionID(uid, r)]
		if !ok || s.Name != r.On || !s.End.Equal(s.Start) {
			say("transition %d has no span of its own: %+v", r.Seq, s)
		}
	}
	var states []story.Span
	for _, s := range got {
		if s.Trace != story.TraceOf(uid) || s.End.Before(s.Start) || s.ID == (story.SpanID{}) {
			say("%+v", s)
		}
		for _, a := range s.Attributes {
			i := slices.IndexFunc(story.Keys, func(k story.KeyDef) bool { return k.Key == a.Key })
			if i < 0 || !slices.Contains(story.Keys[i].On, s.Role) {
				say("the attribute %s of a %s is not explained", a.Key, s.Role)
			}
		}
		if s.Role == story.RoleState {
			states = append(states, s)
		}
	}
	slices.SortFunc(states, func(a, b story.Span) int { return int(a.Row - b.Row) })
	for i := range states[:max(0, len(states)-1)] {
		left := rows[slices.IndexFunc(rows, func(r v1.Transition) bool { return r.Seq == states[i].Row })]
		if next := states[i+1]; !slices.Contains([]v1.Phase{v1.PhaseSucceeded, v1.PhaseFailed, v1.PhaseCancelled}, left.To) && !next.Start.Equal(states[i].End) {
			say("%s ends at %v, %s begins at %v", states[i].Name, states[i].End, next.Name, next.Start)
		}
	}
	return problems
}

// TestAFinishedRunIsOneConnectedTree: every parent is there, and but the root nobody has none.
func TestAFinishedRunIsOneConnectedTree(t *testing.T) {
	ended := 0
	for seed := range int64(120) {
		var last v1.Run
		lifecycletest.Walk(seed, 60, func(w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) bool {
			last = runOf(w, d.Status)
			return true
		})
		s := last.RunStatus()
		if len(s.History) == 0 || s.History[0].Seq != 1 {
			continue
		}
		spans := story.AsOf(last, s.History[len(s.History)-1].Time.Time)
		roots := 0
		for _, span := range spans {
			if span.Parent == (story.SpanID{}) {
				roots++
			} else if !slices.ContainsFunc(spans, func(p story.Span) bool { return p.ID == span.Parent }) {
				t.Errorf("seed %d: %s %s hangs from nothing", seed, span.Role, span.Name)
			}
		}
		if roots != 1 {
			t.Errorf("seed %d: %d roots", seed, roots)
		}
		ended++
	}
	if ended < 60 {
		t.Errorf("only %d runs were looked at", ended)
	}
}

func TestARowIsFoundByWhatTheHistoryKeeps(t *testing.T) {
	for _, table := range []fsm.Table{lifecycle.DocsTable(), lifecycle.CodeTable()} {
		seen := map[string]string{}
		for _, r := range table.Expand() {
			key := fmt.Sprint(r.From[0], r.On, r.To)
			if seen[key] != "" {
				t.Errorf("the rows %s and %s both lead from %s by %s to %s: the history cannot tell which it was", seen[key], r.ID, r.From[0], r.On, r.To)
			}
			seen[key] = r.ID
		}
	}
}

func TestAPersonsTraceIsJoinedOrTheAnnotationIsRefused(t *testing.T) {
	const theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"
	never, always := func(story.TraceID) bool { return false }, func(story.TraceID) bool { return true }
	for annotation, sampled := range map[string]bool{theirs + "01": true, theirs + "00": false, "cc" + theirs[2:] + "03-more": true} {
		c, err := story.Root(uid, annotation, never)
		if err != nil || c.Trace.String() != theirs[3:35] || c.Sampled != sampled {
			t.Errorf("%s: %v, %v", annotation, c, err)
		}
		if back, err := story.Parse(c.String()); err != nil || back != c {
			t.Errorf("%s reads back as %v: %v", c, back, err)
		}
	}
	for _, bad := range []string{
		"x", theirs, theirs + "01-more", theirs + "1", strings.ToUpper(theirs) + "01", "ff" + theirs[2:] + "01",
		"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-" + strings.Repeat("0", 16) + "-01",
	} {
		c, err := story.Root(uid, bad, always)
		if err == nil || c.Trace != story.TraceOf(uid) || !c.Sampled {
			t.Errorf("%q: %v, %v", bad, c, err)
		}
	}
}
