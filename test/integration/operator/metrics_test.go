package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("What the operator tells of its runs", func() {
	Story("I1: has an agent that lives beside another one of its run, on whichever member", func(w *scene) {
		run := w.docs("sim-hang", on[*v1.DocsRun]("east"))
		w.await(run, v1.PhaseRunning)
		tells := func(name string, labels ...string) func() float64 {
			return func() float64 { return w.fleet.replica.Metric(name, labels...) }
		}
		w.Eventually(tells("runfleet_live_agents", `cluster="east"`)).Should(BeNumerically(">=", 1))
		w.Eventually(tells("runfleet_runs", `phase="Running"`, `cluster="east"`, `kind="DocsRun"`)).Should(BeNumerically(">=", 1))
		w.Expect(tells("runfleet_surplus_agents")()).To(BeZero())

		agent := w.pods(run)[0]
		another := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "another", Namespace: w.namespace, Annotations: map[string]string{v1.AnnotationHome: agent.Annotations[v1.AnnotationHome]},
				Labels: map[string]string{
					v1.LabelManaged: "true", v1.LabelHub: agent.Labels[v1.LabelHub], v1.LabelRunUID: string(run.UID), v1.LabelAttempt: "7",
				},
			},
			Spec: *agent.Spec.DeepCopy(),
		}
		another.Spec.NodeName, another.Spec.NodeSelector = "", map[string]string{"is": "nowhere"} // so that it stays as it is
		w.Expect(west.Create(w.ctx, another)).To(Succeed())
		w.Eventually(tells("runfleet_surplus_agents")).Should(Equal(1.0))
		w.Expect(west.Delete(w.ctx, another)).To(Succeed())
		w.Eventually(tells("runfleet_surplus_agents")).Should(BeZero())
		w.forget(run)
	})
})
