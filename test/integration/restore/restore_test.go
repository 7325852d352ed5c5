//go:build faults

package restore

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("A restored hub", Ordered, func() {
	var (
		known     = "sim-hang-known"     // runs, and the backup says so
		forgotten = "sim-hang-forgotten" // waits, says the backup, but runs
		ahead     = "sim-hang-ahead"     // is in its first attempt, says the backup, but in its second
		ended     = "sim-hang-ended"     // runs, says the backup, but was cancelled, and somebody cleared its Job away
		lost      = "sim-hang-lost"      // is not in the backup, and runs
		runs      map[string]*v1.DocsRun
		waiting   *v1.DocsRun          // of which nobody remembers that it runs, since its member is away
		alive     map[string]types.UID // of the agents when the hub was restored
	)

	BeforeAll(func(ctx SpecContext) {
		runs = map[string]*v1.DocsRun{
			known: docs(ctx, known, on("east")), ahead: docs(ctx, ahead, on("east")), ended: docs(ctx, ended, on("west")),
		}
		for _, name := range []string{known, ahead, ended} {
			await(ctx, runs[name], v1.PhaseRunning)
		}
		schedule(ctx, "west", v1.SchedulingCordoned)
		runs[forgotten] = docs(ctx, forgotten, on("west"))
		Eventually(ctx, status(ctx, runs[forgotten])).Should(HaveField("Reason", v1.ReasonNoCandidate))
		saved := backup(ctx)
		lead(ctx)

		schedule(ctx, "west", v1.SchedulingEnabled)
		change(ctx, runs[ahead], func(r *v1.DocsRun) { r.Spec.ContextVersion = 2 })
		change(ctx, runs[ended], func(r *v1.DocsRun) { r.Spec.Cancel = true })
		runs[lost] = docs(ctx, lost, on("west"))
		await(ctx, runs[forgotten], v1.PhaseRunning)
		await(ctx, runs[ended], v1.PhaseCancelled)
		await(ctx, runs[lost], v1.PhaseRunning)
		Eventually(ctx, status(ctx, runs[ahead])).Should(And(HaveField("Attempt", int32(2)), HaveField("Phase", v1.PhaseRunning)))
		tidy(ctx, runs[ended])
		alive = map[string]types.UID{}
		for _, name := range []string{known, forgotten, ahead, lost} {
			live := agents(ctx, runs[name])
			Expect(live).To(HaveLen(1), name)
			alive[name] = live[0].UID
		}
		operator.Stop()
		Expect(hub.Restore(ctx, saved)).To(Succeed())
		Expect(knows(ctx, runs[lost])).To(BeFalse())
		Expect(status(ctx, runs[forgotten])(Default)).To(HaveField("Phase", v1.PhasePending))
		lead(ctx)
	}, NodeTimeout(3*time.Minute))

	It("F11: is recognised, says who remembers more than it does, and raises its incarnation", func(ctx SpecContext) {
		Eventually(ctx, func(g Gomega) {
			record, _, err := incarnation.Read(ctx, hub, v1.SystemNamespace)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(record.Incarnation).To(BeEquivalentTo(2))
			g.Expect(record.Restored).To(HaveField("Witness", BeElementOf("east", "west")))
		}).Should(Succeed())
		Eventually(ctx, eventsAbout(ctx, v1.SystemNamespace, incarnation.RecordName)).Should(ContainElement(And(
			HaveField("Type", corev1.EventTypeWarning), HaveField("Reason", "HubRestored"),
			HaveField("Note", And(ContainSubstring("restored from a backup"), ContainSubstring("runfleet recover"))))))
	}, SpecTimeout(4*time.Minute)) // with BeforeAll

	It("F11: goes on with the attempts that it had forgotten, and starts nothing twice", func(ctx SpecContext) {
		for name, attempt := range map[string]int32{known: 1, forgotten: 1, ahead: 2} {
			Eventually(ctx, status(ctx, runs[name])).Should(And(
				HaveField("Phase", v1.PhaseRunning), HaveField("Attempt", attempt), HaveField("Incarnation", BeEquivalentTo(2))), name)
			Expect(eventsAbout(ctx, namespace, name)()).To(ContainElement(HaveField("Reason", v1.ReasonQuarantined)), name)
		}
		Expect(status(ctx, runs[forgotten])(Default).Cluster).To(Equal("west"))
		for name, uid := range alive {
			live := agents(ctx, runs[name])
			Expect(live).To(HaveLen(1), name)
			Expect(live[0].UID).To(Equal(uid), name)
		}
	}, SpecTimeout(time.Minute))

	It("F11: never executes again what left nothing behind", func(ctx SpecContext) {
		Eventually(ctx, status(ctx, runs[ended])).Should(And(HaveField("Phase", v1.PhaseFailed), HaveField("Reason", string(v1.ClassOutcomeUnknown))))
		Expect(jobs(ctx, runs[ended])).To(BeEmpty())
	}, SpecTimeout(time.Minute))

	It("F11: shows what was lost, and of what no evidence is left", func(ctx SpecContext) {
		Eventually(ctx, status(ctx, runs[ended])).Should(HaveField("Phase", v1.PhaseFailed))
		said, code := runfleet("recover")
		Expect(code).To(Equal(0))
		Expect(said).To(And(
			MatchRegexp(`^This hub was restored from a backup: member (east|west) remembers beat \d+, the backup ended at \d+\.\n`),
			MatchRegexp(`(?m)^east +yes +it answers$`), MatchRegexp(`(?m)^west +yes +it answers$`),
			MatchRegexp(`(?m)^1 run whose last attempt`), MatchRegexp(`(?m)^team +docsrun/sim-hang-ended +Failed +attempt 1 on member west`),
			MatchRegexp(`(?m)^west +team +job/sim-hang-lost-\S+ +docsrun/sim-hang-lost +1 +running$`),
			Not(ContainSubstring("--without"))))
	}, SpecTimeout(time.Minute))

	It("F11: lets an agent live whose run it has lost", func(ctx SpecContext) {
		Expect(agents(ctx, runs[lost])).To(ConsistOf(HaveField("UID", alive[lost])))
	}, SpecTimeout(time.Minute))

	It("F11: waits for a member that cannot answer until a person says that it need not", func(ctx SpecContext) {
		schedule(ctx, "west", v1.SchedulingEnabled) // the backup was of a time when it was not
		waiting = docs(ctx, "sim-hang-waiting", on("west"), suspended)
		Eventually(ctx, status(ctx, waiting)).Should(HaveField("Reason", v1.ReasonSuspended))
		saved := backup(ctx)
		lead(ctx)
		change(ctx, waiting, func(r *v1.DocsRun) { r.Spec.Suspend = false })
		await(ctx, waiting, v1.PhaseRunning)
		west.Halt()
		operator.Stop()
		late := lateInputs(ctx, east)
		Expect(hub.Restore(ctx, saved)).To(Succeed())
		lead(ctx)

		Eventually(ctx, status(ctx, waiting)).Should(And(
			HaveField("Phase", v1.PhasePending), HaveField("Reason", v1.ReasonQuarantined), HaveField("Message", ContainSubstring("waiting for west"))))
		change(ctx, waiting, func(r *v1.DocsRun) { r.Spec.Cancel = true })
		Consistently(ctx, status(ctx, waiting), "6s").Should(HaveField("Phase", v1.PhasePending), "in quarantine nothing fires")

		said, code := runfleet("recover")
		Expect(code).To(Equal(0))
		Expect(said).To(And(MatchRegexp(`(?m)^west +no +\S`), MatchRegexp(`(?m)^east +yes +it answers$`),
			MatchRegexp(`(?m)^team +docsrun/sim-hang-waiting +Pending +\S`), ContainSubstring("runfleet recover --without west")))
		said, _ = runfleet("orphans")
		Expect(said).To(MatchRegexp(`(?m)^east +team +configmap/late +docsrun/late +1 .* its run is gone: it is swept when all members were counted`))
		said, code = runfleet("recover", "--without", "east")
		Expect(said).To(ContainSubstring("member east answers, so it is counted"))
		Expect(code).To(Equal(1))
		said, code = runfleet("recover", "--without", "west")
		Expect(said).To(ContainSubstring("member west is not waited for any more"))
		Expect(code).To(Equal(0))
		await(ctx, waiting, v1.PhaseCancelled)
		Expect(west.Resume(ctx)).To(Succeed())
		Eventually(ctx, status(ctx, runs[forgotten])).Should(And(HaveField("Phase", v1.PhaseRunning), HaveField("Incarnation", BeEquivalentTo(3))))
		Eventually(ctx, func() bool {
			return apierrors.IsNotFound(east.Get(ctx, client.ObjectKeyFromObject(late), &corev1.ConfigMap{}))
		}).Should(BeTrue(), "swept when it is over")
	}, SpecTimeout(3*time.Minute))

	It("F11: is left with nothing that no run accounts for, once a person has ended what is listed", func(ctx SpecContext) {
		said, _ := runfleet("orphans")
		Expect(said).To(And(
			MatchRegexp(`(?m)its run is gone, and its agent lives: it ends by itself at \S+ at the latest. `+
				`To end it now, on member west: kubectl -n team delete job sim-hang-lost-\S+$`),
			MatchRegexp(`(?m)the run knows no attempt 1, so nothing will touch it. `+ // a person vouched for west, wrongly
				`To end it, on member west: kubectl -n team delete job sim-hang-waiting-\S+$`)))
		tidy(ctx, runs[lost])
		tidy(ctx, waiting)
		Expect(west.DeleteAllOf(ctx, &corev1.ConfigMap{}, client.InNamespace(namespace), of(waiting))).To(Succeed())
		lead(ctx) // a new leader sweeps at once
		Eventually(ctx, hub.Orphans).WithArguments(ctx, "", east, west).Should(BeEmpty())
	}, SpecTimeout(2*time.Minute))
})

// lateInputs are the ConfigMap of a run that the hub does not know, as a create makes it that arrives late.
func lateInputs(ctx context.Context, on *bed.Cluster) *corev1.ConfigMap {
	GinkgoHelper()
	uid, err := hub.Identity(ctx)
	Expect(err).NotTo(HaveOccurred())
	late := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: "late", Annotations: map[string]string{v1.AnnotationHome: "DocsRun/" + namespace + "/late"},
		Labels: map[string]string{v1.LabelManaged: "true", v1.LabelHub: string(uid), v1.LabelRunUID: string(uuid.NewUUID()), v1.LabelAttempt: "1"},
	}}
	Expect(on.Create(ctx, late)).To(Succeed())
	return late
}

// eventsAbout are the Events about an object. For Eventually.
func eventsAbout(ctx context.Context, in, name string) func() []eventsv1.Event {
	return func() []eventsv1.Event {
		GinkgoHelper()
		var all eventsv1.EventList
		Expect(hub.List(ctx, &all, client.InNamespace(in))).To(Succeed())
		var about []eventsv1.Event
		for i := range all.Items {
			if all.Items[i].Regarding.Name == name {
				about = append(about, all.Items[i])
			}
		}
		return about
	}
}
