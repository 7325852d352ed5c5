//go:build faults

package faults

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// states are those in which an upgrade finds runs: how a run comes there, and how it goes on and ends after the upgrade.
var states = []struct {
	name   string
	agents int // that start, all in all
	come   func(*scene) v1.Run
	goOn   func(*scene, v1.Run)
}{
	{"running", 1, func(w *scene) v1.Run {
		run := w.docs("sim-slow-20s")
		w.await(run, be(v1.PhaseRunning))
		return run
	}, func(w *scene, run v1.Run) {
		w.await(run, be(v1.PhaseSucceeded), attempts(1))
	}},

	{"to-be-cancelled", 1, func(w *scene) v1.Run {
		run := w.docs("sim-hang")
		w.await(run, be(v1.PhaseRunning))
		return run
	}, func(w *scene, run v1.Run) {
		w.await(run, be(v1.PhaseRunning), attempts(1))
		w.ask(run, cancel)
		w.await(run, be(v1.PhaseCancelled), attempts(1))
	}},

	{"between-attempts", 2, func(w *scene) v1.Run {
		run := w.docs("sim-fail-once")
		w.await(run, be(v1.PhaseRetrying, v1.ReasonBackOff))
		return run
	}, func(w *scene, run v1.Run) {
		w.await(run, be(v1.PhaseSucceeded), attempts(2), HaveField("RetryCount", BeEquivalentTo(1)))
	}},

	{"without-a-member", 1, func(w *scene) v1.Run {
		run := w.docs("sim-ok", on("nowhere"))
		w.await(run, be(v1.PhasePending, v1.ReasonNoCandidate))
		return run
	}, func(w *scene, run v1.Run) {
		w.ask(run, on(westName))
		w.await(run, be(v1.PhaseSucceeded), attempts(1))
	}},

	{"in-a-queue", 2, func(w *scene) v1.Run {
		first := w.code("sim-hang", lasting)
		w.await(first, be(v1.PhaseRunning))
		next := &v1.CodeRun{Spec: first.Spec}
		next.Name, next.Namespace = "next", w.namespace
		w.create(next, lasting)
		w.await(next, be(v1.PhasePending, v1.ReasonWorkspaceBusy))
		return next
	}, func(w *scene, next v1.Run) {
		first := &v1.CodeRun{}
		w.Expect(hub.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "code"}, first)).To(Succeed())
		for _, run := range []v1.Run{first, next} { // the next one starts once the first one has ended
			w.await(run, be(v1.PhaseRunning))
			w.ask(run, cancel)
			w.await(run, be(v1.PhaseCancelled), attempts(1))
		}
	}},

	{"suspended", 2, func(w *scene) v1.Run { return w.suspended("sim-hang-once") }, func(w *scene, run v1.Run) {
		w.await(run, be(v1.PhaseRetrying, v1.ReasonSuspended), attempts(1))
		w.ask(run, resume)
		w.await(run, be(v1.PhaseSucceeded), attempts(2))
	}},

	{"without-a-job", 1, func(w *scene) v1.Run {
		refusal := east.gate.refuse(503, w.to("POST jobs"))
		w.atEnd = append(w.atEnd, refusal.lift)
		run := w.docs("sim-ok")
		w.Eventually(refusal.met, patience).Should(BeClosed())
		w.lift = refusal.lift
		return run
	}, func(w *scene, run v1.Run) {
		w.lift()
		s := w.await(run, be(v1.PhaseSucceeded), HaveField("RetryCount", BeZero()), HaveField("InfraCount", BeZero()))
		for _, earlier := range s.Attempts[:len(s.Attempts)-1] { // of templates that the next version does not have: see row 32
			w.Expect(earlier).To(And(HaveField("EndedBy", v1.EndNeverAuthorised), HaveField("JobUID", BeEmpty())))
		}
	}},

	{"ended", 1, func(w *scene) v1.Run {
		run := w.docs("sim-ok", kept)
		w.await(run, be(v1.PhaseSucceeded))
		return run
	}, func(w *scene, run v1.Run) {
		was := run.DeepCopyObject().(v1.Run).RunStatus()
		w.await(run, be(v1.PhaseSucceeded), HaveField("Attempts", Equal(was.Attempts)), HaveField("History", Equal(was.History)))
		w.forget(run)
	}},
}

