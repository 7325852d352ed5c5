//go:build faults

package faults

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// bystander is a run that executes while something breaks, on one of the members.
type bystander struct {
	*scene
	run    v1.Run
	member *cluster
}

// bystanders are runs on both members: two that end by themselves, and two that are to be cancelled.
func bystanders(ctx SpecContext, namespace string) (ending, lasting []bystander) {
	for _, m := range []*cluster{east, west} {
		slow := newScene(ctx, namespace+"-slow-"+m.Name(), Fail)
		ending = append(ending, bystander{slow, slow.docs("sim-slow-10s", on(m.Name()), kept), m})
		hang := newScene(ctx, namespace+"-hang-"+m.Name(), Fail)
		lasting = append(lasting, bystander{hang, hang.docs("sim-hang", on(m.Name())), m})
	}
	for _, b := range append(ending, lasting...) {
		b.await(b.run, be(v1.PhaseRunning))
	}
	return ending, lasting
}

// end lets all of them end as they should: in their first attempt.
func end(ending, lasting []bystander) {
	for _, b := range ending {
		b.await(b.run, be(v1.PhaseSucceeded), attempts(1))
	}
	for _, b := range lasting {
		Expect(b.pod(b.member).Status.Phase).To(Equal(corev1.PodRunning), "nobody ended it")
		b.ask(b.run, cancel)
		b.await(b.run, be(v1.PhaseCancelled), attempts(1))
	}
	Expect(recorded.findings()).To(BeEmpty())
}

var _ = Describe("Control planes that are killed and started again", func() {
	It("F10: the hub loses no write, and the agents go on and are followed when it is back", func(ctx SpecContext) {
		ending, lasting := bystanders(ctx, "hub-away")
		var before []v1.RunStatus
		for _, b := range append(ending, lasting...) {
			before = append(before, b.await(b.run, be(v1.PhaseRunning)))
		}
		hub.Halt()
		for _, b := range ending {
			Eventually(func() corev1.PodPhase { return b.pod(b.member).Status.Phase }, patience, glance).Should(Equal(corev1.PodSucceeded))
		}
		Expect(hub.Resume(ctx)).To(Succeed())
		for i, b := range append(ending, lasting...) {
			Expect(b.await(b.run).History[:len(before[i].History)]).To(Equal(before[i].History))
		}
		end(ending, lasting)
	}, SpecTimeout(patience))

	It("F4: members are Unknown while they are away, and their agents go on when they are back", func(ctx SpecContext) {
		ending, lasting := bystanders(ctx, "members-away")
		for _, m := range []*cluster{east, west} {
			m.Halt()
		}
		for _, b := range append(ending, lasting...) {
			b.await(b.run, be(v1.PhaseRunning), WithTransform(func(s v1.RunStatus) bool {
				return meta.IsStatusConditionPresentAndEqual(s.Conditions, v1.ConditionClusterReachable, "Unknown")
			}, BeTrue()))
		}
		for _, m := range []*cluster{east, west} {
			Expect(m.Resume(ctx)).To(Succeed())
		}
		end(ending, lasting)
	}, SpecTimeout(patience))
})
