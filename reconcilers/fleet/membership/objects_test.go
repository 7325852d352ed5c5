package membership

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/reconcilers/fleet"
)

func TestWhatIsGrantedComesInAnOrderThatNothingHasToWaitFor(t *testing.T) {
	for lookup, want := range map[bool]string{
		false: "namespace/runfleet-system serviceaccount/runfleet clusterrole/runfleet-member clusterrolebinding/runfleet-member " +
			"role/runfleet-renewal rolebinding/runfleet-renewal",
		true: "namespace/runfleet-system serviceaccount/runfleet clusterrole/runfleet-member clusterrolebinding/runfleet-member " +
			"clusterrole/runfleet-lookup clusterrolebinding/runfleet-lookup role/runfleet-renewal rolebinding/runfleet-renewal",
	} {
		var got []string
		for _, o := range grants(lookup) {
			got = append(got, Named(o))
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("look-up %v (-want +got)\n%s", lookup, diff)
		}
	}
}

func TestWhatWasThereBecomesWhatItShallBeAndKeepsTheRest(t *testing.T) {
	other := rbacv1.Subject{Kind: rbacv1.UserKind, Name: "somebody"}
	ref := refTo("ClusterRole", memberRole)
	for name, c := range map[string]struct{ is, want, becomes client.Object }{
		"a role gets the rules, and is aggregated from no others": {
			&rbacv1.ClusterRole{AggregationRule: &rbacv1.AggregationRule{}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"*"}}}},
			&rbacv1.ClusterRole{Rules: fleet.Permissions},
			&rbacv1.ClusterRole{Rules: fleet.Permissions},
		},
		"a role of a namespace gets the rules": {
			&rbacv1.Role{}, &rbacv1.Role{Rules: fleet.RenewalPermissions}, &rbacv1.Role{Rules: fleet.RenewalPermissions},
		},
		"a binding gets the user beside others": {
			&rbacv1.ClusterRoleBinding{RoleRef: ref, Subjects: []rbacv1.Subject{other}},
			&rbacv1.ClusterRoleBinding{RoleRef: ref, Subjects: user()},
			&rbacv1.ClusterRoleBinding{RoleRef: ref, Subjects: append([]rbacv1.Subject{other}, user()...)},
		},
		"a binding that has the user stays": {
			&rbacv1.RoleBinding{RoleRef: ref, Subjects: user()},
			&rbacv1.RoleBinding{RoleRef: ref, Subjects: user()},
			&rbacv1.RoleBinding{RoleRef: ref, Subjects: user()},
		},
		"an account keeps the annotations of other hubs": {
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"hub-a": "eu"}}},
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"hub-b": "eu-1"}}},
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"hub-a": "eu", "hub-b": "eu-1"}}},
		},
		"a namespace stays as it is": {
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"team": "a"}}},
			&corev1.Namespace{},
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"team": "a"}}},
		},
	} {
		if err := adjust(c.is, c.want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.becomes, c.is); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	foreign := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: memberRole}, RoleRef: refTo("ClusterRole", "admin")}
	err := adjust(foreign, &rbacv1.ClusterRoleBinding{RoleRef: ref, Subjects: user()})
	if want := "the binding runfleet-member is one to the ClusterRole admin, and cannot be changed: delete it"; err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}

func TestRightsAreListedByWhatTheyAreAbout(t *testing.T) {
	got := listed([]right{
		{verb: "get", resource: "secrets", namespace: "runfleet-system"},
		{verb: "create", group: rbacv1.GroupName, resource: "clusterroles"},
		{verb: "update", resource: "secrets", namespace: "runfleet-system"},
		{verb: "get", resource: "secrets"},
		{verb: "create", resource: "serviceaccounts", sub: "token"},
	})
	want := "get, update secrets in runfleet-system; create clusterroles.rbac.authorization.k8s.io; get secrets; create serviceaccounts/token"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
