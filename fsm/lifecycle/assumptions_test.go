package lifecycle_test

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
)

// rest lets the operator look until nothing changes any more.
func rest(t *testing.T, w *lifecycletest.World) {
	t.Helper()
	for range 20 {
		was := w.Status.Transitions
		_, d := w.Decide()
		w.Commit(d)
		for _, e := range d.Effects {
			w.Execute(e)
		}
		if w.Status.Transitions == was && !d.Changed && len(d.Effects) == 0 {
			return
		}
	}
}

// A start that nobody saw is fenced by the member's own clock. The last agent starts when the member's clock is at
// startBefore + maxSkew, and lives for its deadline and grace.
func TestTheFenceOfAnUnseenStartHoldsUpToMaxSkewAndNotBeyond(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	rest(t, w)
	e, l := w.Status.Attempts[0], w.Lifecycle
	if e.JobUID == "" || e.StartSeenAt != nil {
		t.Fatalf("released and not seen started, got %+v", e)
	}
	end := func(behind time.Duration) time.Time { // of the last agent, by the hub's clock
		start := e.StartBefore.Add(l.MaxSkew + behind)
		return start.Add(time.Duration(e.DeadlineSeconds)*time.Second + l.Grace)
	}
	if slowest := end(l.MaxSkew); !slowest.Before(e.FencedUntil.Time) {
		t.Errorf("a clock %v behind: the agent ends at %v, the fence at %v", l.MaxSkew, slowest, e.FencedUntil)
	}
	if beyond := end(l.MaxSkew + l.Slack + time.Second); !beyond.After(e.FencedUntil.Time) {
		t.Errorf("a clock further behind than maxSkew and slack: the agent ends at %v, and the fence %v would be too long", beyond, e.FencedUntil)
	}
}

// A member whose etcd was restored shows a Job that ran to its end as one that runs. Its attempt has ended on the hub, so the
// next one is out: for a moment two agents live. The one that came back is deleted at once.
func TestAnEndedAttemptThatARestoredMemberRunsAgainIsDeletedWhenItIsSeen(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	rest(t, w)
	first := w.Object(1, "a")
	first.Pod.Started = true
	rest(t, w)
	before := *first
	lifecycletest.End(first, 1, "", nil)
	rest(t, w)
	w.Now = w.Now.Add(time.Minute)
	rest(t, w)
	w.Object(2, "a").Pod.Started = true
	rest(t, w)
	if w.Status.Phase != v1.PhaseRunning || w.Status.Attempt != 2 {
		t.Fatalf("attempt 2 is out, got %s, attempt %d", w.Status.Phase, w.Status.Attempt)
	}

	*w.Object(1, "a") = before // from the backup
	_, d := w.Decide()
	for _, e := range d.Effects {
		if e.Verb == lifecycle.VerbDelete && e.Resource == lifecycle.Agent && e.Attempt == 1 {
			return
		}
	}
	t.Errorf("the Job of attempt 1 is deleted, got %v", d.Effects)
}
