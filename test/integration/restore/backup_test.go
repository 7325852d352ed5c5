//go:build faults

package restore

import (
	"context"
	"path/filepath"

	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// backup is a backup of the hub as it is now.
func backup(ctx context.Context) string {
	GinkgoHelper()
	to := filepath.Join(GinkgoT().TempDir(), "backup")
	Expect(hub.Backup(ctx, to)).To(Succeed())
	return to
}

// docs applies a DocsRun whose name says what its agent does.
func docs(ctx context.Context, name string, edits ...func(*v1.DocsRun)) *v1.DocsRun {
	GinkgoHelper()
	run := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1.DocsRunSpec{
			RepositoryURL: v1.RepositoryURL("https://github.com/example/" + name), WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "example-bot",
		},
	}
	for _, edit := range edits {
		edit(run)
	}
	Expect(hub.Create(ctx, run)).To(Succeed())
	return run
}

// on binds a run to a member.
func on(member string) func(*v1.DocsRun) {
	return func(r *v1.DocsRun) { r.Spec.Placement = &v1.Placement{Cluster: member} }
}

func suspended(r *v1.DocsRun) { r.Spec.Suspend = true }

// change edits a run as a person does.
func change(ctx context.Context, run *v1.DocsRun, edit func(*v1.DocsRun)) {
	GinkgoHelper()
	was := run.DeepCopy()
	edit(run)
	Expect(hub.Patch(ctx, run, client.MergeFrom(was))).To(Succeed())
}

// status is what a run says now. For Eventually.
func status(ctx context.Context, run *v1.DocsRun) func(g Gomega) v1.RunStatus {
	return func(g Gomega) v1.RunStatus {
		var now v1.DocsRun
		g.Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), &now)).To(Succeed())
		return now.Status
	}
}

func await(ctx context.Context, run *v1.DocsRun, phase v1.Phase) v1.RunStatus {
	GinkgoHelper()
	var s v1.RunStatus
	Eventually(ctx, func(g Gomega) v1.Phase {
		s = status(ctx, run)(g)
		return s.Phase
	}).Should(Equal(phase), "%s: %v", run.Name, &s)
	return s
}

func of(run v1.Run) client.MatchingLabels {
	return client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())}
}

func podsOf(ctx context.Context, c *bed.Cluster, run v1.Run) []corev1.Pod {
	GinkgoHelper()
	var list corev1.PodList
	Expect(c.List(ctx, &list, client.InNamespace(namespace), of(run))).To(Succeed())
	return list.Items
}

// jobs are the names of a run's Jobs on both members, with the member.
func jobs(ctx context.Context, run v1.Run) []string {
	GinkgoHelper()
	var names []string
	for _, c := range []*bed.Cluster{east, west} {
		var list batchv1.JobList
		Expect(c.List(ctx, &list, client.InNamespace(namespace), of(run))).To(Succeed())
		for i := range list.Items {
			names = append(names, c.Name()+"/"+list.Items[i].Name)
		}
	}
	return names
}

// schedule says whether a member takes new attempts.
func schedule(ctx context.Context, member string, s v1.MemberScheduling) {
	GinkgoHelper()
	var m v1.MemberCluster
	Expect(hub.Get(ctx, client.ObjectKey{Name: member}, &m)).To(Succeed())
	was := m.DeepCopy()
	m.Spec.Scheduling = s
	Expect(hub.Patch(ctx, &m, client.MergeFrom(was))).To(Succeed())
}

// tidy deletes the Jobs of a run as a person does, and waits until nothing is left of it.
func tidy(ctx context.Context, run v1.Run) {
	GinkgoHelper()
	for _, c := range []*bed.Cluster{east, west} {
		Expect(c.DeleteAllOf(ctx, &batchv1.Job{}, client.InNamespace(namespace), of(run),
			client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
	}
	Eventually(ctx, func() []string { return jobs(ctx, run) }).Should(BeEmpty())
}

// knows says whether the hub has a run.
func knows(ctx context.Context, run *v1.DocsRun) bool {
	GinkgoHelper()
	err := hub.Get(ctx, client.ObjectKeyFromObject(run), &v1.DocsRun{})
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	return !apierrors.IsNotFound(err)
}
