package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// removeJob deletes the Job of a run as a person would, with a propagation policy.
func (w *scene) removeJob(run v1.Run, policy metav1.DeletionPropagation) {
	job := w.jobs(run)[0]
	w.Expect(w.member(*run.RunStatus()).Delete(w.ctx, &job, client.PropagationPolicy(policy))).To(Succeed())
}

var _ = Describe("A run whose objects somebody deletes", func() {
	Story("has an unknown outcome when its Job and pod vanish, which is not retried unless asked for", func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, v1.PhaseRunning)
		w.removeJob(run, metav1.DeletePropagationBackground)
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassOutcomeUnknown)), says("Find out who deletes them")))
		w.Expect(s.Attempts).To(HaveExactElements(And(HaveField("EndedBy", v1.EndSeenGone), HaveField("OutcomeRecorded", Equal(new(true))))))
		w.Consistently(w.attempts(run, "Job")).Should(Equal(1))
	})

	Story("starts a numbered attempt where spec.retry asks for one after an unknown outcome", func(w *scene) {
		run := w.docs("sim-hang", with[*v1.DocsRun](func(s *v1.RunSpec) {
			s.Retry.AlsoOn = []v1.FailureClass{v1.ClassOutcomeUnknown}
		}))
		w.await(run, v1.PhaseRunning)
		w.removeJob(run, metav1.DeletePropagationForeground)
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseRunning), HaveField("Attempt", int32(2)), HaveField("RetryCount", int32(1))))
		w.forget(run)
	})

	Story("ends the pod gently that a deleted Job left behind, and then goes on by its class", func(w *scene) {
		run := w.docs("sim-hang", retries[*v1.DocsRun](0))
		w.await(run, v1.PhaseRunning)
		w.removeJob(run, metav1.DeletePropagationOrphan)
		s := w.await(run, v1.PhaseFailed)
		w.Expect(trail(s)).To(HaveExactElements(happy[0], happy[1], happy[2], "Running AgentOrphaned Stopping", "Stopping AgentGone Failed"))
		w.Expect(s.Attempts[0]).To(And(HaveField("ExitCode", Equal(new(int32(143)))), HaveField("EndedBy", v1.EndSeenGone)))
		w.Expect(s.Usage).NotTo(BeNil(), "its last words were read")
		w.forget(run)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})

	Story("takes a pod that was deleted for what it is", func(w *scene) {
		run := w.docs("sim-hang", retries[*v1.DocsRun](0))
		s := w.await(run, v1.PhaseRunning)
		pod := w.pods(run)[0]
		w.Expect(w.member(s).Delete(w.ctx, &pod)).To(Succeed())
		w.Eventually(func() error { // as a kubelet leaves it until its Job has counted it
			if err := w.member(s).Get(w.ctx, client.ObjectKeyFromObject(&pod), &pod); err != nil {
				return err
			}
			pod.Status.Phase = corev1.PodFailed
			pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: 137, Reason: "Error", StartedAt: pod.CreationTimestamp, FinishedAt: metav1.Now(),
			}}
			return w.member(s).Status().Update(w.ctx, &pod)
		}).Should(Succeed())
		s = w.await(run, v1.PhaseFailed)
		w.Expect(s.Reason).To(Or(Equal(string(v1.ClassOutcomeMissing)), Equal(string(v1.ClassOutcomeUnknown))), "whether it was seen ended")
		w.Expect(w.attempts(run, "Pod")()).To(Equal(1), "the Job does not make another one")
	})

	Story("does not mind the loss of its ConfigMap while its agent runs", func(w *scene) {
		run := w.docs("sim-slow-5s")
		s := w.await(run, v1.PhaseRunning)
		inputs := w.inputs(run)[0]
		w.Expect(w.member(s).Delete(w.ctx, &inputs)).To(Succeed())
		w.Expect(w.await(run, v1.PhaseSucceeded).Attempt).To(Equal(int32(1)))
	})

	Story("puts its finalizer back where somebody removes it before a member is chosen", func(w *scene) {
		run := w.docs("bare", on[*v1.DocsRun]("nowhere"))
		w.Eventually(w.status(run)).Should(be(v1.PhasePending, v1.ReasonNoCandidate))
		w.ask(run, func() { run.Finalizers = nil })
		w.Eventually(func() []string { return w.read(run).GetFinalizers() }).Should(ConsistOf(v1.Finalizer))
	})
})
