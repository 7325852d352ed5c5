//go:build faults

package fencing

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// The hub's own API server serves as the cluster that nobody means.
var _ = Describe("A member that is removed while runs are out", Ordered, func() {
	var (
		w                                  *scene
		goesOn, waits, moves, gone, gaveUp *v1.DocsRun
	)

	BeforeAll(func(ctx SpecContext) {
		w = newScene(life, "removed", Fail)
		w.fencing(7)
		w.schedule("east")
		w.Eventually(w.member("east")).Should(HavePrefix("True"))
		goesOn = w.docs("sim-slow-11s-goes-on", long)
		gaveUp = w.docs("sim-hang-gave-up", long)
		waits = w.docs("sim-hang-waits", short)
		moves = w.docs("sim-hang-once-moves", short, lost(v1.ClusterLostReschedule))
		gone = w.docs("sim-hang-gone", short)
		for _, run := range []v1.Run{goesOn, gaveUp, waits, moves, gone} {
			w.await(run, v1.PhaseRunning)
		}
		w.schedule("west")
		unregister(ctx, "east")
		w.cancel(gaveUp)
		w.Eventually(w.reachable(gaveUp)).Should(HavePrefix("False"))
		w.abandon(gaveUp, "1")
		w.Expect(hub.Delete(ctx, gone)).To(Succeed())
	})

	It("F12: is said to be unregistered, and its agents are left alone", func() {
		for _, run := range []v1.Run{goesOn, waits, moves} {
			w.Eventually(w.reachable(run)).Should(Equal("False Unregistered: member east has no MemberCluster any more"))
			w.Expect(run.RunStatus()).To(HaveValue(be(v1.PhaseRunning)))
		}
		w.Expect(w.await(gaveUp, v1.PhaseCancelled).Attempts[0].EndedBy).To(Equal(v1.EndAbandoned))
	})

	It("F13: and comes back as another cluster is not taken for what it was: nothing is sent there", func(ctx SpecContext) {
		stranger := hub.Admin // who may do everything, so that nothing but the identity is in the way
		w.Expect(hub.Register(ctx, "east", bed.KubeconfigOf(stranger, ""), nil)).To(Succeed())
		w.schedule("west")
		w.Eventually(w.member("east")).Should(HavePrefix("False Cordoned"))
		w.Eventually(w.reachable(goesOn)).Should(Equal("False IdentityChanged: member east is another cluster than before"))
		w.Expect(goesOn.Status).To(be(v1.PhaseRunning))
		w.Expect(goesOn.Status.Attempts[0].ClusterUID).To(Equal(identity(ctx, east)))
	})

	It("F12 F13: is followed by what onClusterLost says, after the fence", func() {
		s := w.await(waits, v1.PhaseFailed, string(v1.ClassClusterLost))
		w.fenced(s.Attempts[0])
		s = w.await(moves, v1.PhaseSucceeded)
		w.fenced(s.Attempts[0])
		w.Expect(s.Attempts[1].Cluster).To(Equal("west"))
		w.gone(gone)
		for _, run := range []v1.Run{goesOn, waits, moves, gaveUp} {
			w.Expect(w.things(hub, run)()).To(Equal([3]int{}), "on the stranger")
		}
	})

	It("F12: and added again is what it was: its runs go on, and late outcomes are recorded", func(ctx SpecContext) {
		unregister(ctx, "east")
		w.Eventually(w.reachable(goesOn)).Should(HavePrefix("False Unregistered"))
		w.Expect(hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, toEast.Address()), nil)).To(Succeed())
		s := w.await(goesOn, v1.PhaseSucceeded)
		w.Expect(s.Attempts).To(HaveExactElements(HaveField("EndedBy", v1.EndJobFinished)))
		w.Eventually(w.status(waits)).Should(HaveField("Attempts", ConsistOf(HaveField("OutcomeRecorded", HaveValue(BeTrue())))))
		w.Expect(waits.Status).To(be(v1.PhaseFailed, string(v1.ClassClusterLost)))
		w.Eventually(func() int { return len(w.pods(east, gaveUp)) }).Should(BeZero(), "the agent that a person gave up is ended")
	})
})
