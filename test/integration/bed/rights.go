package bed

import (
	"maps"
	"slices"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runfleet/runfleet/test/controlplane"
)

// ExpectRights expects of what a suite's operators requested of members that nothing was granted in vain, and that all of it was
// granted. The first is not known of a part of the suite. elsewhere are those that only another suite has use for.
func ExpectRights(requests []controlplane.Request, needed, granted []rbacv1.PolicyRule, elsewhere ...string) {
	ginkgo.GinkgoHelper()
	gomega.Expect(requests).NotTo(gomega.BeEmpty(), "nobody was watched")
	gomega.Expect(beyond(requests, granted)).To(gomega.BeEmpty(), "these rights are used and not granted")
	if whole() {
		gomega.Expect(idle(requests, needed)).To(gomega.ConsistOf(elsewhere),
			"these rights are granted and not used: no test would miss them")
	}
}

// whole says that all of the suite was asked for.
func whole() bool {
	c, _ := ginkgo.GinkgoConfiguration()
	return len(c.FocusStrings)+len(c.SkipStrings)+len(c.FocusFiles)+len(c.SkipFiles)+len(c.LabelFilter) == 0
}

// beyond are the rights that requests needed and rules do not give.
func beyond(requests []controlplane.Request, rules []rbacv1.PolicyRule) []string {
	granted, missing := rights(rules), map[string]bool{}
	for _, r := range requests {
		// What everybody may: ask for other things than objects, and what one may do.
		if used := right(r.Verb, r.Group, r.Resource); r.Resource != "" && r.Group != "authorization.k8s.io" && !granted[used] {
			missing[used] = true
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

// idle are the rights that rules give and no request used. What was forbidden was not used.
func idle(requests []controlplane.Request, rules []rbacv1.PolicyRule) []string {
	unused := rights(rules)
	for _, r := range requests {
		if r.Code != 403 {
			delete(unused, right(r.Verb, r.Group, r.Resource))
		}
	}
	return slices.Sorted(maps.Keys(unused))
}

// rights are those that rules give, as people write them: "create jobs.batch".
func rights(rules []rbacv1.PolicyRule) map[string]bool {
	all := map[string]bool{}
	for _, rule := range rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				all[right(verb, rule.APIGroups[0], resource)] = true
			}
		}
	}
	return all
}

func right(verb, group, resource string) string {
	if group != "" {
		resource += "." + group
	}
	return verb + " " + resource
}
