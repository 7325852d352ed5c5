//go:build faults

package fencing

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("A member whose credentials change", Ordered, func() {
	var (
		w      *scene
		run    *v1.DocsRun
		fenced *v1.DocsRun
	)

	BeforeAll(func() {
		w = newScene(life, "credentials", Fail)
		w.fencing(7)
		w.schedule("east")
		w.Eventually(w.member("east")).Should(HavePrefix("True"))
		run = w.docs("sim-slow-10s-goes-on", long)
		fenced = w.docs("sim-hang-fenced", short)
		w.await(run, v1.PhaseRunning)
		w.await(fenced, v1.PhaseRunning)
		w.schedule("west")
	})

	It("F14: that are rotated disturbs nobody", func(ctx SpecContext) {
		short, err := east.UserUntil(time.Now().Add(4*time.Second), "runfleet")
		w.Expect(err).NotTo(HaveOccurred())
		write(ctx, "east", bed.KubeconfigOf(short, toEast.Address()))
		w.Consistently(w.reachable(run), "1s").Should(HavePrefix("True"))
		w.Expect(run.Status).To(be(v1.PhaseRunning))
	})

	It("F14: that expire is told by its reason, and no run there changes but by its fence", func() {
		w.Eventually(w.member("east")).Should(And(HavePrefix("False "+v1.ReasonCredentialsRefused), ContainSubstring("into the Secret")))
		w.Eventually(w.reachable(run)).Should(HavePrefix("Unknown Unreachable"))
		w.Expect(run.Status).To(be(v1.PhaseRunning))
		s := w.await(fenced, v1.PhaseFailed, string(v1.ClassClusterLost))
		w.fenced(s.Attempts[0])
		w.Expect(w.status(run)()).To(be(v1.PhaseRunning))
	})

	It("F14: that are valid again goes on with what is there", func(ctx SpecContext) {
		write(ctx, "east", bed.KubeconfigOf(east.Agent, toEast.Address()))
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.Attempts).To(HaveLen(1))
		w.Eventually(w.status(fenced)).Should(HaveField("Attempts", ConsistOf(HaveField("OutcomeRecorded", HaveValue(BeTrue())))))
	})
})
