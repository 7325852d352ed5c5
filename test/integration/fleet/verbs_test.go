//go:build faults

package fleet

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runfleet/runfleet/reconcilers/fleet"
)

var _ = Describe("Each right of docs/members.md", func() {
	It("is missed by name where it alone is not granted", func(ctx SpecContext) {
		op := begin(ctx, quick())
		lacking := everyLack(ctx)
		member := op.register(ctx, "lacking", kubeconfigOf(user(ctx, east)))
		Eventually(condition(ctx, member, "Ready")).Should(Equal("True MemberReady"))
		for says, kubeconfig := range lacking {
			op.write(ctx, member, kubeconfig)
			Eventually(func() string { return message(ctx, member, "Ready") }).Should(ContainSubstring(says))
			Expect(condition(ctx, member, "Ready")()).To(Equal("False PreflightFailed"), says)
		}
		op.write(ctx, member, kubeconfigOf(user(ctx, east)))
		Eventually(condition(ctx, member, "Ready")).Should(Equal("True MemberReady"))
	})
})

// everyLack makes for each right of a member a user who has all others, and says what is told of it: no more than that.
func everyLack(ctx context.Context) (kubeconfigs map[string][]byte) {
	kubeconfigs = map[string][]byte{}
	for i, rule := range fleet.Permissions {
		for _, verb := range rule.Verbs {
			rules := slices.Clone(fleet.Permissions)
			rules[i].Verbs = slices.DeleteFunc(slices.Clone(rule.Verbs), func(v string) bool { return v == verb })
			rules = slices.DeleteFunc(rules, func(r rbacv1.PolicyRule) bool { return len(r.Verbs) == 0 })
			who := named("lacking")
			config, err := east.User(who)
			Expect(err).NotTo(HaveOccurred())
			grant(ctx, east, who, rules)
			resource := rule.Resources[0]
			if rule.APIGroups[0] != "" {
				resource += "." + rule.APIGroups[0]
			}
			says := "the user of the kubeconfig may not " + verb + " " + resource + ", in every namespace"
			if verb+" "+resource == "get namespaces" { // the first question of all
				says = "forbids reading its identity (namespace kube-system)"
			}
			kubeconfigs[says] = kubeconfigOf(config)
		}
	}
	return kubeconfigs
}
