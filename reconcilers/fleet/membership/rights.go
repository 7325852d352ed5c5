package membership

import (
	"context"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rights asks for what the person needs on the member: to make each object, and to hold what it grants, as RBAC wants it.
func (l *look) rights(ctx context.Context) error {
	var needs []right
	for _, verb := range []string{"get", "create", "update"} {
		for _, resource := range []string{"clusterroles", "clusterrolebindings"} {
			needs = append(needs, right{verb: verb, group: rbacv1.GroupName, resource: resource})
		}
		for _, resource := range []string{"roles", "rolebindings"} {
			needs = append(needs, right{verb: verb, group: rbacv1.GroupName, resource: resource, namespace: v1.SystemNamespace})
		}
		needs = append(needs, right{verb: verb, resource: "serviceaccounts", namespace: v1.SystemNamespace})
	}
	needs = append(needs,
		right{verb: "create", resource: "serviceaccounts", sub: "token", namespace: v1.SystemNamespace},
		right{verb: "get", resource: "namespaces"})
	home := &corev1.Namespace{}
	if err := l.Member.Get(ctx, client.ObjectKey{Name: v1.SystemNamespace}, home); err != nil {
		needs = append(needs, right{verb: "create", resource: "namespaces"})
	} else if home.DeletionTimestamp != nil {
		l.lackf("the member's namespace %s is being deleted: join again once it is gone", home.Name)
	}
	lacks, err := l.Member.lacksOf(ctx, needs)
	if err != nil {
		return err
	}
	if len(lacks) > 0 {
		l.lackf("on the member you may not %s", listed(lacks))
	}
	above, err := l.Member.lacksOf(ctx, []right{
		{verb: "escalate", group: rbacv1.GroupName, resource: "clusterroles"}, {verb: "bind", group: rbacv1.GroupName, resource: "clusterroles"},
	})
	if err != nil || len(above) == 0 {
		return err
	}
	lacks, err = l.Member.lacksOf(ctx, l.granted())
	if len(lacks) > 0 {
		l.lackf("on the member you may not grant what you do not have in every namespace: %s", listed(lacks))
	}
	return err
}

// granted are the rights that the operator's user is given.
func (l *look) granted() []right {
	rules := slices.Clone(fleet.Permissions)
	if l.lookup {
		rules = append(rules, fleet.LookupPermissions...)
	}
	var all []right
	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			all = append(all, right{verb: verb, group: rule.APIGroups[0], resource: rule.Resources[0]})
		}
	}
	return all
}
