package fleet

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A watch that is stalled while everything else is answered", func() {
	for by, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		It("F6: ("+by+") is begun anew within WatchIdle, and loses nothing; the member answers all along", func(ctx SpecContext) {
			o := quick()
			o.WatchIdle = 4 * time.Second
			op := begin(ctx, o)
			f := frontBy(east, http2)
			name := op.register(ctx, "east", kubeconfigOf(f.config()))
			Eventually(op.answers(name)).Should(BeTrue())
			Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
			f.stallWatches()
			stalled := time.Now()
			j := job(ctx, east, ours)
			Eventually(func() bool {
				Expect(op.answers(name)()).To(BeTrue())
				return op.sawJob(name, j)
			}, o.WatchIdle+20*time.Second).Should(BeTrue())
			Expect(time.Since(stalled)).To(BeNumerically(">", o.WatchIdle/4), "it was stalled")
		})
	}
})
