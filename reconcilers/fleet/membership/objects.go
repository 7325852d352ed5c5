package membership

import (
	"context"
	"fmt"
	"maps"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The names of the rights on a member.
const (
	memberRole  = "runfleet-member"
	lookupRole  = "runfleet-lookup"
	renewalRole = "runfleet-renewal"
)

// grants are the objects on a member that let the operator in, in the order in which they are made.
func grants(lookup bool) []client.Object {
	all := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}},
		account(),
	}
	all = append(all, everywhere(memberRole, fleet.Permissions)...)
	if lookup {
		all = append(all, everywhere(lookupRole, fleet.LookupPermissions)...)
	}
	named := metav1.ObjectMeta{Name: renewalRole, Namespace: v1.SystemNamespace}
	return append(all,
		&rbacv1.Role{ObjectMeta: named, Rules: fleet.RenewalPermissions},
		&rbacv1.RoleBinding{ObjectMeta: named, RoleRef: refTo("Role", renewalRole), Subjects: user()})
}

func account() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: fleet.MemberUser, Namespace: v1.SystemNamespace}}
}

func everywhere(name string, rules []rbacv1.PolicyRule) []client.Object {
	named := metav1.ObjectMeta{Name: name}
	return []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: named, Rules: rules},
		&rbacv1.ClusterRoleBinding{ObjectMeta: named, RoleRef: refTo("ClusterRole", name), Subjects: user()},
	}
}

func refTo(kind, name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
}

func user() []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: fleet.MemberUser, Namespace: v1.SystemNamespace}}
}

// ensure makes an object what it shall be, and says what that took. What was there before it does not become join's: it has
// no label, so that leaving does not take it away.
func ensure(ctx context.Context, c client.Client, want client.Object) (string, error) {
	is, _ := want.DeepCopyObject().(client.Object)
	err := c.Get(ctx, client.ObjectKeyFromObject(want), is)
	if apierrors.IsNotFound(err) {
		want.SetLabels(map[string]string{v1.LabelJoined: "true"})
		return "created", c.Create(ctx, want)
	}
	if err != nil {
		return "", err
	}
	before, _ := is.DeepCopyObject().(client.Object)
	if err := adjust(is, want); err != nil {
		return "", err
	}
	if equality.Semantic.DeepEqual(before, is) {
		return "unchanged", nil
	}
	return "repaired", c.Update(ctx, is)
}

// put creates an object, or changes it as it is now, and says which. The operator writes the same objects, a renewed token or a
// status: whoever is second reads again. o has nothing but its name.
func put[O client.Object](ctx context.Context, c client.Client, o O, there bool, change func(O) error) (string, error) {
	if !there {
		if err := change(o); err != nil {
			return "", err
		}
		return "created", c.Create(ctx, o)
	}
	return "updated", retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		is, _ := o.DeepCopyObject().(O) // anew each time: what is read is laid over what is there
		if err := c.Get(ctx, client.ObjectKeyFromObject(o), is); err != nil {
			return err
		}
		if err := change(is); err != nil {
			return err
		}
		return c.Update(ctx, is)
	})
}

// adjust copies what matters of an object.
func adjust(is, want client.Object) error {
	switch want := want.(type) {
	case *rbacv1.ClusterRole:
		if is, ok := is.(*rbacv1.ClusterRole); ok {
			is.Rules, is.AggregationRule = want.Rules, nil
		}
	case *rbacv1.Role:
		if is, ok := is.(*rbacv1.Role); ok {
			is.Rules = want.Rules
		}
	case *rbacv1.ClusterRoleBinding:
		if is, ok := is.(*rbacv1.ClusterRoleBinding); ok {
			is.Subjects = withUser(is.Subjects)
			return sameRole(is.RoleRef, want.RoleRef, is.Name)
		}
	case *rbacv1.RoleBinding:
		if is, ok := is.(*rbacv1.RoleBinding); ok {
			is.Subjects = withUser(is.Subjects)
			return sameRole(is.RoleRef, want.RoleRef, is.Name)
		}
	case *corev1.ServiceAccount:
		annotations := maps.Clone(is.GetAnnotations())
		if annotations == nil && len(want.Annotations) > 0 {
			annotations = map[string]string{}
		}
		maps.Copy(annotations, want.Annotations)
		is.SetAnnotations(annotations)
	}
	return nil
}

// withUser adds the operator's user to those of a binding, if it is not there. Others stay: the hub's own operator may be
// one, where a hub is a member of another hub.
func withUser(subjects []rbacv1.Subject) []rbacv1.Subject {
	want := user()[0]
	for _, s := range subjects {
		if s.Kind == want.Kind && s.Name == want.Name && s.Namespace == want.Namespace {
			return subjects
		}
	}
	return append(subjects, want)
}

func sameRole(is, want rbacv1.RoleRef, name string) error {
	if is != want {
		return fmt.Errorf("the binding %s is one to the %s %s, and cannot be changed: delete it", name, is.Kind, is.Name)
	}
	return nil
}

// Named writes an object as kubectl does.
func Named(o client.Object) string {
	switch o.(type) {
	case *corev1.Namespace:
		return "namespace/" + o.GetName()
	case *corev1.ServiceAccount:
		return "serviceaccount/" + o.GetName()
	case *corev1.Secret:
		return "secret/" + o.GetName()
	case *rbacv1.ClusterRole:
		return "clusterrole/" + o.GetName()
	case *rbacv1.ClusterRoleBinding:
		return "clusterrolebinding/" + o.GetName()
	case *rbacv1.Role:
		return "role/" + o.GetName()
	case *rbacv1.RoleBinding:
		return "rolebinding/" + o.GetName()
	default:
		return "membercluster/" + o.GetName()
	}
}
