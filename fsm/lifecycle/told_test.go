package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
)

// Whoever explains a run has no words of its own: those of the table must be there, and be sentences.
func TestEverythingThatAPersonIsToldHasASentence(t *testing.T) {
	table := lifecycle.CodeTable()
	sentence := func(what, doc string) {
		t.Helper()
		if len(strings.Fields(doc)) < 2 || !strings.HasSuffix(doc, ".") || strings.ToUpper(doc[:1]) != doc[:1] && !strings.Contains(strings.Fields(doc)[0], ".") {
			t.Errorf("%s: %q is no sentence", what, doc)
		}
	}
	for _, d := range table.Triggers {
		sentence("trigger "+string(d.Name), d.Doc)
		if d.By == "" || d.By == fsm.Person && !strings.Contains(d.How, "{name}") {
			t.Errorf("trigger %s: by %q, how %q", d.Name, d.By, d.How)
		}
	}
	for _, d := range table.States {
		sentence("state "+string(d.Name), d.Doc)
		if d.Terminal != (len(d.Awaits) == 0) {
			t.Errorf("state %s awaits %v: an ended one nothing, every other one something", d.Name, d.Awaits)
		}
	}
	for _, r := range table.Rows {
		sentence("row "+r.ID, r.Doc)
	}
	for _, g := range lifecycle.Gates {
		sentence("gate", g.Doc)
		if len(g.Reasons) == 0 {
			t.Errorf("gate %q has no reason", g.Doc)
		}
	}
	for _, d := range lifecycle.Clocks {
		sentence("clock "+string(d.Name), d.Doc)
		if _, ok := table.Trigger(d.On); d.On != "" && !ok {
			t.Errorf("clock %s is waited for by %q, which is no trigger", d.Name, d.On)
		}
	}
	for _, d := range table.Timers {
		if !slices.ContainsFunc(lifecycle.Clocks, func(c lifecycle.ClockDef) bool { return string(c.Name) == string(d.Name) }) {
			t.Errorf("timer %s is no clock", d.Name)
		}
	}
}

func TestEveryGuardSaysWhatItReads(t *testing.T) {
	for _, kind := range []lifecycle.Kind{lifecycle.DocsRun, lifecycle.CodeRun} {
		w := lifecycletest.New(kind)
		for _, d := range w.Lifecycle.Table.Guards {
			for _, cause := range []v1.StopCause{"", v1.StopCancel, v1.StopSuspend, v1.StopSuperseded, v1.StopRunDeadline, v1.StopDeadline, v1.StopLost, v1.StopFailure} {
				w.Status.StopCause = cause
				a, ok := w.Lifecycle.Ask(d.Name, w.Status, w.Facts())
				if !ok || a.Guard != d || len(a.Inputs) == 0 {
					t.Errorf("%s %s: %+v", d.Name, cause, a)
				}
				for _, i := range a.Inputs {
					if i.Name == "" || i.Value == "" {
						t.Errorf("%s %s reads %+v", d.Name, cause, i)
					}
				}
			}
		}
		if _, ok := w.Lifecycle.Ask("Rain", w.Status, w.Facts()); ok {
			t.Error("a guard that is none was answered")
		}
	}
}

// The moments that a person is told are those that the operator wakes up for.
func TestTheOperatorWakesForTheEarliestMoment(t *testing.T) {
	seen := map[lifecycle.Clock]bool{}
	for seed := range int64(12) {
		lifecycletest.Walk(seed, 120, func(w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) bool {
			if d.Changed { // it wakes for the new status
				return true
			}
			var earliest time.Time
			for _, m := range w.Lifecycle.Moments(w.Status, f) {
				seen[m.Name] = true
				if earliest.IsZero() && m.At.After(f.Now) {
					earliest = m.At
				}
			}
			if !earliest.Equal(d.Wake) {
				t.Errorf("%s: wakes at %s, and the first moment is %s", w.Status.Phase, d.Wake, earliest)
			}
			return !t.Failed()
		})
	}
	for _, d := range lifecycle.Clocks {
		rare := slices.Contains([]lifecycle.Clock{lifecycle.RunDeadline, lifecycle.Expiry, lifecycle.EvidenceLook}, d.Name) // walks have none
		if !seen[d.Name] && !rare {
			t.Errorf("no walk sets the clock %s", d.Name)
		}
	}
}

// What cannot be looked at now is said by the status, by the operator's last look.
func TestTheGateThatIsShutIsTheOneThatTheStatusNames(t *testing.T) {
	w := lifecycletest.New(lifecycle.CodeRun)
	shut := func() string {
		g, _, ok := w.Lifecycle.Shut(w.Status, lifecycle.Facts{Now: w.Now, Run: w.Run})
		if !ok {
			return ""
		}
		return g.Reasons[0]
	}
	if got := shut(); got != v1.ReasonFinalizerMissing {
		t.Errorf("before the finalizer: %q", got)
	}
	w.Run.Finalizer, w.Run.StampUID, w.Run.StampIncarnation = true, w.Run.UID, 1
	for _, reason := range []string{v1.ReasonNoCandidate, v1.ReasonWorkspaceBusy, ""} {
		w.Status.Reason = reason
		if got := shut(); got != reason {
			t.Errorf("%q: %q", reason, got)
		}
	}
	w.Run.Suspend = true
	if got := shut(); got != v1.ReasonSuspended {
		t.Errorf("suspended: %q", got)
	}
}
