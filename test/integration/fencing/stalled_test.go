//go:build faults

package fencing

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// happy is the trail of a run to which nothing happened.
var happy = []string{
	"Pending ClusterChosen Provisioning", "Provisioning AgentCreated Provisioning", "Provisioning AgentStarted Running",
	"Running AgentSucceeded Succeeded",
}

// noticed bounds the time from the moment in which connections go dead until everything goes on by new ones: with this suite's
// pings after 2 s and 1 s for the answer, where users have 30 s and 15 s, and the time that a busy machine takes.
const noticed = 20 * time.Second

var _ = Describe("A connection", Ordered, func() {
	var w *scene

	BeforeAll(func() {
		w = newScene(life, "stalled", Fail)
		w.schedule("east", "west")
		w.Eventually(w.member("east")).Should(HavePrefix("True"))
		w.home = "east"
	})

	It("F5: to a member that breaks for a moment changes nothing", func() {
		run := w.docs("sim-slow-3s-blip", long)
		w.await(run, v1.PhaseRunning)
		toEast.CutOff()
		toEast.Heal()
		w.Expect(trail(w.await(run, v1.PhaseSucceeded))).To(Equal(happy))
		w.Expect(seen.starts(run)()).To(ConsistOf("1 on east"))
	})

	It("F6: to a member that goes dead without a word is replaced in time, and nothing is concluded from its silence", func() {
		run := w.docs("sim-slow-4s-dead", long)
		w.await(run, v1.PhaseRunning)
		toEast.Freeze()
		frozen := time.Now()
		w.Expect(trail(w.await(run, v1.PhaseSucceeded))).To(Equal(happy))
		w.Expect(time.Since(frozen)).To(BeNumerically("<", noticed))
		w.Expect(seen.starts(run)()).To(ConsistOf("1 on east"))
	})

	It("F6: to the hub that goes dead without a word is replaced in time, and every run goes on", func() {
		before := w.docs("sim-slow-4s-before", long)
		w.await(before, v1.PhaseRunning)
		toHub.Freeze()
		frozen := time.Now()
		after := w.docs("sim-ok-after", long)
		for _, run := range []v1.Run{before, after} {
			w.Expect(trail(w.await(run, v1.PhaseSucceeded))).To(Equal(happy))
			w.Expect(time.Since(frozen)).To(BeNumerically("<", noticed))
		}
	})
})
