package secrets

import (
	"context"
	"fmt"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var scenes atomic.Int64

// newNamespace makes a namespace everywhere for one spec.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	name := fmt.Sprintf("spec-%d", scenes.Add(1))
	for _, c := range []*bed.Cluster{hub, east, west} {
		Expect(c.TeamNamespace(ctx, name, nil)).To(Succeed())
	}
	return name
}

// docs creates a DocsRun on a member. Its name chooses what its agent does.
func docs(ctx context.Context, ns, name, member string, edits ...func(*v1.DocsRunSpec)) *v1.DocsRun {
	GinkgoHelper()
	run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, Spec: v1.DocsRunSpec{
		RunSpec:       v1.RunSpec{Placement: &v1.Placement{Cluster: member}},
		RepositoryURL: "example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "Octo",
	}}
	for _, edit := range edits {
		edit(&run.Spec)
	}
	Expect(hub.Create(ctx, run)).To(Succeed())
	return run
}

// code creates a CodeRun, on a member if one is named. Its service chooses what its agent does.
func code(ctx context.Context, ns, service, member string, edits ...func(*v1.CodeRunSpec)) *v1.CodeRun {
	GinkgoHelper()
	run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: service, Namespace: ns}, Spec: v1.CodeRunSpec{
		TaskID: new(int64(7)), Service: service, Model: "opus", GitHubUser: "Octo",
		RepositoryURL: v1.RepositoryURL("https://github.com/" + ns + "/" + service),
	}}
	if member != "" {
		run.Spec.Placement = &v1.Placement{Cluster: member}
	}
	for _, edit := range edits {
		edit(&run.Spec)
	}
	Expect(hub.Create(ctx, run)).To(Succeed())
	return run
}

// names lets a run have a variable from each of some Secrets.
func names(secrets ...string) func(*v1.CodeRunSpec) {
	return func(s *v1.CodeRunSpec) {
		for i, name := range secrets {
			s.EnvFromSecrets = append(s.EnvFromSecrets, v1.SecretEnvVar{Name: fmt.Sprintf("FROM_%d", i), SecretName: name, SecretKey: "value"})
		}
	}
}

// put makes a Secret on a member.
func put(ctx context.Context, c *bed.Cluster, ns, name string, data map[string][]byte, labels ...string) {
	GinkgoHelper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, Data: data}
	if len(labels) == 2 {
		s.Labels = map[string]string{labels[0]: labels[1]}
	}
	Expect(c.Create(ctx, s)).To(Succeed())
}

// usual makes the Secrets that every run of Octo needs.
func usual(ctx context.Context, c *bed.Cluster, ns string) {
	GinkgoHelper()
	put(ctx, c, ns, "anthropic-api-key", nil)
	put(ctx, c, ns, "github-token-octo", nil)
}

func status(ctx context.Context, run v1.Run) func() v1.RunStatus {
	return func() v1.RunStatus {
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
		return *run.RunStatus()
	}
}

// be matches a status by its phase, its reason and parts of its message.
func be(phase v1.Phase, reason string, says ...string) types.GomegaMatcher {
	all := []types.GomegaMatcher{HaveField("Phase", phase), HaveField("Reason", reason)}
	for _, s := range says {
		all = append(all, HaveField("Message", ContainSubstring(s)))
	}
	return And(all...)
}

func conditionOf(all []metav1.Condition, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(all, kind); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// jobs are those of a namespace on a member.
func jobs(ctx context.Context, c *bed.Cluster, ns string) func() []batchv1.Job {
	return func() []batchv1.Job {
		var list batchv1.JobList
		Expect(c.List(ctx, &list, client.InNamespace(ns))).To(Succeed())
		return list.Items
	}
}
