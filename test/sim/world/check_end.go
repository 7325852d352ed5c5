package world

import (
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// conclude asks what must hold when nothing is pending: every run is final or gone (I12), nothing of those that are gone
// is left (I9), and nothing that is not finished of the others.
func (w *world) conclude() {
	for _, s := range w.runs {
		run := w.run(s)
		if run == nil {
			if left := w.leftovers(s); len(left) > 0 {
				w.failf("I9: %s is gone and left %s", s, strings.Join(left, ", "))
			}
			continue
		}
		status := *run.RunStatus()
		w.result.Phases = append(w.result.Phases, status.Phase)
		switch {
		case !lifecycle.Settled(status):
			w.failf("I12: nothing is pending and %s is %s: %s", s, status.Phase, status.Message)
		case status.ContextVersion < run.RunSpec().ContextVersion:
			w.failf("I12: nothing is pending and %s has not seen version %d", s, run.RunSpec().ContextVersion)
		case run.GetDeletionTimestamp() != nil:
			w.failf("I9: nothing is pending and %s is still being deleted", s)
		}
		w.checkCleared(s, run)
	}
	w.probeAll("after the end")
}

// misled says that a Job was made on another cluster than its attempt's, at its address, or for an attempt that the hub has
// forgotten: nobody will release it, and it goes with its run.
func (w *world) misled(run v1.Run, job *batchv1.Job, m *member.Member) bool {
	n, _ := strconv.ParseInt(job.Labels[v1.LabelAttempt], 10, 32)
	e := apiserver.Attempt(*run.RunStatus(), int32(n))
	forgotten := w.watched.restores > 0 && int32(n) > run.RunStatus().Attempt
	return (forgotten || e != nil && e.ClusterUID != m.UID) && inert(job)
}

// checkCleared: in a final state nothing of a run is unfinished, and after its retention nothing is left.
func (w *world) checkCleared(s *subject, run v1.Run) {
	for _, m := range w.Members {
		if w.registered(m) == nil {
			continue // nobody reaches it
		}
		for _, o := range m.Holds(s.uid) {
			switch o := o.(type) {
			case *batchv1.Job:
				if !member.Finished(o) && !w.misled(run, o, m) {
					w.failf("I9: %s is %s and Job %s on %s is not finished", s, run.RunStatus().Phase, o.Name, m.Name)
				}
			case *corev1.Pod:
				if !member.Ended(o) {
					w.failf("I9: %s is %s and pod %s on %s has not ended", s, run.RunStatus().Phase, o.Name, m.Name)
				}
			}
		}
	}
}
