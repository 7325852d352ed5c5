//go:build faults

package faults

import (
	"net/http"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("The operator, frozen beyond its Lease while it creates Jobs", func() {
	It("F2 F3: does no harm when it wakes: its late Jobs stay suspended and are removed, and it ends", func(ctx SpecContext) {
		inert["frozen-cancelled"], inert["frozen-finished"] = true, true
		cancelled, finished := newScene(ctx, "frozen-cancelled", Fail), newScene(ctx, "frozen-finished", Fail)
		first, second := east.gate.hold(cancelled.to("POST jobs")), east.gate.hold(finished.to("POST jobs"))
		DeferCleanup(first.lift)
		DeferCleanup(second.lift)
		one, two := cancelled.docs("sim-ok"), finished.docs("sim-ok")
		Eventually(first.met).WithTimeout(patience).Should(BeClosed())
		Eventually(second.met).WithTimeout(patience).Should(BeClosed())

		old := operator.leave(syscall.SIGSTOP)
		cancelled.ask(one, cancel)
		cancelled.await(one, be(v1.PhaseCancelled), attempts(1))
		finished.await(two, be(v1.PhaseSucceeded), attempts(1)) // by a Job of its successor
		cancelled.awaitEmpty()
		finished.awaitEmpty()

		for _, late := range []*rule{first, second} { // what it had sent arrives, and then it sends whatever else it wants to
			late.lift()
			Eventually(late.answer.Load).Should(BeEquivalentTo(http.StatusCreated))
		}
		Expect(syscall.Kill(old.PID(), syscall.SIGCONT)).To(Succeed())
		Eventually(old.Done()).WithTimeout(time.Minute).Should(BeClosed(), "it leads no more, and ends to begin anew")
		cancelled.awaitEmpty()
		finished.awaitEmpty()
		Expect(recorded.of("Job", "frozen-cancelled")).NotTo(BeEmpty())
		Expect(len(recorded.of("Job", "frozen-finished"))).To(BeNumerically(">=", 2), "that of its successor, and the late one")
		Expect(recorded.of("pod", "frozen-cancelled")).To(BeEmpty())
		Expect(recorded.of("pod", "frozen-finished")).To(HaveLen(1))
		Expect(recorded.findings()).To(BeEmpty())
	}, SpecTimeout(patience))
})
