package operator

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// crowd is how many runs come at once.
const crowd = 200

var _ = Describe("Very many runs", func() {
	// On a hub with a dead, a hanging, a forbidden and a half-installed member.
	Finale("F15: that come at once all end, with one Job each, spread over the members", func(w *scene) {
		var runs []v1.Run
		for i := range crowd {
			if name := fmt.Sprintf("run-%d", i); i%4 == 0 {
				runs = append(runs, w.code(name, name))
			} else {
				runs = append(runs, w.docs(name))
			}
		}
		placed := map[string]int{}
		for _, run := range runs {
			s := w.await(run, v1.PhaseSucceeded)
			w.Expect(s.Attempts).To(HaveLen(1))
			placed[s.Cluster]++
		}
		w.Expect(placed).To(And(HaveLen(2), HaveEach(BeNumerically(">", crowd/4))))
		mine := func(s sighting) bool { return s.Namespace == w.namespace }
		for _, kind := range []string{"Job", "Pod", "ConfigMap"} {
			w.Eventually(w.fleet.seen.all).WithArguments(kind, mine).Should(HaveLen(crowd), kind) // its watches may be behind
		}
	})
})
