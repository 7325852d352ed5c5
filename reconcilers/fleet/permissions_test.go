package fleet

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

func TestTheClusterRolesOfTheDocumentationAreWhatIsAskedFor(t *testing.T) {
	page, err := os.ReadFile("../../docs/members.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, rules := range map[string][]rbacv1.PolicyRule{
		"runfleet-member": Permissions, "runfleet-lookup": LookupPermissions, "runfleet-renewal": RenewalPermissions,
	} {
		kind, meta := "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n", "metadata: {name: "+name+"}\n"
		if name == "runfleet-renewal" {
			kind, meta = strings.Replace(kind, "ClusterRole", "Role", 1), "metadata: {name: "+name+", namespace: runfleet-system}\n"
		}
		_, after, found := strings.Cut(string(page), kind+meta)
		block, _, closed := strings.Cut(after, "\n---\n")
		if !found || !closed {
			t.Fatalf("docs/members.md has no ClusterRole %s", name)
		}
		var role rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict([]byte(kind+meta+block), &role); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rules, role.Rules); diff != "" {
			t.Errorf("%s (-code +documentation)\n%s", name, diff)
		}
	}
}

func TestMissingPermissionsAreListedByResource(t *testing.T) {
	got := listed([]permission{{"batch", "jobs", "get"}, {"batch", "jobs", "list"}, {"", "pods", "watch"}, {"", "events", "list"}})
	if diff := cmp.Diff("get, list jobs.batch; watch pods; list events", got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
