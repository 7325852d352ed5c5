package fleet

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

func TestTheClusterRoleOfTheDocumentationIsWhatIsAskedFor(t *testing.T) {
	page, err := os.ReadFile("../../docs/members.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "kind: ClusterRole\n")
	block, _, closed := strings.Cut(after, "\n---\n")
	if !found || !closed {
		t.Fatal("docs/members.md has no ClusterRole")
	}
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict([]byte("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"+block), &role); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Permissions, role.Rules); diff != "" {
		t.Errorf("(-code +documentation)\n%s", diff)
	}
}

func TestMissingPermissionsAreListedByResource(t *testing.T) {
	got := listed([]permission{{"batch", "jobs", "get"}, {"batch", "jobs", "list"}, {"", "pods", "watch"}, {"", "events", "list"}})
	if diff := cmp.Diff("get, list jobs.batch; watch pods; list events", got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
