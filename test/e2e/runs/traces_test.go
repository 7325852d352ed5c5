//go:build e2e

package runs

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/test/e2e/settings"
	"github.com/runfleet/runfleet/test/otlp"
)

// heard is what agents tell of themselves.
var heard *otlp.Receiver

// listen hears agents for as long as the suite goes on, and returns the part of the configuration that makes them tell.
func listen(ctx context.Context, address string) string {
	GinkgoHelper()
	var err error
	heard, err = otlp.ListenOn(context.WithoutCancel(ctx), address)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(heard.Close)
	return settings.Telemetry(heard.Endpoint())
}

// joined asserts that the agent's spans of an attempt hang from the attempt's, and that whatever else it tells names run and
// attempt.
func (w *scene) joined(run v1.Run, attempt int32) {
	GinkgoHelper()
	of := func(resource map[string]string) bool {
		return resource["cicd.pipeline.run.id"] == string(run.GetUID()) && resource["runfleet.attempt"] == strconv.Itoa(int(attempt))
	}
	c, recorded := story.ForAttempt(run.GetUID(), *run.RunStatus(), attempt)
	Expect(recorded).To(BeTrue())
	Eventually(func(g Gomega) {
		spans := slices.DeleteFunc(heard.Spans(), func(s otlp.Span) bool { return !of(s.Resource) })
		g.Expect(spans).To(ContainElement(HaveField("GetParentSpanId()", c.Span[:])))
		for _, s := range spans {
			above := func(p otlp.Span) bool { return bytes.Equal(p.GetSpanId(), s.GetParentSpanId()) }
			g.Expect(s.GetTraceId()).To(Equal(c.Trace[:]), s.GetName())
			g.Expect(bytes.Equal(s.GetParentSpanId(), c.Span[:]) || slices.ContainsFunc(spans, above)).To(BeTrue(), "%v", s.Span)
		}
		for _, signal := range []otlp.Signal{otlp.Metrics, otlp.Logs} {
			g.Expect(slices.ContainsFunc(heard.Senders(signal), of)).To(BeTrue(), "%s", signal)
		}
	}).Should(Succeed())
}
