package operator

import (
	"net"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("A collector that takes connections and never answers", first, func() {
	It("F26: keeps the operator from nothing, not even from its end; what it did not take is counted", func(ctx SpecContext) {
		w := onWild(ctx)
		silent, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0") // the kernel takes them, and nobody reads
		w.Expect(err).NotTo(HaveOccurred())
		DeferCleanup(silent.Close)
		operator := w.relieve("--otlp-endpoint", "http://"+silent.Addr().String())
		w.await(w.docs("sim-fail-once", retries[*v1.DocsRun](1)), v1.PhaseSucceeded)
		w.await(w.code("code", "shop"), v1.PhaseSucceeded)
		w.Eventually(operator.Metric).WithArguments("runfleet_spans_dropped_total", `reason="export"`).Should(BeNumerically(">=", 10))
		w.await(w.docs("last"), v1.PhaseSucceeded) // whose spans it has when it is asked to end
		began := time.Now()
		operator.Signal(syscall.SIGTERM)
		w.Eventually(operator.Done()).Should(BeClosed())
		w.Expect(operator.ExitCode()).To(BeZero())
		// It cuts the last export short, and does not wait for the ten seconds that each may take.
		w.Expect(operator.Says()).To(MatchRegexp(`"msg":"Exporting spans",.*context canceled`))
		w.Expect(time.Since(began)).To(BeNumerically("<", 10*time.Second))
		wild.start()
	})
})
