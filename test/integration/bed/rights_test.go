package bed

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/runfleet/runfleet/test/controlplane"
)

func TestRightsAreToldFromRequests(t *testing.T) {
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "create"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"delete"}},
	}
	requests := []controlplane.Request{
		{Verb: "get", Group: "batch", Resource: "jobs", Code: 404},
		{Verb: "delete", Resource: "pods", Code: 403},
		{Verb: "update", Group: "batch", Resource: "jobs/status", Code: 403},
		{Verb: "get", Resource: "jobs", Code: 200},
		{Verb: "create", Group: "authorization.k8s.io", Resource: "selfsubjectaccessreviews", Code: 201},
		{Verb: "get", Code: 200},
	}
	if diff := cmp.Diff([]string{"get jobs", "update jobs/status.batch"}, beyond(requests, rules)); diff != "" {
		t.Errorf("not granted (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"create jobs.batch", "delete pods"}, idle(requests, rules)); diff != "" {
		t.Errorf("not used (-want +got)\n%s", diff)
	}
}
