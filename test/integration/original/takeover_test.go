package original

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// One hub goes the way of docs/migration.md, one spec after the other.
var _ = Describe("behaviour 55: a hub of the original", Ordered, func() {
	all := legacies()
	fresh := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Name: "fresh", Namespace: namespace},
		Spec:       v1.DocsRunSpec{RepositoryURL: "example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "octo"},
	}
	next := &v1.CodeRun{
		ObjectMeta: metav1.ObjectMeta{Name: "next", Namespace: namespace},
		Spec: v1.CodeRunSpec{
			TaskID: new(int64(8)), Service: "running", RepositoryURL: "example/running", Model: "opus", GitHubUser: "octo",
		},
	}
	before := map[string]string{} // version by name

	It("is warned of its controller, and nothing happens while that is there", func(ctx SpecContext) {
		for _, l := range all {
			before[l.Name] = read(ctx, l.run()).GetResourceVersion()
		}
		lead(ctx)
		Expect(hub.Create(ctx, fresh)).To(Succeed())
		Eventually(status(ctx, fresh)).Should(And(HaveField("Phase", v1.PhasePending), HaveField("Reason", v1.ReasonNoCandidate),
			HaveField("Message", ContainSubstring("Deployment orchestrator/agents, is there: scale it to zero"))))
		d := controller()
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(d), d)).To(Succeed())
		Eventually(reasons(ctx, d.UID)).Should(ConsistOf("OriginalPresent"))
		Eventually(operator.Says).Should(ContainSubstring("Warning of finalizers of the original"))
		Consistently(func(g Gomega) {
			for _, l := range all {
				g.Expect(read(ctx, l.run()).GetResourceVersion()).To(Equal(before[l.Name]), l.Name)
			}
		}).Should(Succeed())
	})

	It("keeps a run whose deletion its controller would answer", func(ctx SpecContext) {
		run := all[0].run()
		Expect(hub.Delete(ctx, read(ctx, run))).To(Succeed())
		Eventually(reasons(ctx, run.GetUID())).Should(ContainElement("OriginalPresent"))
		Consistently(gone(ctx, run)).Should(BeFalse())
	})

	It("is taken over once that is at zero replicas, and what has ended never executes", func(ctx SpecContext) {
		scale(ctx, 0)
		Eventually(gone(ctx, all[0].run())).Should(BeTrue(), "the deleted one")
		all = all[1:]
		Eventually(status(ctx, fresh)).Should(HaveField("Phase", v1.PhaseSucceeded))
		for _, l := range all {
			if l.Becomes == "" {
				continue
			}
			run := l.run()
			Eventually(status(ctx, run)).Should(And(HaveField("Phase", l.Becomes), HaveField("ObservedGeneration", BeNumerically(">", 0)),
				HaveField("Message", ContainSubstring(l.Is)), HaveField("Message", ContainSubstring("raise spec.contextVersion above")),
				HaveField("Attempt", int32(0)), HaveField("FinishedAt", Not(BeNil())), HaveField("Conditions", HaveLen(5))), l.Name)
			if l.Finalizer == nil {
				Eventually(reasons(ctx, run.GetUID())).Should(ContainElement("OriginalFinalizer"), l.Name)
			}
			if l.Job != nil {
				Eventually(reasons(ctx, run.GetUID())).Should(ContainElement("OriginalTakenOver"), l.Name)
			}
		}
		lead(ctx) // and not after a restart either
		expectNoneExecuted(ctx, all)
	})

	It("keeps its hands off a run whose Job of the original is at work", func(ctx SpecContext) {
		for _, l := range all {
			if l.Becomes != "" {
				continue
			}
			run := l.run()
			Eventually(reasons(ctx, read(ctx, run).GetUID())).Should(ContainElement("OriginalAtWork"), l.Name)
			Expect(run.GetResourceVersion()).To(Equal(before[l.Name]), l.Name)
			Expect(executed(ctx, run)).To(BeZero(), l.Name)
		}
	})

	It("keeps a new run out of the workspace of such a run", func(ctx SpecContext) {
		Expect(hub.Create(ctx, next)).To(Succeed())
		Eventually(status(ctx, next)).Should(And(HaveField("Reason", v1.ReasonNoCandidate),
			HaveField("Message", "coderun/running of the original may be at work in the workspace of running")))
	})

	It("does not let such a run go either, until its Job has ended", func(ctx SpecContext) {
		run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "running", Namespace: namespace}}
		Expect(hub.Delete(ctx, run)).To(Succeed())
		Consistently(gone(ctx, run)).Should(BeFalse())
		setJob(ctx, "code-impl-running-task7-v1", "Failed")
		Eventually(gone(ctx, run)).Should(BeTrue())
		Eventually(status(ctx, next)).Should(HaveField("Phase", v1.PhaseSucceeded))
	})

	It("takes over what has ended since", func(ctx SpecContext) {
		run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "pending-with.job", Namespace: namespace}}
		setJob(ctx, "docs-gen-pending-with-job", "Failed")
		Eventually(status(ctx, run)).Should(And(HaveField("Phase", v1.PhaseFailed), HaveField("Reason", string(v1.ClassAgentError))))
	})

	It("executes a run that a person asks for anew", func(ctx SpecContext) {
		for name, version := range map[string]int32{"continued": 13, "last-generation": 2} {
			run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
			read(ctx, run)
			was := run.DeepCopy()
			run.Spec.ContextVersion = version
			Expect(hub.Patch(ctx, run, client.MergeFrom(was))).To(Succeed())
			Eventually(status(ctx, run)).Should(And(HaveField("Phase", v1.PhaseSucceeded), HaveField("Attempt", int32(1)),
				HaveField("ContextVersion", version)))
			Expect(executed(ctx, run)).To(Equal(1))
		}
	})

	It("loses its finalizers with the runs that are deleted, whoever executed them last", func(ctx SpecContext) {
		for _, l := range all {
			run := l.run()
			Expect(client.IgnoreNotFound(hub.Delete(ctx, run))).To(Succeed())
		}
		for _, l := range all {
			Eventually(gone(ctx, l.run())).Should(BeTrue(), l.Name)
		}
	})

	AfterAll(func(ctx SpecContext) {
		Eventually(ctx, hub.Orphans).WithArguments(ctx, "", member).WithTimeout(patience).Should(BeEmpty())
	})

	It("is not taken over by an operator that may not look for its controller, which places new runs all the same", func(ctx SpecContext) {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "runfleet-runs"}}
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(role), role)).To(Succeed())
		whole := role.DeepCopy()
		role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "deployments") })
		Expect(hub.Update(ctx, role)).To(Succeed())
		lead(ctx)
		late, begun := fresh.DeepCopy(), legacy{Name: "begun-late"}
		late.ObjectMeta = metav1.ObjectMeta{Name: "late", Namespace: namespace}
		begun.create(ctx)
		Expect(hub.Create(ctx, late)).To(Succeed())
		Eventually(status(ctx, late)).Should(HaveField("Phase", v1.PhaseSucceeded))
		Eventually(operator.Says).Should(MatchRegexp("whether the original's controller is there is not known: .*deployments.apps is forbidden"))
		Expect(*read(ctx, begun.run()).RunStatus()).To(Equal(v1.RunStatus{Phase: v1.PhasePending}))

		role.Rules = whole.Rules
		Expect(hub.Update(ctx, role)).To(Succeed())
		Eventually(status(ctx, begun.run())).Should(HaveField("Phase", v1.PhaseFailed))
	})
})

func expectNoneExecuted(ctx context.Context, all []legacy) {
	GinkgoHelper()
	Consistently(func(g Gomega) {
		for _, l := range all {
			run := read(ctx, l.run())
			g.Expect(executed(ctx, run)).To(BeZero(), l.Name)
			g.Expect(run.RunStatus().Attempt).To(BeZero(), l.Name)
		}
	}).Should(Succeed())
}
