//go:build faults

package faults

import (
	"slices"
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
	after []string // the effects until the next commit, at least: the operator survives none of them
	tell  func(*scene)
}

// What states do that several rows lead to.
var (
	ends    = []string{"PATCH pods"} // an agent is told to end
	removed = []string{"DELETE jobs", "DELETE configmaps"}
)

var stories = []story{
	{"", "F1: a run that was just applied", []string{"PATCH coderuns", "POST leases", "POST leases"}, func(w *scene) {
		w.await(w.code("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"3", "F1: a running run is deleted", []string{"DELETE jobs", "DELETE configmaps", "PATCH docsruns"}, func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, be(v1.PhaseRunning))
		w.forget(run)
	}},
	{"4", "F1 F4: an attempt that was given up is seen finished", removed, lateOutcome},
	{"6", "F1: a run is cancelled before it is placed", nil, func(w *scene) {
		run := w.docs("sim-ok", on("nowhere"))
		w.await(run, be(v1.PhasePending, v1.ReasonNoCandidate))
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseCancelled), attempts(0))
	}},
	{"7", "F1 F32: a run is cancelled between two attempts", removed, func(w *scene) {
		run := w.suspended("sim-hang")
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseCancelled), attempts(1))
	}},
	{"8", "F1 F32: a running run is cancelled", ends, cancelled},
	{"9", "F1: an agent succeeds", removed, func(w *scene) {
		w.await(w.docs("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"10", "F1: an agent fails, and the next one does not", nil, failsOnce},
	{"11", "F1: an agent fails for good", removed, func(w *scene) {
		w.await(w.docs("sim-fail", retries(0)), be(v1.PhaseFailed, v1.ClassAgentError), attempts(1))
	}},
	{"12", "F1: something else is asked of a running run", ends, func(w *scene) {
		run := w.docs("sim-hang-once")
		w.await(run, be(v1.PhaseRunning))
		w.ask(run, again)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
	{"13", "F1: a running run is suspended", ends, resumed},
	{"14", "F1: a running run has had its time", ends, func(w *scene) {
		later := func(s *v1.RunSpec) { s.TotalDeadlineSeconds = new(int32(90)) } // it must have been placed by then
		w.await(w.docs("sim-hang", later), be(v1.PhaseFailed, v1.ClassRunDeadlineExceeded), attempts(1))
	}},
	{"15", "F1: an agent does not start in time", ends, func(w *scene) {
		run := w.docs("sim-never-starts", func(s *v1.RunSpec) { s.ProvisioningDeadlineSeconds = new(int32(30)) })
		w.await(run, be(v1.PhaseFailed, v1.ClassProvisioningDeadlineExceeded), attempts(1))
	}},
	{"16", "F1 F16: a Job is deleted and leaves its pod", ends, orphaned},
	{"17", "F1 F16: a Job and its pod vanish, and a retry was asked for", nil, func(w *scene) {
		run := w.docs("sim-hang-once", func(s *v1.RunSpec) { s.Retry.AlsoOn = []v1.FailureClass{v1.ClassOutcomeUnknown} })
		w.await(run, be(v1.PhaseRunning))
		w.remove(east, w.job(east), metav1.DeletePropagationBackground)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
	{"18", "F1 F16: a Job and its pod vanish", []string{"DELETE configmaps"}, func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, be(v1.PhaseRunning))
		w.remove(east, w.job(east), metav1.DeletePropagationBackground)
		w.await(run, be(v1.PhaseFailed, v1.ClassOutcomeUnknown), attempts(1))
	}},
	{"19", "F1 F4: a member is lost before a Job is authorised", nil, lostMember},
	{"20", "F1: a member refuses an object for good", nil, refused},
	{"21", "F1: a Job is seen", []string{"PATCH jobs"}, func(w *scene) {
		w.await(w.code("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"22", "F1: an agent starts", nil, cancelled},
	{"23", "F1 F32: a cancelled agent has ended", removed, cancelled},
	{"24", "F1: an agent succeeds before its stop reaches it", removed, func(w *scene) {
		stop := east.gate.refuse(503, w.to("PATCH pods"))
		defer stop.lift()
		run := w.docs("sim-slow-25s")
		w.await(run, be(v1.PhaseRunning))
		w.ask(run, suspend)
		w.await(run, be(v1.PhaseSucceeded), attempts(1))
	}},
	{"25", "F1: a suspended agent has ended", nil, resumed},
	{"26", "F1 F16: an agent that was stopped has failed", []string{"DELETE pods", "DELETE configmaps"}, orphaned},
	{"27", "F1: something else is asked of a run that waits", nil, func(w *scene) {
		run := w.suspended("sim-hang-once")
		w.ask(run, again)
		w.await(run, be(v1.PhaseRetrying), HaveField("ContextVersion", int32(2)))
		w.ask(run, resume)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},
	{"28a", "F1: a run has had its time before it was placed", nil, func(w *scene) {
		w.await(w.docs("sim-ok", on("nowhere"), within), be(v1.PhaseFailed, v1.ClassRunDeadlineExceeded), attempts(0))
	}},
	{"28b", "F1: a run has had its time between two attempts", removed, func(w *scene) {
		run := w.suspended("sim-hang")
		w.ask(run, func(s *v1.RunSpec) { again(s); within(s) }) // from its creation on
		w.await(run, be(v1.PhaseFailed, v1.ClassRunDeadlineExceeded), attempts(1))
	}},
	{"29", "F1 F3: a member takes a run", []string{"POST persistentvolumeclaims", "POST configmaps", "POST jobs"}, func(w *scene) {
		w.await(w.code("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
	}},
	{"30", "F1 F3: a member takes the next attempt", []string{"POST configmaps", "POST jobs"}, failsOnce},
	{"31", "F1: more is asked of a run that succeeded", nil, func(w *scene) {
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
	for _, s := range append(slices.Concat(stories, restoredStories), upgraded) {
		told[s.row]++
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
