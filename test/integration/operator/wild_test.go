package operator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	tale "github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// first is for specs on the wild hub, where one comes after the other: the stories go on beside them.
const first = SpecPriority(1)

// last is for what needs quiet members: every story has ended.
const last = SpecPriority(-1)

var wildScenes atomic.Int64

// onWild is a scene on the wild hub for one spec, whose operator leads.
func onWild(ctx context.Context) *scene {
	w := newScene(ctx, wild, fmt.Sprintf("wild-%d", wildScenes.Add(1)), Fail)
	w.makeNamespace()
	w.Eventually(w.leader).ShouldNot(BeEmpty())
	DeferCleanup(func(ctx SpecContext) { newScene(ctx, wild, w.namespace, Fail).tidy(ctx) })
	return w
}

// leader is who holds the operator's Lease, "" for nobody.
func (w *scene) leader() string {
	lease := &coordinationv1.Lease{}
	err := w.hub.Get(w.ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: "runfleet"}, lease)
	if err != nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// once asserts that each attempt of these runs had one Job and one pod, ever.
func (w *scene) once(runs ...v1.Run) {
	for _, run := range runs {
		s := w.status(run)()
		w.Expect(w.attempts(run, "Job")()).To(Equal(len(s.Attempts)), "Jobs of %s", run.GetName())
		w.Expect(w.attempts(run, "Pod")()).To(BeNumerically("<=", len(s.Attempts)), "pods of %s", run.GetName())
	}
}

var _ = Describe("The operator as a process", first, Ordered, func() {
	It("is alive and ready", func(ctx SpecContext) {
		Eventually(wild.replica.Ready).Should(Equal(http.StatusOK))
		Expect(wild.replica.Alive()).To(Equal(http.StatusOK))
		Eventually(wild.replica.Metric).WithArguments("runfleet_config_valid").Should(BeEquivalentTo(1))
		onWild(ctx)
	})

	It("behaviour 25: killed in the middle of everything goes on when it is back, and starts nothing twice", func(ctx SpecContext) {
		w := onWild(ctx)
		hanging := w.docs("sim-hang")
		var runs []v1.Run
		for i := range 4 {
			runs = append(runs, w.docs(fmt.Sprintf("sim-slow-%ds", i)), w.code(fmt.Sprintf("code-%d", i), fmt.Sprintf("sim-fail-once-%d", i)))
		}
		w.await(hanging, v1.PhaseRunning)
		wild.replica.Stop() // by SIGKILL; `make faults` does it at every point there is
		wild.start()
		next := w.docs("sim-slow-2s-next")
		w.Eventually(w.status(next)).Should(HaveField("Phase", Or(Equal(v1.PhaseRunning), Equal(v1.PhaseSucceeded))))
		w.ask(hanging, func() { hanging.Spec.Cancel = true })
		w.await(hanging, v1.PhaseCancelled)
		runs = append(runs, next)
		for _, run := range runs {
			w.await(run, v1.PhaseSucceeded)
		}
		w.once(append(runs, hanging)...)
	})

	It("behaviour 25: of two replicas only the leader acts, and the other takes over when it is gone", func(ctx SpecContext) {
		w := onWild(ctx)
		first := wild.replica
		second := wild.start()
		Eventually(second.Ready).Should(Equal(http.StatusOK), "one that waits is ready to lead")
		run := w.docs("sim-slow-3s")
		w.await(run, v1.PhaseRunning)
		Eventually(first.Passes).Should(BeNumerically(">", 0))
		Eventually(second.Passes).Should(BeZero(), "-2 only while it cannot be asked")
		leader := w.leader()
		first.Stop() // by SIGKILL: the Lease must run out
		w.Eventually(w.leader).ShouldNot(Equal(leader))
		w.await(run, v1.PhaseSucceeded)
		Eventually(second.Passes).Should(BeNumerically(">", 0))
		w.once(run)
	})

	It("behaviour 25: a leader that was frozen gives up when it wakes, without having done anything", func(ctx SpecContext) {
		w := onWild(ctx)
		first := wild.replica
		run := w.docs("sim-slow-3s")
		w.await(run, v1.PhaseRunning)
		leader := w.leader()
		first.Signal(syscall.SIGSTOP)
		second := wild.start()
		w.Eventually(w.leader).ShouldNot(Equal(leader))
		w.await(run, v1.PhaseSucceeded)
		first.Signal(syscall.SIGCONT)
		Eventually(first.Done()).Should(BeClosed(), "it is no leader any more, and ends to begin anew")
		Expect(first.ExitCode()).To(Equal(1))
		w.await(w.docs("after"), v1.PhaseSucceeded)
		w.once(run)
		Expect(second.Crash()).To(Succeed())
	})

	It("stops when it is told to, leaves every agent running, and hands the lead over at once", func(ctx SpecContext) {
		w := onWild(ctx)
		run := w.docs("sim-hang")
		w.await(run, v1.PhaseRunning)
		wild.replica.Signal(syscall.SIGTERM)
		Eventually(wild.replica.Done()).Should(BeClosed())
		Expect(wild.replica.ExitCode()).To(BeZero())
		w.Expect(w.leader()).To(BeEmpty())
		w.Expect(w.status(run)()).To(be(v1.PhaseRunning))
		w.Expect(w.pods(run)).To(HaveExactElements(HaveField("Status.Phase", BeEquivalentTo("Running"))))
		wild.start()
		w.Eventually(w.leader).ShouldNot(BeEmpty())
		w.forget(run)
		w.once()
	})

	It("names kind, namespace and name of the run on every line about one", func(ctx SpecContext) {
		w := onWild(ctx)
		run := w.docs("logged")
		s := w.await(run, v1.PhaseSucceeded)
		var told int
		Eventually(wild.replica.Says).Should(MatchRegexp(`"Committed a transition".*"namespace":"` + w.namespace + `".*"to":"Succeeded"`))
		for line := range strings.Lines(wild.replica.Says()) {
			if strings.Contains(line, "Committed a transition") && strings.Contains(line, w.namespace) {
				Expect(line).To(And(ContainSubstring(`"DocsRun":{"name":"logged","namespace":"`+w.namespace+`"}`),
					ContainSubstring(`"attempt":1`), ContainSubstring(`"cluster":"`+s.Cluster+`"`)))
				span := tale.TransitionID(run.UID, s.History[told]).String()
				Expect(line).To(And(ContainSubstring(`"trace_id":"`+tale.TraceOf(run.UID).String()+`"`), ContainSubstring(`"span_id":"`+span+`"`)))
				told++
			}
		}
		Expect(told).To(BeEquivalentTo(s.Transitions)) // a slow operator sees no Running of an agent that is quick
	})
})

