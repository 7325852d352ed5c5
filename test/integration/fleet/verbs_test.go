//go:build faults

package fleet

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runfleet/runfleet/reconcilers/fleet"
)

var _ = Describe("Each right of docs/members.md", func() {
	It("is missed by name where it alone is not granted", func(ctx SpecContext) {
		op := begin(ctx, quick())
		for i, rule := range fleet.Permissions {
			for _, verb := range rule.Verbs {
				who := named("lacking")
				config, err := east.User(who)
				Expect(err).NotTo(HaveOccurred())
				rules := slices.Clone(fleet.Permissions)
				rules[i] = *rule.DeepCopy()
				rules[i].Verbs = slices.DeleteFunc(rules[i].Verbs, func(v string) bool { return v == verb })
				if len(rules[i].Verbs) == 0 {
					rules = append([]rbacv1.PolicyRule(nil), slices.Delete(rules, i, i+1)...)
				}
				grant(ctx, east, who, rules)
				name := op.register(ctx, "lacking", kubeconfigOf(config))
				Eventually(condition(ctx, name, "Ready")).Should(Equal("False PreflightFailed"), "%s %s", verb, rule.Resources[0])
				if rule.Resources[0] != "namespaces" || verb != "get" { // which the first question of all needs
					Expect(message(ctx, name, "Ready")).To(ContainSubstring("may not " + verb + " " + rule.Resources[0]))
				}
				remove(ctx, name)
			}
		}
	})
})
