//go:build faults

package faults

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// story fires a row of the table as simply as can be, and ends when the run is as it must be in the end.
type story struct {
	row   string // "" is what happens before the first row: finalizer and Leases
	about string
	tell  func(*scene)
}

// restored are the rows that only a restored hub fires.
var restored = []string{"1", "2", "5"}

var stories = []story{
	{"", "a run that was just applied", func(w *scene) {
		w.await(w.code("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"3", "a running run is deleted", func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, be(v1.PhaseRunning))
		w.forget(run)
	}},
	{"4", "an attempt that was given up is seen finished", lateOutcome},
	{"6", "a run is cancelled before it is placed", func(w *scene) {
		run := w.docs("sim-ok", on("nowhere"))
		w.await(run, be(v1.PhasePending, v1.ReasonNoCandidate))
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseCancelled), attempts(0))
	}},
	{"7", "a run is cancelled between two attempts", func(w *scene) {
		run := w.suspended("sim-hang")
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseCancelled), attempts(1))
	}},
	{"8", "a running run is cancelled", cancelled},
	{"9", "an agent succeeds", func(w *scene) {
		w.await(w.docs("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"10", "an agent fails, and the next one does not", failsOnce},
	{"11", "an agent fails for good", func(w *scene) {
		w.await(w.docs("sim-fail", retries(0)), be(v1.PhaseFailed, v1.ClassAgentError), attempts(1))
	}},
	{"12", "something else is asked of a running run", func(w *scene) {
		run := w.docs("sim-hang-once")
		w.await(run, be(v1.PhaseRunning))
		w.ask(run, again)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
	{"13", "a running run is suspended", resumed},
	{"14", "a running run has had its time", func(w *scene) {
		w.await(w.docs("sim-hang", within), be(v1.PhaseFailed, v1.ClassRunDeadlineExceeded), attempts(1))
	}},
	{"15", "an agent does not start in time", func(w *scene) {
		run := w.docs("sim-never-starts", func(s *v1.RunSpec) { s.ProvisioningDeadlineSeconds = new(int32(30)) })
		w.await(run, be(v1.PhaseFailed, v1.ClassProvisioningDeadlineExceeded), attempts(1))
	}},
	{"16", "a Job is deleted and leaves its pod", orphaned},
	{"17", "a Job and its pod vanish, and a retry was asked for", func(w *scene) {
		run := w.docs("sim-hang-once", func(s *v1.RunSpec) { s.Retry.AlsoOn = []v1.FailureClass{v1.ClassOutcomeUnknown} })
		w.await(run, be(v1.PhaseRunning))
		w.remove(east, w.job(east), metav1.DeletePropagationBackground)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
	{"18", "a Job and its pod vanish", func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, be(v1.PhaseRunning))
		w.remove(east, w.job(east), metav1.DeletePropagationBackground)
		w.await(run, be(v1.PhaseFailed, v1.ClassOutcomeUnknown), attempts(1))
	}},
	{"19", "a member is lost before a Job is authorised", lostMember},
	{"20", "a member refuses an object for good", refused},
	{"21", "a Job is seen", func(w *scene) {
		w.await(w.code("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"22", "an agent starts", cancelled},
	{"23", "a cancelled agent has ended", cancelled},
	{"24", "an agent succeeds before its stop reaches it", func(w *scene) {
		stop := east.gate.refuse(503, w.to("PATCH pods"))
		defer stop.lift()
		run := w.docs("sim-slow-25s")
		w.await(run, be(v1.PhaseRunning))
		w.ask(run, suspend)
		w.await(run, be(v1.PhaseSucceeded), attempts(1))
	}},
	{"25", "a suspended agent has ended", resumed},
	{"26", "an agent that was stopped has failed", orphaned},
	{"27", "something else is asked of a run that waits", func(w *scene) {
		run := w.suspended("sim-hang-once")
		w.ask(run, again)
		w.await(run, be(v1.PhaseRetrying), HaveField("ContextVersion", int32(2)))
		w.ask(run, resume)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
	{"28a", "a run has had its time before it was placed", func(w *scene) {
		w.await(w.docs("sim-ok", on("nowhere"), within), be(v1.PhaseFailed, v1.ClassRunDeadlineExceeded), attempts(0))
	}},
	{"28b", "a run has had its time between two attempts", func(w *scene) {
		w.await(w.suspended("sim-hang", within), be(v1.PhaseFailed, v1.ClassRunDeadlineExceeded), attempts(1))
	}},
	{"29", "a member takes a run", func(w *scene) {
		w.await(w.code("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"30", "a member takes the next attempt", failsOnce},
	{"31", "more is asked of a run that succeeded", func(w *scene) {
		run := w.docs("sim-ok")
		w.await(run, be(v1.PhaseSucceeded))
		w.ask(run, again)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
}

func cancelled(w *scene) {
	run := w.docs("sim-hang")
	w.await(run, be(v1.PhaseRunning))
	w.ask(run, cancel)
	w.await(run, be(v1.PhaseCancelled), attempts(1))
}

// suspended is a run whose first attempt was stopped, and that waits.
func (w *scene) suspended(name string, edits ...func(*v1.RunSpec)) v1.Run {
	run := w.docs(name, edits...)
	w.await(run, be(v1.PhaseRunning))
	w.ask(run, suspend)
	w.await(run, be(v1.PhaseRetrying, v1.ReasonSuspended))
	return run
}

func resumed(w *scene) {
	run := w.suspended("sim-hang-once")
	w.ask(run, resume)
	w.await(run, be(v1.PhaseSucceeded), attempts(2))
}

func failsOnce(w *scene) {
	w.await(w.docs("sim-fail-once"), be(v1.PhaseSucceeded), attempts(2))
}

func orphaned(w *scene) {
	run := w.docs("sim-hang", retries(0))
	w.await(run, be(v1.PhaseRunning))
	w.remove(east, w.job(east), metav1.DeletePropagationOrphan)
	w.await(run, be(v1.PhaseFailed), attempts(1))
}

// refused is told by a ConfigMap that bears the name of the attempt's.
func refused(w *scene) {
	run := w.docs("sim-ok", suspend)
	taken := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.namespace, Name: v1.AttemptName(run.Name, run.UID, 1),
	}}
	w.Expect(east.Create(w.ctx, taken)).To(Succeed())
	w.ask(run, resume)
	w.await(run, be(v1.PhaseFailed, v1.ClassRefused), attempts(1))
	w.Expect(east.Delete(w.ctx, taken)).To(Succeed(), "it is somebody else's, and stays")
}

// The two stories of a lost member share its absence: while nothing of west passes, one run is moved from it, and the
// attempt of the other is given up.
var (
	moving = make(chan struct{}) // closed when one is about to be created on west
	silent = make(chan struct{}) // closed when west is not reached any more
	moved  = make(chan struct{}) // closed when the run that was moved has ended
)

// lostMember is told by a member that creates no Job, and then does not answer.
func lostMember(w *scene) {
	refusal := west.gate.refuse(503, w.to("POST jobs"))
	defer refusal.lift()
	run := w.docs("sim-ok", anywhere)
	w.await(run, be(v1.PhaseProvisioning), HaveField("Cluster", westName))
	w.Eventually(refusal.met, patience).Should(BeClosed())
	close(moving)
	w.Eventually(silent, patience).Should(BeClosed())
	s := w.await(run, be(v1.PhaseSucceeded), attempts(2))
	w.Expect(s.Cluster).To(Equal(eastName))
	close(moved)
}

// lateOutcome is told by an agent that fails behind its fence.
func lateOutcome(w *scene) {
	w.Eventually(moving, patience).Should(BeClosed())
	run := w.code("sim-hang", on(westName)) // its deadline is the configuration's, and short
	w.await(run, be(v1.PhaseRunning))
	west.gate.cut(true)
	defer west.gate.cut(false)
	close(silent)
	w.await(run, be(v1.PhaseFailed, v1.ClassClusterLost), HaveField("Attempts", HaveExactElements(HaveField("EndedBy", v1.EndFenced))))
	w.Eventually(moved, patience).Should(BeClosed())
	west.gate.cut(false)
	w.await(run, HaveField("History", ContainElement(HaveField("On", string(lifecycle.LateOutcome)))))
}

func TestEveryRowHasAStory(t *testing.T) {
	told := map[string]int{}
	for _, s := range stories {
		told[s.row]++
	}
	for _, row := range restored {
		told[row]++
	}
	for _, row := range lifecycle.DocsTable().Rows {
		if told[row.ID] != 1 {
			t.Errorf("row %s (%s) has %d stories, want 1: see the table in this file", row.ID, row.Doc, told[row.ID])
		}
		delete(told, row.ID)
	}
	if delete(told, ""); len(told) > 0 {
		t.Errorf("there are stories of rows that are none: %v", told)
	}
}
