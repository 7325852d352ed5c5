//go:build faults

package fencing

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// Everything that may be the matter with a run when its member goes away, at once.
var _ = Describe("A member that is away", Ordered, func() {
	var (
		w                                         *scene
		waits, fails, moves, late, cancelled      *v1.DocsRun
		deleted, tidied, unseen, unanswered       *v1.DocsRun
		vouched, vouchedDeleted, ignored, misread *v1.DocsRun
		workspace                                 *v1.CodeRun
	)

	BeforeAll(func(ctx SpecContext) {
		w = newScene(life, "away", Fail)
		w.fencing(12)
		w.schedule("east")
		w.Eventually(w.member("east")).Should(HavePrefix("True"))
		vouched = w.docs("sim-hang-vouched", long)
		vouchedDeleted = w.docs("sim-hang-vouched-deleted", long)
		ignored = w.docs("sim-hang-ignored", long)
		misread = w.docs("sim-hang-misread", long)
		tidied = w.docs("tidied", long, retained(8))
		waits = w.docs("sim-hang-waits", short)
		fails = w.docs("sim-hang-fails", short, lost(v1.ClusterLostFail))
		moves = w.docs("sim-hang-once-moves", short, lost(v1.ClusterLostReschedule))
		workspace = w.code("workspace", "sim-hang-once-away", short, lost(v1.ClusterLostReschedule))
		late = w.docs("sim-slow-6s-late", short)
		cancelled = w.docs("sim-hang-cancelled", short)
		deleted = w.docs("sim-hang-deleted", short)
		for _, run := range []v1.Run{vouched, vouchedDeleted, ignored, misread, waits, fails, moves, workspace, late, cancelled, deleted} {
			w.await(run, v1.PhaseRunning)
		}
		w.await(tidied, v1.PhaseSucceeded)
		w.abandon(ignored, "1")
		w.abandon(misread, "yes")
		w.Eventually(w.status(ignored)).Should(HaveField("AbandonIgnored", int32(1)))

		// The line goes while one agent was released and not seen started, and while a Job is created whose inputs are there.
		quiet := newScene(life, "away-quiet", Fail)
		more := quiet.noJobs(east)
		unanswered = quiet.docs("sim-slow-1s-unanswered", long)
		w.Eventually(w.status(unanswered)).Should(HaveField("Message", ContainSubstring("exceeded quota")))
		held := newScene(life, "away-late", Fail)
		start := held.noPods(east)
		unseen = held.docs("sim-slow-3s-unseen", short, lost(v1.ClusterLostReschedule))
		w.Eventually(func() []batchv1.Job { return w.jobs(east, unseen) }).Should(HaveExactElements(HaveField("Spec.Suspend", HaveValue(BeFalse()))))
		toEast.LoseAnswers()
		more()
		start()
		w.Eventually(func() int {
			w.ask(unanswered, func() { unanswered.Annotations = map[string]string{"example.com/look": time.Now().String()} })
			return len(w.jobs(east, unanswered))
		}).Should(Equal(1))
		w.Eventually(seen.starts(unseen)).Should(ConsistOf("1 on east"))
		toEast.CutOff()
		w.schedule("west")

		w.cancel(cancelled)
		w.cancel(ignored)
		w.cancel(vouched)
		for _, run := range []v1.Run{vouched, vouchedDeleted} { // a word that comes before the silence is noticed is ignored
			w.Eventually(w.reachable(run)).Should(HavePrefix("Unknown"))
		}
		w.abandon(vouched, "1")
		w.abandon(vouchedDeleted, "1")
		for _, run := range []v1.Run{deleted, vouchedDeleted} {
			w.Expect(hub.Delete(ctx, run)).To(Succeed())
		}
	})

	It("F4: says so on every run there, and changes no phase", func() {
		for _, run := range []v1.Run{waits, fails, moves, workspace, late} {
			w.Eventually(w.reachable(run)).Should(Equal("Unknown Unreachable: member east does not answer"))
			w.Expect(run.RunStatus()).To(HaveValue(be(v1.PhaseRunning)))
		}
		w.Eventually(w.status(cancelled)).Should(be(v1.PhaseStopping))
		w.Eventually(w.status(deleted)).Should(And(be(v1.PhaseTerminating), HaveField("Message", ContainSubstring("member east is unreachable"))))
		w.Expect(w.status(tidied)()).To(be(v1.PhaseSucceeded))
	})

	It("F3 F4: while a Job is being created is replaced, and the Job that came into being all the same never runs", func() {
		s := w.await(unanswered, v1.PhaseSucceeded)
		w.Expect(trail(s)).To(ContainElement("Provisioning ClusterLost Retrying"))
		w.Expect(s.Attempts).To(HaveExactElements(
			And(HaveField("Cluster", "east"), HaveField("EndedBy", v1.EndNeverAuthorised), HaveField("JobUID", BeEmpty())),
			HaveField("Cluster", "west")))
		w.Expect(s.InfraCount).To(Equal(int32(1)))
		w.Expect(seen.starts(unanswered)()).To(ConsistOf("2 on west"))
		w.Expect(w.jobs(east, unanswered)).To(HaveExactElements(HaveField("Spec.Suspend", HaveValue(BeTrue()))))
	})

	It("F12 F22: is given up at once where a person vouches that the attempt has ended, also for a deleted run", func() {
		s := w.await(vouched, v1.PhaseCancelled)
		w.Expect(s.Attempts[0].EndedBy).To(Equal(v1.EndAbandoned))
		w.Expect(s.Attempts[0].EndedAt.Time).To(BeTemporally("<", s.Attempts[0].FencedUntil.Time))
		w.gone(vouchedDeleted)
		w.Expect(w.warnings(vouched, v1.ReasonAbandonIgnored)()).To(BeEmpty())
	})

	It("F22: does not take a person's word that was given while the member answered, until it is given anew", func() {
		w.Expect(w.warnings(ignored, v1.ReasonAbandonIgnored)()).To(ConsistOf(And(ContainSubstring("member east answers"),
			ContainSubstring("attempt 1"), ContainSubstring("set spec.cancel, delete the run, or raise spec.contextVersion"))))
		w.Expect(w.warnings(misread, v1.ReasonAbandonIgnored)()).To(ConsistOf(ContainSubstring(`such as "1"`)))
		w.await(vouched, v1.PhaseCancelled) // lost for as long
		w.Consistently(w.status(ignored)).Should(be(v1.PhaseStopping))
		w.Expect(w.reachable(ignored)()).To(ContainSubstring("remove the annotation and set it again"))
		w.abandon(ignored, "")
		w.Eventually(w.status(ignored)).Should(HaveField("AbandonIgnored", BeZero()))
		w.abandon(ignored, "1")
		w.Expect(w.await(ignored, v1.PhaseCancelled).Attempts[0].EndedBy).To(Equal(v1.EndAbandoned))
		w.Expect(w.warnings(ignored, v1.ReasonAbandonIgnored)()).To(HaveLen(1))
	})

	It("F4 F18: with onClusterLost Wait or Fail ends the run at the fence of its attempt", func() {
		for _, run := range []v1.Run{waits, fails, late} {
			s := w.await(run, v1.PhaseFailed, string(v1.ClassClusterLost))
			w.Expect(trail(s)).To(HaveExactElements("Pending ClusterChosen Provisioning", "Provisioning AgentCreated Provisioning",
				"Provisioning AgentStarted Running", "Running DeadlinePassed Stopping", "Stopping AgentGone Failed"))
			w.fenced(s.Attempts[0])
			w.Expect(seen.starts(run)()).To(ConsistOf("1 on east"))
		}
	})

	It("F4: with onClusterLost Reschedule starts the next attempt elsewhere after the fence, and not before", func() {
		for _, run := range []v1.Run{moves, workspace} {
			s := w.await(run, v1.PhaseSucceeded)
			w.fenced(s.Attempts[0])
			w.Expect(s.Attempts[1]).To(And(HaveField("Cluster", "west"), HaveField("EndedBy", v1.EndJobFinished)))
			w.Expect(s).To(And(HaveField("InfraCount", int32(1)), HaveField("RetryCount", int32(0))))
			w.Eventually(seen.starts(run)).Should(ConsistOf("1 on east", "2 on west"))
		}
	})

	It("F4 F18: is waited for by the longer fence where the start was never seen, whatever it did", func() {
		s := w.await(unseen, v1.PhaseSucceeded)
		w.Expect(s.Attempts[0].StartSeenAt).To(BeNil())
		w.Expect(s.Attempts[0].JobUID).NotTo(BeEmpty())
		w.fenced(s.Attempts[0])
		w.Expect(s.Attempts[0].StartBefore.Time).To(BeTemporally("~", s.Attempts[0].CreatedAt.Add(provisioning), provisioning/10))
		w.Expect(seen.starts(unseen)()).To(ConsistOf("1 on east", "2 on west"))
	})

	It("F4 F22: holds up a cancelled run and a deleted one until the fence, and no longer", func() {
		s := w.await(cancelled, v1.PhaseCancelled)
		w.fenced(s.Attempts[0])
		w.gone(deleted)
		w.Expect(w.things(east, deleted)()).NotTo(Equal([3]int{}), "what lies there is removed by the sweeper")
	})

	It("F4: and comes back is cleaned up, and what its fenced agents left behind is recorded", func() {
		w.Expect(w.things(east, tidied)()).To(Equal([3]int{1, 1, 1}), "its retention is over, and nobody reaches it")
		w.await(misread, v1.PhaseRunning)
		toEast.Heal()
		w.Eventually(w.things(east, tidied)).Should(Equal([3]int{}))
		w.Eventually(w.things(east, unanswered)).Should(HaveExactElements(0, 0, BeNumerically("<=", 1)))

		recorded := ConsistOf(HaveField("OutcomeRecorded", HaveValue(BeTrue())))
		for _, run := range []v1.Run{waits, fails, late, cancelled} {
			phase := run.RunStatus().Phase
			w.Eventually(w.status(run)).Should(HaveField("Attempts", recorded))
			w.Expect(run.RunStatus()).To(HaveValue(be(phase)), "it does not rise again")
			w.Expect(trail(*run.RunStatus())).To(ContainElement(string(phase) + " LateOutcome " + string(phase)))
		}
		w.Expect(late.Status.Attempts[0].ExitCode).To(HaveValue(BeZero()))
		w.Expect(late.Status.Usage).NotTo(BeNil(), "what it cost")
		for _, run := range []v1.Run{vouched, ignored} { // a person's word was wrong: their agents live
			w.Eventually(func() int { return len(w.pods(east, run)) }).Should(BeZero())
		}
		w.Expect(w.status(misread)()).To(be(v1.PhaseRunning), "it only was not heard of")
		w.cancel(misread)
		w.await(misread, v1.PhaseCancelled)
	})

	It("F22: and comes back with the live agent of a run that is gone leaves it alone, and a person ends it as they are told to", func(ctx SpecContext) {
		find := func() []string {
			all, err := hub.Orphans(ctx, w.namespace, east, west)
			w.Expect(err).NotTo(HaveOccurred())
			return all
		}
		w.Eventually(find).Should(HaveLen(3), "the Job of the one whom a person gave up, its pod and its inputs")
		all := strings.Join(find(), "\n")
		w.Expect(all).To(ContainSubstring("its agent lives"))
		_, command, _ := strings.Cut(all, "on member east: ")
		command, _, _ = strings.Cut(command, "\n")
		w.Expect(command).To(HavePrefix("kubectl -n "+w.namespace+" delete job "+vouchedDeleted.Name), all)
		w.Expect(typed(ctx, east, command)).To(ContainSubstring("deleted"))
		w.Eventually(find).Should(ConsistOf(And(HavePrefix("ConfigMap "), HaveSuffix("it is swept within the hour"))))
		toEast.CutOff()
		w.Eventually(w.member("east")).Should(HavePrefix("False " + v1.ReasonUnreachable))
		toEast.Heal() // and at once when the member comes back
		w.Eventually(find).Should(BeEmpty())
	})
})
