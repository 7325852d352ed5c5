//go:build faults

package faults

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// moments are the phases in which somebody deletes a run's Job or pod: how the run comes there, what it is asked afterwards,
// and how it must end.
var moments = []struct {
	phase v1.Phase
	come  func(*scene) v1.Run
	after func(*v1.RunSpec)
	end   types.GomegaMatcher
}{
	{v1.PhaseProvisioning, func(w *scene) v1.Run {
		release := east.gate.refuse(503, w.to("PATCH jobs"))
		w.atEnd = append(w.atEnd, release.lift)
		run := w.docs("sim-ok", retries(0))
		w.await(run, be(v1.PhaseProvisioning), HaveField("Attempts", HaveExactElements(HaveField("JobUID", Not(BeEmpty())))))
		return run
	}, nil, And(be(v1.PhaseFailed, v1.ClassOutcomeUnknown), attempts(1))},

	{v1.PhaseRunning, func(w *scene) v1.Run {
		run := w.docs("sim-hang", retries(0))
		w.await(run, be(v1.PhaseRunning))
		return run
	}, nil, And(be(v1.PhaseFailed), attempts(1))},

	{v1.PhaseStopping, func(w *scene) v1.Run {
		run := w.docs("sim-deaf")
		w.await(run, be(v1.PhaseRunning))
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseStopping))
		return run
	}, nil, And(be(v1.PhaseCancelled), attempts(1))},

	{v1.PhaseRetrying, func(w *scene) v1.Run { return w.suspended("sim-hang-once") }, resume, And(be(v1.PhaseSucceeded), attempts(2))},

	{v1.PhaseSucceeded, func(w *scene) v1.Run {
		run := w.docs("sim-ok", kept)
		w.await(run, be(v1.PhaseSucceeded))
		return run
	}, nil, And(be(v1.PhaseSucceeded), attempts(1))},
}

// deletions are what somebody deletes, and how.
var deletions = map[string]func(*scene){
	"Job in the background": func(w *scene) { w.remove(east, w.job(east), metav1.DeletePropagationBackground) },
	"Job in the foreground": func(w *scene) { w.remove(east, w.job(east), metav1.DeletePropagationForeground) },
	"Job without its pod":   func(w *scene) { w.remove(east, w.job(east), metav1.DeletePropagationOrphan) },
	"pod":                   func(w *scene) { w.removePod() },
}

// removePod deletes a pod, and leaves it as a kubelet would until its Job has counted it: the simulated one leaves it running.
func (w *scene) removePod() {
	pod := w.pod(east)
	w.remove(east, pod, metav1.DeletePropagationBackground)
	w.Eventually(func() error {
		err := east.Get(w.ctx, client.ObjectKeyFromObject(pod), pod)
		if err != nil || pod.Status.Phase != corev1.PodRunning {
			return client.IgnoreNotFound(err)
		}
		pod.Status.Phase = corev1.PodFailed
		pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 137, Reason: "Error", StartedAt: pod.CreationTimestamp, FinishedAt: metav1.Now(),
		}}
		return client.IgnoreNotFound(east.Status().Update(w.ctx, pod))
	}).Should(Succeed())
}

var _ = Describe("Objects that somebody deletes by hand", Ordered, ContinueOnFailure, func() {
	ended := map[v1.Phase]map[string]<-chan string{}

	BeforeAll(func() { // all at the same time, as in the kill table
		for _, m := range moments {
			ended[m.phase] = map[string]<-chan string{}
			for name, remove := range deletions {
				if m.phase == v1.PhaseProvisioning && name == "pod" {
					continue // it has none
				}
				namespace := strings.ToLower(fmt.Sprintf("%s-%s", m.phase, strings.ReplaceAll(name, " ", "-")))
				ended[m.phase][name] = tell(all, namespace, func(w *scene) {
					run := m.come(w)
					remove(w)
					if m.after != nil {
						w.ask(run, m.after)
					}
					w.await(run, m.end)
					w.forget(run)
					w.awaitEmpty()
				})
			}
		}
	})

	for _, m := range moments {
		It(fmt.Sprintf("F16: in %s neither start anything twice nor hold the run up", m.phase), func(ctx SpecContext) {
			for name, e := range ended[m.phase] {
				var failed string
				Eventually(ctx, e).WithTimeout(patience).Should(Receive(&failed), name)
				Expect(failed).To(BeEmpty(), name)
			}
			Expect(recorded.findings()).To(BeEmpty())
		})
	}
})