// What another hub's runs do on a member that both have wakes an operator too, so this is looked at when every story has ended.
var _ = Describe("An operator whose runs have ended", last, func() {
	It("behaviour 26: does nothing while nothing happens, however many runs have ended", func(ctx SpecContext) {
		w := onWild(ctx)
		var runs []v1.Run
		for i := range 15 {
			runs = append(runs, w.docs(fmt.Sprintf("ended-%d", i)))
		}
		for _, run := range runs {
			w.await(run, v1.PhaseSucceeded)
		}
		// What is under way comes to its end first: after five seconds a run asks again that had not seen its objects when it ended.
		w.Eventually(func(g Gomega) {
			before, told := wild.replica.Passes(), len(wild.spans.Spans())
			g.Consistently(wild.replica.Passes, "6s").Should(Equal(before))
			g.Expect(wild.spans.Spans()).To(HaveLen(told), "and tells nothing")
		}).Should(Succeed())
	})
})

// On the wild hub nothing else happens: only the event that is meant can wake a run.
var _ = Describe("A run that no member takes", first, func() {
	It("is placed when its namespace appears on one", func(ctx SpecContext) {
		w := onWild(ctx)
		w.namespace += "-late"
		w.Expect(w.hub.TeamNamespace(ctx, w.namespace, nil)).To(Succeed())
		run := w.docs("early")
		w.Eventually(w.status(run)).Should(And(be(v1.PhasePending, v1.ReasonNoCandidate),
			says("east has no namespace "+w.namespace, "west has no namespace "+w.namespace)))
		w.Expect(east.TeamNamespace(ctx, w.namespace, nil)).To(Succeed())
		w.Expect(w.await(run, v1.PhaseSucceeded).Cluster).To(Equal("east"))
	})

	It("is placed when a member is not cordoned any more, or when another run ends and makes room", func(ctx SpecContext) {
		w := onWild(ctx)
		change := func(edit func(*v1.MemberClusterSpec)) {
			member := &v1.MemberCluster{}
			w.Expect(w.hub.Get(w.ctx, client.ObjectKey{Name: "east"}, member)).To(Succeed())
			before := member.DeepCopy()
			edit(&member.Spec)
			w.Expect(w.hub.Patch(w.ctx, member, client.MergeFrom(before))).To(Succeed())
		}
		first := w.docs("sim-hang", on[*v1.DocsRun]("east"))
		w.await(first, v1.PhaseRunning)
		change(func(s *v1.MemberClusterSpec) { s.Scheduling, s.MaxRuns = v1.SchedulingCordoned, new(int32(1)) })
		second := w.docs("second", on[*v1.DocsRun]("east"))
		w.Eventually(w.status(second)).Should(And(be(v1.PhasePending, v1.ReasonNoCandidate), says("east is cordoned")))
		w.Expect(w.status(first)()).To(be(v1.PhaseRunning), "what executes there goes on")
		change(func(s *v1.MemberClusterSpec) { s.Scheduling = v1.SchedulingEnabled })
		w.Eventually(w.status(second)).Should(And(be(v1.PhasePending, v1.ReasonNoCandidate), says("east is full (1 of 1 runs)")))
		w.ask(first, func() { first.Spec.Cancel = true })
		w.await(second, v1.PhaseSucceeded)
		change(func(s *v1.MemberClusterSpec) { s.MaxRuns = nil })
	})
})

var _ = Describe("A run that was moved here from another hub or a backup", first, func() {
	It("is left alone until every member said what it executes, and then executed", func(ctx SpecContext) {
		w := onWild(ctx)
		run := w.docs("moved")
		w.await(run, v1.PhaseSucceeded)
		w.forget(run)
		wild.toWest.FallSilent()
		DeferCleanup(wild.toWest.Heal)
		again := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{ // as kubectl get -o yaml shows it and kubectl apply takes it
			Name: run.Name, Namespace: run.Namespace, Annotations: run.Annotations, Finalizers: []string{v1.Finalizer},
		}, Spec: run.Spec}
		Expect(again.Annotations).To(HaveKey(v1.AnnotationStamp))
		w.Expect(w.hub.Create(w.ctx, again)).To(Succeed())
		w.Eventually(w.status(again)).Should(be(v1.PhasePending, v1.ReasonQuarantined))
		w.Consistently(w.things(again)).Should(Equal([3]int{}))
		wild.toWest.Heal()
		s := w.await(again, v1.PhaseSucceeded)
		w.Expect(s.Attempt).To(Equal(int32(1)))
		w.Expect(again.Annotations[v1.AnnotationStamp]).To(HavePrefix(string(again.UID) + "/"))
	})
})
