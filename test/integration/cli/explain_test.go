package cli

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// steps takes a run along rows of the table, as the operator would write them.
func steps(ctx context.Context, run v1.Run, rows ...v1.Transition) {
	GinkgoHelper()
	for _, row := range rows {
		tell(ctx, run, func(s *v1.RunStatus) {
			s.Transitions++
			row.Seq, row.Time, row.From, row.Attempt = s.Transitions, *at(1), s.Phase, 1
			s.History, s.Phase = append(s.History, row), row.To
			s.ObservedGeneration, s.ContextVersion = run.GetGeneration(), 1
			if s.Attempt == 0 {
				s.Attempt, s.Cluster = 1, "eu-1"
				s.Attempts = []v1.Attempt{{Number: 1, Cluster: "eu-1", DeadlineSeconds: 3600, CreatedAt: at(1), StartSeenAt: at(1), JobUID: "job-1"}}
			}
		})
	}
}

// atWorkByTheTable is a run that the table leads to Running.
func atWorkByTheTable(ctx context.Context, namespace, name string) *v1.DocsRun {
	GinkgoHelper()
	run := docs(ctx, namespace, name)
	steps(ctx, run, v1.Transition{On: "ClusterChosen", To: v1.PhaseProvisioning}, v1.Transition{On: "AgentStarted", To: v1.PhaseRunning})
	return run
}

var _ = Describe("explain", func() {
	It("says where a run is, what a person can do, and what it may not read", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		atWorkByTheTable(ctx, ns, "shop")
		said := call(ns, "explain", "shop")
		Expect(said.Code).To(BeZero(), said.Stderr)
		Expect(said.Stdout).To(HavePrefix("docsrun/shop is Running since "))
		Expect(said.Stdout).To(ContainSubstring("Provisioning → Running on AgentStarted (row 22)"))
		Expect(said.Stdout).To(ContainSubstring("runfleet cancel docsrun/shop -n " + ns + "  → Stopping"))
		Expect(said.Stdout).To(ContainSubstring("Member eu-1 has no MemberCluster any more"))

		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "explains"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{v1.GroupVersion.Group}, Resources: []string{"docsruns", "coderuns"}, Verbs: []string{"get"}},
		}}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "explains", Namespace: ns},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "nobody"}},
		}
		Expect(hub.Create(ctx, role)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, role)).To(Succeed()) })
		Expect(hub.Create(ctx, binding)).To(Succeed())
		Eventually(ctx, func() string { return call(ns, "explain", "dr/shop", "--context=nobody").Stdout }).WithTimeout(patience).Should(And(
			ContainSubstring("docsrun/shop is Running since "), ContainSubstring("you may not read it. Its defaults are assumed.")))

		Expect(call(ns, "explain", "shop", "-o", "json").Stdout).To(ContainSubstring(`"row": "22"`))
		Expect(call(ns, "explain", "dr/nowhere").Code).To(Equal(6))
	})
})

var _ = Describe("replay", func() {
	It("walks a history, and names the entry that another table does not have", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := atWorkByTheTable(ctx, ns, "shop")
		said := call(ns, "replay", "shop")
		Expect(said.Code).To(BeZero(), said.Stderr)
		Expect(said.Stdout).To(ContainSubstring("2 transitions agree with the table of DocsRun."))

		table := filepath.Join(GinkgoT().TempDir(), "table.json")
		Expect(os.WriteFile(table, []byte(callLine("", "fsm json docsrun").Stdout), 0o600)).To(Succeed())
		Expect(call(ns, "replay", "shop", "--table", table).Code).To(BeZero())

		steps(ctx, run, v1.Transition{On: "AgentDreamt", To: v1.PhaseSucceeded})
		said = call(ns, "replay", "shop", "--table", table)
		Expect(said.Code).To(Equal(1))
		Expect(said.Stdout).To(ContainSubstring("Entry 3 diverges from the table of " + table + ": the table has no trigger AgentDreamt."))
		docs(ctx, ns, "new")
		Expect(call(ns, "replay", "new")).To(Equal(result{2, "",
			"runfleet: docsrun/new has no history: nothing has happened to it yet, or it was left out of what was read\n"}))
	})
})