// lasting is for CodeRuns, whose deadline is short here.
func lasting(s *v1.RunSpec) { s.DeadlineSeconds = new(int32(600)) }

// tellStates tells of a run in each state. All wait at the milestone for an upgrade.
func tellStates(prefix string, m milestone) map[string]<-chan string {
	ended := map[string]<-chan string{}
	for _, s := range states {
		ended[s.name] = tell(all, prefix+"-"+s.name, func(w *scene) {
			run := s.come(w)
			m.pass(w)
			s.goOn(w, run)
			w.awaitEmpty()
			w.Expect(recorded.of("pod", w.namespace)).To(HaveLen(s.agents), "agents that started")
		})
	}
	return ended
}

// passes tells of one more run, which passes through the whole table.
func passes(ctx SpecContext, namespace string) {
	GinkgoHelper()
	w := newScene(ctx, namespace, Fail)
	w.await(w.docs("sim-ok"), be(v1.PhaseSucceeded), attempts(1))
}

// judgeStates waits for the end of all that tellStates told.
func judgeStates(ctx SpecContext, ended map[string]<-chan string) {
	GinkgoHelper()
	for name, e := range ended {
		var failed string
		Eventually(ctx, e).WithTimeout(patience).Should(Receive(&failed), name)
		Expect(failed).To(BeEmpty(), name)
	}
	Expect(recorded.findings()).To(BeEmpty())
	for _, name := range []string{eastName, westName} {
		var m v1.MemberCluster
		Expect(hub.Get(ctx, client.ObjectKey{Name: name}, &m)).To(Succeed())
		Expect(meta.IsStatusConditionTrue(m.Status.Conditions, v1.ConditionReady)).To(BeTrue(), "%s: %v", name, m.Status.Conditions)
	}
}

var _ = Describe("An upgrade, kinds first, and the way back, kinds last", Ordered, func() {
	var earlier, later version
	var refused int // by the hub, before

	BeforeAll(func(ctx SpecContext) {
		earlier, later = before(ctx), versionOf(ctx, program)
		// Attempts wait longer than an upgrade takes.
		Expect(hub.Configure(ctx, v1.SystemNamespace, strings.NewReplacer("backoffBaseSeconds: 1", "backoffBaseSeconds: 20",
			"backoffMaxSeconds: 2", "backoffMaxSeconds: 20").Replace(settings))).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
			later.lead()
			Expect(hub.ApplyKinds(ctx, later.kinds)).To(Succeed())
		})
		earlier.lead()
		Expect(hub.ApplyKinds(ctx, earlier.kinds)).To(Succeed())
		refused = len(hub.gate.refusals())
	}, NodeTimeout(patience))

	AfterEach(func() { Expect(hub.gate.refusals()[refused:]).To(BeEmpty()) })

	It("F28: an upgrade leaves the runs of the version before and their agents alone, and they go on", func(ctx SpecContext) {
		upgraded := newMilestone()
		ended := tellStates("upgrade", upgraded)
		upgraded.await(ctx, len(states))
		Expect(hub.ApplyKinds(ctx, later.withUnknown())).To(Succeed())
		for _, o := range everything(ctx) {
			mark(ctx, o)
		}
		passes(ctx, "upgrade-of-kinds") // by the operator of before
		later.lead()
		close(upgraded.reached)
		judgeStates(ctx, ended)
	}, SpecTimeout(patience))

	It("F28: the way back leaves the runs of the later version and their agents alone, and they go on", func(ctx SpecContext) {
		returned := newMilestone()
		ended := tellStates("return", returned)
		returned.await(ctx, len(states))
		marked := everything(ctx)
		for _, o := range marked {
			mark(ctx, o)
		}
		earlier.lead()
		passes(ctx, "return-of-operator")
		Expect(hub.ApplyKinds(ctx, earlier.kinds)).To(Succeed())
		for _, o := range marked { // once the kinds are in force
			Eventually(ctx, func() (bool, error) { return hasMark(ctx, o) }).Should(BeFalse(), "%T %s", o, o.GetName())
		}
		close(returned.reached)
		judgeStates(ctx, ended)
	}, SpecTimeout(patience))
})
