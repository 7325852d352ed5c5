//go:build faults

package faults

import (
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

const (
	// storm is how long every request is refused.
	storm = 6 * time.Second
	// loop is how many requests in a second are a hot loop, for each run: one that is refused is looked at again after 100 ms
	// at the earliest, and asks for a handful of things then.
	loop = 30
)

var _ = Describe("API servers that refuse everything for a while", func() {
	for _, code := range []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusInternalServerError} {
		It(fmt.Sprintf("F9: %d on hub and members is asked again in measure, and every run ends as it should", code), func(ctx SpecContext) {
			w := map[string]*scene{}
			for _, name := range []string{"sim-ok", "sim-fail-once", "sim-hang", "sim-slow-3s", "code"} {
				w[name] = newScene(ctx, fmt.Sprintf("storm-%d-%s", code, name), Fail)
			}
			hanging, slow := w["sim-hang"].docs("sim-hang"), w["sim-slow-3s"].docs("sim-slow-3s")
			w["sim-hang"].await(hanging, be(v1.PhaseRunning))
			w["sim-slow-3s"].await(slow, be(v1.PhaseRunning))
			runs := map[string]v1.Run{
				"sim-ok": w["sim-ok"].docs("sim-ok"), "sim-fail-once": w["sim-fail-once"].docs("sim-fail-once"),
				"sim-slow-3s": slow, "code": w["code"].code("sim-ok"),
			}
			asked := refuseAll(code, func() { w["sim-hang"].ask(hanging, cancel) })
			AddReportEntry("requests", fmt.Sprintf("%d in %v", asked, storm))
			Expect(float64(asked)/storm.Seconds()/float64(len(w))).To(BeNumerically("<", loop), "%d requests in %v", asked, storm)
			for name, run := range runs {
				w[name].await(run, be(v1.PhaseSucceeded))
			}
			w["sim-hang"].await(hanging, be(v1.PhaseCancelled), attempts(1))
			Expect(recorded.findings()).To(BeEmpty())
		}, SpecTimeout(patience))
	}
})

// refuseAll lets every gate answer with a code for the time of a storm, and returns how many requests came. The leader's
// Lease is spared: without it there would be nobody to be refused. A read has no conflicts.
func refuseAll(code int, meanwhile func()) int64 {
	gates := []*gate{hub.gate, east.gate, west.gate}
	var before, after int64
	for _, g := range gates {
		before += g.requests.Load()
		r := g.refuse(code, func(q *request) bool {
			leads := q.resource == "leases" && q.name == "runfleet"
			return !leads && (q.changes() || code != http.StatusConflict)
		})
		defer r.lift()
	}
	meanwhile()
	time.Sleep(storm) // it is this long, whatever happens
	for _, g := range gates {
		after += g.requests.Load()
	}
	return after - before
}
