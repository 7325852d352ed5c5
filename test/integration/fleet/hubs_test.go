package fleet

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("A cluster that is a member of two hubs", func() {
	It("keeps for each hub what it gave, and is left by one without loss for the other", func(ctx SpecContext) {
		Expect(west.InstallCRDs(ctx)).To(Succeed()) // the second hub, without an operator
		op := begin(ctx, quick())
		classOn(ctx, east)
		mine, theirs, file, other := named("mine"), named("theirs"), admin(east, nil), admin(west, nil)
		Expect(op.joins(mine, file, "--secret-lookup").Code).To(BeZero())
		second := func(verb string, more ...string) bed.Said {
			return runfleet(append([]string{"fleet", verb, theirs, "--kubeconfig", file, "--hub-kubeconfig", other}, more...)...)
		}
		DeferCleanup(func() { second("leave") })

		joined := second("join", "--timeout", "0")
		Expect(joined.Code).To(BeZero(), joined.Stderr)
		Expect(joined.Stdout).To(ContainSubstring("member: clusterrole/runfleet-member unchanged\n"))
		Expect(joined.Stdout).To(ContainSubstring("member: clusterrole/runfleet-lookup stays: another hub has the member as " + mine + "\n"))
		Expect(west.Get(ctx, client.ObjectKey{Name: theirs}, &v1.MemberCluster{})).To(Succeed())
		role := &rbacv1.ClusterRole{}
		Expect(east.Get(ctx, client.ObjectKey{Name: "runfleet-lookup"}, role)).To(Succeed())
		Expect(role.Rules).To(Equal(fleet.LookupPermissions))
		Consistently(condition(ctx, mine, "Ready"), "1s").Should(Equal("True MemberReady"))

		left := second("leave")
		Expect(left.Code).To(BeZero(), left.Stderr)
		Expect(left.Stdout).To(HaveSuffix("member: its rights stay, another hub has it as " + mine + "\n"))
		Consistently(condition(ctx, mine, "Ready"), "1s").Should(Equal("True MemberReady"))

		last := op.leaves(mine, file)
		Expect(last.Code).To(BeZero(), last.Stderr)
		Expect(last.Stdout).To(ContainSubstring("member: clusterrole/runfleet-lookup removed\n"))
		Expect(op.traces(ctx, east)).To(BeEmpty())
	})
})
