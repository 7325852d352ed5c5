//go:build faults

package faults

import (
	"context"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
)

// restoredStories fire the rows that only a restored hub fires. All of them share one backup and one restore.
var restoredStories = []story{
	{"1", "F1 F11: an attempt that the hub has forgotten is found at work", nil, func(w *scene) {
		run := w.docs("sim-hang", on(eastName)) // which takes nothing before the backup
		w.await(run, be(v1.PhasePending, v1.ReasonNoCandidate))
		backedUp.pass(w)
		uid := w.await(run, be(v1.PhaseRunning)).Attempts[0].JobUID
		setBack.pass(w)
		s := w.await(run, be(v1.PhaseRunning), attempts(1), HaveField("Incarnation", BeNumerically(">", 1)))
		w.Expect(s.Attempts[0].JobUID).To(Equal(uid))
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseCancelled), attempts(1))
	}},
	{"2", "F1 F11: a later attempt of a run that has ended is found at work", ends, endedAgain},
	{"5", "F1 F11: the attempt that a restored hub was reminded of has ended", removed, endedAgain},
}

// endedAgain is told by a run that has failed, says the backup, and of which more was asked since.
func endedAgain(w *scene) {
	run := w.docs("sim-hang", retries(0), on(westName))
	w.await(run, be(v1.PhaseRunning))
	w.remove(west, w.job(west), metav1.DeletePropagationBackground)
	w.await(run, be(v1.PhaseFailed, v1.ClassOutcomeUnknown), attempts(1))
	backedUp.pass(w)
	w.ask(run, again)
	w.await(run, be(v1.PhaseRunning), attempts(2))
	setBack.pass(w)
	w.await(run, be(v1.PhaseFailed), attempts(2), HaveField("History", ContainElement(HaveField("On", string(lifecycle.AgentGone)))))
}

// milestone is where all restored stories wait for each other, and then for what is done with the hub.
type milestone struct{ arrived, reached chan struct{} }

var (
	backedUp = newMilestone()
	setBack  = newMilestone()
)

func newMilestone() milestone {
	return milestone{make(chan struct{}, 100), make(chan struct{})} // nobody waits to say that it has arrived
}

func (m milestone) pass(w *scene) {
	m.arrived <- struct{}{}
	w.Eventually(m.reached, patience).Should(BeClosed())
}

func (m milestone) await(ctx context.Context, stories int) {
	for range stories {
		Eventually(ctx, m.arrived).WithTimeout(patience).Should(Receive())
	}
}

var _ = Describe("The operator of a restored hub, killed around a row of the table", Ordered, ContinueOnFailure, func() {
	tellings := map[string]telling{}

	BeforeAll(func(ctx SpecContext) {
		schedule(ctx, v1.SchedulingCordoned)
		DeferCleanup(schedule, v1.SchedulingEnabled) // the backup is of a time when it was not
		for _, s := range restoredStories {
			tellings[s.row] = telling{ended: s.begin()}
		}
		backedUp.await(ctx, len(restoredStories))
		saved := filepath.Join(scratch, "backup")
		Expect(hub.Backup(ctx, saved)).To(Succeed())
		outlive(ctx)
		schedule(ctx, v1.SchedulingEnabled)
		close(backedUp.reached)

		setBack.await(ctx, len(restoredStories))
		hub.Halt()
		recorded.leaveHub()
		for _, s := range restoredStories { // nothing that was stored before counts any more
			tellings[s.row] = telling{ambushed.lay(s.namespace(), s.row), tellings[s.row].ended}
		}
		Expect(hub.Restore(ctx, saved)).To(Succeed())
		Expect(recorded.followHub(all, hub)).To(Succeed())
		close(setBack.reached)
	}, NodeTimeout(patience))

	for _, s := range restoredStories {
		It(s.text(), func(ctx SpecContext) { s.judge(ctx, tellings[s.row]) })
	}
})

// schedule says whether east takes new attempts.
func schedule(ctx context.Context, s v1.MemberScheduling) {
	GinkgoHelper()
	Eventually(ctx, func() error {
		var m v1.MemberCluster
		if err := hub.Get(ctx, client.ObjectKey{Name: eastName}, &m); err != nil {
			return err
		}
		was := m.DeepCopy()
		m.Spec.Scheduling = s
		return hub.Patch(ctx, &m, client.MergeFrom(was))
	}).Should(Succeed())
}

// outlive waits until both members remember a sign of life of the hub that the backup does not know. A new operator gives one
// at once.
func outlive(ctx context.Context) {
	GinkgoHelper()
	uid, err := hub.Identity(ctx)
	Expect(err).NotTo(HaveOccurred())
	record, _, err := incarnation.Read(ctx, hub, v1.SystemNamespace)
	Expect(err).NotTo(HaveOccurred())
	known := record.Terms[len(record.Terms)-1].Last
	operator.strike(operator.life())
	for _, m := range []*cluster{east, west} {
		Eventually(ctx, func() (incarnation.Copy, error) { return incarnation.ReadCopy(ctx, m, uid) }).WithTimeout(patience).
			Should(HaveField("Beat.Number", BeNumerically(">", known)), m.Name())
	}
}
