package lifecycle_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// TestWhatWaitedForTheCountIsLookedAtOnceItIsDone holds a cancelled run back until it was counted. Nothing else would wake it.
func TestWhatWaitedForTheCountIsLookedAtOnceItIsDone(t *testing.T) {
	l, err := lifecycle.New(lifecycle.DocsRun, lifecycle.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	s := v1.RunStatus{Phase: v1.PhasePending}
	f := lifecycle.Facts{
		Now: now, Hub: lifecycle.HubFacts{Incarnation: 2, Since: now},
		Run: lifecycle.RunFacts{UID: "one", StampUID: "one", StampIncarnation: 1, Finalizer: true, Cancel: true, ContextVersion: 1},
	}
	waiting := l.Decide(s, f)
	if waiting.Row.ID != "" || waiting.Status.Reason != v1.ReasonQuarantined {
		t.Fatalf("in quarantine nothing fires: %s %+v", waiting.Row.ID, waiting.Status)
	}
	f.Census = lifecycle.Census{Complete: true}
	counted := l.Decide(waiting.Status, f)
	if counted.Status.Incarnation != 2 || !counted.Wake.Equal(now) {
		t.Fatalf("counted under incarnation %d, looks again %v", counted.Status.Incarnation, counted.Wake)
	}
	f.Census = lifecycle.Census{}
	if after := l.Decide(counted.Status, f); after.Status.Phase != v1.PhaseCancelled {
		t.Errorf("then it is cancelled, not %s", after.Status.Phase)
	}
}
