package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/runfleet/runfleet/api/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Permissions are what the user of a member's kubeconfig must be allowed, in every namespace. docs/members.md repeats
// them as a ClusterRole; a test compares the two. In others the operator lives with exactly these, misses each by its name, and
// is seen in the audit logs of members to use each and no other (test/integration/bed/rights.go).
var Permissions = []rbacv1.PolicyRule{
	{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
	{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch", "patch", "delete"}},
	{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
	{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get", "list", "watch", "create"}},
	{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get", "list", "watch"}},
	{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list"}},
}

// LookupPermissions are what it must be allowed besides where spec.secretLookup is Enabled. RBAC knows no right to the metadata
// alone; that nothing else is asked for is the operator's doing.
var LookupPermissions = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}},
}

// RenewalPermissions are what it must be allowed in its own namespace where the operator renews its token: to ask for its own
// next one, and nobody else's.
var RenewalPermissions = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, ResourceNames: []string{MemberUser}, Verbs: []string{"create"}},
}

// MemberUser is the ServiceAccount, in v1.SystemNamespace of a member, that the operator comes as.
const MemberUser = "runfleet"

// permission is one verb on one resource.
type permission struct{ group, resource, verb string }

// object is the resource as kubectl writes it.
func (p permission) object() string {
	if p.group == "" {
		return p.resource
	}
	return p.resource + "." + p.group
}

func permissions(rules []rbacv1.PolicyRule) []permission {
	var all []permission
	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			all = append(all, permission{group: rule.APIGroups[0], resource: rule.Resources[0], verb: verb})
		}
	}
	return all
}

// preflight asks the member for each permission whether it is given, all at once, so that a slow member takes the time of
// one request. Nil when all are.
func preflight(ctx context.Context, c client.Client, host string, lookup bool) *trouble {
	all := permissions(Permissions)
	if lookup {
		all = append(all, permissions(LookupPermissions)...)
	}
	allowed, failed := make([]bool, len(all)), make([]error, len(all))
	var asked sync.WaitGroup
	for i, p := range all {
		asked.Go(func() { allowed[i], failed[i] = p.given(ctx, c) })
	}
	asked.Wait()
	var missing []permission
	for i, p := range all {
		if failed[i] != nil {
			return onRequest("asking for its permissions", host, failed[i])
		}
		if !allowed[i] {
			missing = append(missing, p)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(missing) == 1 && lookup && missing[0] == all[len(all)-1]:
		return troubled(v1.ReasonPreflightFailed, "the user of the kubeconfig may not %s, in every namespace: grant it the ClusterRole "+
			"runfleet-lookup of docs/members.md, or set spec.secretLookup to Disabled", listed(missing))
	}
	return troubled(v1.ReasonPreflightFailed,
		"the user of the kubeconfig may not %s, in every namespace: grant it the ClusterRole of docs/members.md", listed(missing))
}

// listed writes permissions with the verbs of one resource together: "create, delete jobs.batch; list events".
func listed(permissions []permission) string {
	var objects []string
	verbs := map[string][]string{}
	for _, p := range permissions {
		if !slices.Contains(objects, p.object()) {
			objects = append(objects, p.object())
		}
		verbs[p.object()] = append(verbs[p.object()], p.verb)
	}
	for i, o := range objects {
		objects[i] = strings.Join(verbs[o], ", ") + " " + o
	}
	return strings.Join(objects, "; ")
}

func (p permission) given(ctx context.Context, c client.Client) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: p.group, Resource: p.resource, Verb: p.verb},
	}}
	if err := c.Create(ctx, review); err != nil {
		return false, fmt.Errorf("asking whether one may %s %s: %w", p.verb, p.object(), err)
	}
	return review.Status.Allowed, nil
}
