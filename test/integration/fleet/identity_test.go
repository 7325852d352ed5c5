package fleet

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

var _ = Describe("The identity of a member", func() {
	It("is checked ever after: a kubeconfig that leads elsewhere is not followed until a person confirms it", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		before := op.changesOf(name)
		op.write(ctx, name, kubeconfigOf(user(ctx, west)))
		Eventually(condition(ctx, name, "Reachable")).Should(Equal("False IdentityChanged"))
		Expect(condition(ctx, name, "Ready")()).To(Equal("False IdentityChanged"))
		Expect(op.changesOf(name)).To(BeNumerically(">", before))
		Expect(op.found(ctx, name)).To(BeFalse())
		m, _ := op.Member(name)
		Expect([]any{m.Answers, m.UID, m.Recorded}).To(Equal([]any{false, identity(ctx, west), identity(ctx, east)}))
		j := job(ctx, west, ours)

		says := message(ctx, name, "Reachable")
		Expect(says).To(And(ContainSubstring(string(identity(ctx, east))), ContainSubstring(string(identity(ctx, west)))))
		_, command, _ := strings.Cut(says, "kubectl patch membercluster "+name+" --subresource=status --type=merge -p '")
		patch, _, _ := strings.Cut(command, "'")
		Expect(op.sawJob(name, j)).To(BeFalse())
		Expect(hub.Status().Patch(ctx, stored(ctx, name), client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
		Eventually(op.sawJob).WithArguments(name, j).Should(BeTrue())
		Expect(stored(ctx, name).Status.ClusterUID).To(Equal(identity(ctx, west)))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
	})

	It("is checked by every probe: a cluster that was replaced behind its address is not followed", func(ctx SpecContext) {
		op := begin(ctx, quick())
		f := frontOf(east)
		name := op.register(ctx, "east", kubeconfigOf(f.config()))
		Eventually(op.answers(name)).Should(BeTrue())
		f.leadTo(west)
		Eventually(condition(ctx, name, "Reachable")).Should(Equal("False IdentityChanged"))
		Expect(op.found(ctx, name)).To(BeFalse())
		f.leadTo(east)
		Eventually(op.answers(name)).Should(BeTrue())
	})

	It("is one: the second MemberCluster that leads to a cluster is refused until the first is gone", func(ctx SpecContext) {
		op := begin(ctx, quick())
		first := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(first)).Should(BeTrue())
		second := op.register(ctx, "another", kubeconfigOf(user(ctx, east)))
		Eventually(condition(ctx, second, "Ready")).Should(Equal("False DuplicateIdentity"))
		Expect(message(ctx, second, "Ready")).To(ContainSubstring("MemberCluster " + first + " leads to the same cluster"))
		Expect(stored(ctx, second).Status.ClusterUID).To(BeEmpty())
		j := job(ctx, east, ours)
		Eventually(op.sawJob).WithArguments(first, j).Should(BeTrue())
		Expect(op.sawJob(second, j)).To(BeFalse())
		Expect(op.answers(first)()).To(BeTrue())
		remove(ctx, first)
		Eventually(op.answers(second)).Should(BeTrue())
	})

	It("is one also for the hub, whose own registration goes first", func(ctx SpecContext) {
		o := quick()
		o.HubUID = identity(ctx, hub)
		op := begin(ctx, o)
		Expect(fleet.EnsureLocalMember(ctx, hub)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { remove(ctx, fleet.LocalMember) })
		Eventually(op.answers(fleet.LocalMember)).Should(BeTrue())
		other := op.register(ctx, "hub", kubeconfigOf(hub.Admin))
		Eventually(op.reason(other)).Should(Equal(v1.ReasonDuplicateIdentity))
		Expect(op.answers(fleet.LocalMember)()).To(BeTrue())
	})
})
