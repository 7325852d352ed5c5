//go:build faults

package fencing

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// excuse lets a run break what the recorder asks for: its test breaks an assumption of docs/fencing.md on purpose.
func (w *scene) excuse(run types.UID) {
	seen.mu.Lock()
	defer seen.mu.Unlock()
	seen.excused[run] = true
}

// toggle changes spec.suspend of a run's Job by hand.
func (w *scene) toggle(run v1.Run, suspend string) {
	job := w.jobs(west, run)[0]
	w.Expect(west.Patch(w.ctx, &job, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":`+suspend+`}}`)))).To(Succeed())
}

// What happens when an assumption of the protocol does not hold: docs/fencing.md names these stories.
var _ = Describe("Assumption broken:", func() {
	Story("somebody suspends an agent's Job and resumes it: the attempt starts a second pod, one after the other", func(w *scene) {
		run := w.docs("sim-hang", long)
		w.excuse(run.UID)
		w.await(run, v1.PhaseRunning)
		w.toggle(run, "true")
		w.Eventually(func() int { return len(w.pods(west, run)) }).Should(BeZero())
		w.Consistently(w.status(run)).Should(be(v1.PhaseRunning))
		w.toggle(run, "false")
		w.Eventually(seen.starts(run)).Should(Equal([]string{"1 on west", "1 on west"}))
		w.Expect(w.status(run)()).To(And(be(v1.PhaseRunning), HaveField("Attempt", int32(1))))
		w.cancel(run)
		w.await(run, v1.PhaseCancelled)
	})

	Story("somebody suspends an agent's Job and leaves it so: the attempt ends at its deadline", func(w *scene) {
		run := w.docs("sim-hang", short)
		w.excuse(run.UID)
		w.await(run, v1.PhaseRunning)
		w.toggle(run, "true")
		s := w.await(run, v1.PhaseFailed)
		w.Expect(trail(s)).To(ContainElements("Running DeadlinePassed Stopping", "Stopping AgentGone Failed"))
		w.Expect(s.Attempts).To(HaveExactElements(HaveField("EndedBy", Or(Equal(v1.EndSeenGone), Equal(v1.EndFenced)))))
		w.Eventually(func() int { return len(w.jobs(west, run)) }).Should(BeZero())
	})

	Story("somebody else's pod bears our labels: it is taken for the attempt's agent, whose end is believed when both have ended, or at the fence", func(w *scene) {
		run := w.docs("sim-hang", short)
		w.excuse(run.UID)
		w.await(run, v1.PhaseRunning)
		w.forge("sim-hang-forged", run.UID, "1")
		w.Eventually(func() int { return len(seen.starts(run)()) }).Should(Equal(2))
		w.Expect(west.Delete(w.ctx, &w.jobs(west, run)[0], client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		w.Eventually(w.status(run)).Should(HaveField("Attempts", ContainElement(HaveField("EndedAt", Not(BeNil())))))
		w.Expect(trail(run.Status)).To(ContainElement("Running AgentOrphaned Stopping"))
		if e := run.Status.Attempts[0]; e.EndedBy != v1.EndSeenGone {
			w.fenced(e)
		}
		w.cancel(run)
		w.await(run, v1.PhaseCancelled)
	})

	Story("a Job's status says Failed while its pod lives: the run fails, and the agent lives on to its pod's own deadline", func(w *scene) {
		run := w.docs("sim-hang", short)
		w.excuse(run.UID)
		w.await(run, v1.PhaseRunning)
		w.Eventually(func() error { return w.lie(run) }).Should(Succeed())
		s := w.await(run, v1.PhaseFailed, string(v1.ClassOutcomeUnknown))
		w.Expect(s.Attempts).To(HaveExactElements(HaveField("EndedBy", v1.EndJobFinished)))
		w.Expect(w.pods(west, run)).To(HaveExactElements(HaveField("Status.Phase", corev1.PodRunning)))
		w.Eventually(func() []corev1.Pod { return w.pods(west, run) }).Should(HaveExactElements(HaveField("Status.Phase", corev1.PodFailed)))
	})
})

// forge makes a pod on west that bears our labels.
func (w *scene) forge(name string, run types.UID, attempt string) {
	w.Expect(west.Create(w.ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace, Labels: map[string]string{
			v1.LabelManaged: "true", v1.LabelRunUID: string(run), v1.LabelAttempt: attempt,
		}},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers:    []corev1.Container{{Name: "agent", Image: "registry.example.com/agent:1"}},
		},
	})).To(Succeed())
}

// lie lets the Job of a run say that it failed, whatever its pod does.
func (w *scene) lie(run v1.Run) error {
	job, now := w.jobs(west, run)[0], metav1.Now()
	for _, kind := range []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed} {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
			Type: kind, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonBackoffLimitExceeded, LastTransitionTime: now, LastProbeTime: now,
		})
	}
	job.Status.Active, job.Status.Ready, job.Status.Terminating, job.Status.Failed = 0, new(int32(0)), new(int32(0)), 1
	return west.Status().Update(w.ctx, &job)
}

var _ = Describe("The recorder", func() {
	Story("sees what it looks for: two agents of a run at once, and an attempt that starts twice", func(w *scene) {
		const run = "00000000-0000-4000-8000-000000000001"
		w.excuse(run)
		ctx, cancel := context.WithCancel(w.ctx)
		defer cancel()
		r := newRecorder()
		w.Expect(r.follow(ctx, west)).To(Succeed())
		w.forge("sim-hang-first", run, "1")
		w.Eventually(func() int { return len(w.starts(r, run)) }).Should(Equal(1))
		w.Expect(r.wrong()).To(BeEmpty())
		w.forge("sim-hang-next", run, "2")
		w.Eventually(r.wrong).Should(ConsistOf(ContainSubstring("lives beside")))
		w.forge("sim-ok-again", run, "1")
		w.Eventually(r.wrong).Should(ContainElement(ContainSubstring("started a second time")))
	})
})

// starts is recorder.starts of a run that is none.
func (w *scene) starts(r *recorder, run types.UID) []string {
	return r.starts(&v1.DocsRun{ObjectMeta: metav1.ObjectMeta{UID: run}})()
}
