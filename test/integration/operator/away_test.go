package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("A member that is away for a while", func() {
	for how, away := range map[string]func(*bed.Detour){
		"cut off":       (*bed.Detour).CutOff,
		"fallen silent": (*bed.Detour).FallSilent,
	} {
		text := "behaviour 8: changes nothing about its runs but what is known, holds back one that is deleted, and all go on when it is back"
		Chapter("("+how+") "+text, func(w *scene) {
			deleted, elsewhere := w.docs("sim-hang-deleted", on[*v1.DocsRun]("east")), w.docs("sim-hang-elsewhere", on[*v1.DocsRun]("west"))
			w.await(deleted, v1.PhaseRunning)
			w.await(elsewhere, v1.PhaseRunning)
			run := w.docs("sim-slow-5s", on[*v1.DocsRun]("east")) // last, since its agent ends by itself
			w.await(run, v1.PhaseRunning)
			away(w.fleet.toEast)
			defer w.fleet.toEast.Heal()
			w.Eventually(w.reachable).WithArguments(run).Should(Equal(metav1.ConditionUnknown))
			w.Expect(run.Status).To(be(v1.PhaseRunning))
			w.Expect(w.hub.Delete(w.ctx, deleted)).To(Succeed())
			w.Eventually(w.status(deleted)).Should(And(be(v1.PhaseTerminating), says("member east is unreachable")))
			w.forget(elsewhere) // it is held up by nothing that it never held
			w.Expect(w.await(w.docs("elsewhere"), v1.PhaseSucceeded).Cluster).To(Equal("west"), "the others do not wait")
			w.Eventually(w.jobs).WithArguments(run).Should(HaveExactElements(HaveField("Status.Succeeded", int32(1))))

			w.Consistently(w.status(run)).Should(be(v1.PhaseRunning))
			w.Expect(w.status(deleted)()).To(be(v1.PhaseTerminating))
			w.Expect(w.read(deleted).GetFinalizers()).To(ConsistOf(v1.Finalizer))
			w.Expect(w.jobs(deleted)).To(HaveLen(1))
			w.fleet.toEast.Heal()
			w.Expect(trail(w.await(run, v1.PhaseSucceeded))).To(Equal(happy))
			w.gone(deleted)
			w.Expect(w.things(deleted)()).To(Equal([3]int{}))
			w.once(run)
		})
	}

	Chapter("is replaced where its Job was not authorised yet, and the run goes elsewhere", func(w *scene) {
		run := w.docs("sim-slow-1s", with[*v1.DocsRun](func(s *v1.RunSpec) { s.Suspend = true }))
		w.Eventually(w.status(run)).Should(be(v1.PhasePending, v1.ReasonSuspended))
		w.fleet.toEast.FallSilent()
		defer w.fleet.toEast.Heal()
		w.ask(run, func() { run.Spec.Suspend = false })
		// It was chosen before its silence was noticed, or the other was at once: either way the run ends in time.
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.Cluster).To(Equal("west"))
		w.fleet.toEast.Heal()
		w.Eventually(w.attempts(run, "Pod")).Should(Equal(1))
	})
})

// reachable is the status of the condition about a run's member.
func (w *scene) reachable(run v1.Run) metav1.ConditionStatus {
	return condition(w.status(run)(), v1.ConditionClusterReachable).Status
}
