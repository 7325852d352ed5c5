//go:build faults

package operator

import (
	"context"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("What goes while somebody looks", first, Label(left), func() {
	It("is not taken for an orphan", func(ctx SpecContext) {
		w := onWild(ctx)
		before := w.docs("before", on[*v1.DocsRun]("west"))
		w.await(before, v1.PhaseSucceeded)
		going, objects := w.late(before, west, ofAnotherHub)
		staying, _ := w.late(before, west, ofAnotherHub)
		late := &meddler{Client: w.hub, meddle: func() { // the members were asked before the hub
			for _, o := range objects {
				w.Expect(west.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			}
			w.Eventually(w.things(going)).Should(Equal([3]int{}))
		}}
		s := garbage.Surveyor{Hub: late, HubUID: anotherHub, Namespace: w.namespace, Timeout: 20 * time.Second, Now: time.Now}
		entries, silent, err := s.Survey(ctx, map[string]client.Reader{"west": west})
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(silent).To(BeEmpty())
		of := func(hub types.UID, orphan bool) []types.UID {
			var runs []types.UID
			for _, e := range entries {
				if e.Hub == hub && e.Orphan == orphan {
					runs = append(runs, e.Run)
				}
			}
			return runs
		}
		w.Expect(of(anotherHub, true)).To(Equal([]types.UID{staying.GetUID(), staying.GetUID()}))
		w.Expect(of(w.identity(w.hub), false)).To(HaveLen(3), "for that hub these are another's")
		w.Expect(west.DeleteAllOf(ctx, &batchv1.Job{}, client.InNamespace(w.namespace), client.MatchingLabels{v1.LabelHub: anotherHub},
			client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
	})
})

var _ = Describe("The sweeper", first, Label(left), func() {
	It("waits for no member that hangs, tries again when a quarantine is over, and ends when it is told to", func(ctx SpecContext) {
		w := onWild(ctx)
		before := w.docs("before", on[*v1.DocsRun]("west"))
		w.await(before, v1.PhaseSucceeded)
		ghost, _ := w.late(before, west, ofAnotherHub)
		silence := bed.NewDetour(nil)
		DeferCleanup(silence.Close)
		config := rest.CopyConfig(east.Admin)
		config.Host = "https://" + silence.Address()
		hanging, err := client.New(config, client.Options{Scheme: east.Scheme(), Mapper: east.RESTMapper()})
		w.Expect(err).NotTo(HaveOccurred())
		both := []fleet.Member{
			{Name: "east", Answers: true, Cluster: fleet.Cluster{Live: hanging, Writer: hanging}},
			{Name: "west", Answers: true, Cluster: fleet.Cluster{Live: west, Writer: west}},
		}
		var over atomic.Bool
		s := garbage.New(garbage.Options{
			Members: func() []fleet.Member { return both }, HubUID: anotherHub, Cached: w.hub, Live: w.hub,
			Quarantined: func() bool { return !over.Load() }, Observer: nobody{}, RequestTimeout: time.Hour,
		})
		running, stop := context.WithCancel(ctx)
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- s.Start(running) }()
		w.Consistently(w.things(ghost)).Should(Equal([3]int{1, 0, 1}))
		over.Store(true)
		w.Eventually(w.things(ghost)).Should(Equal([3]int{}))
		again, _ := w.late(before, west, ofAnotherHub)
		w.Consistently(w.things(again)).Should(Equal([3]int{1, 0, 1}), "nothing says that there is something to do")
		s.MemberChanged("west")
		w.Eventually(w.things(again)).Should(Equal([3]int{}))
		stop()
		w.Eventually(ended).Should(Receive(BeNil()))
	})
})
