package operator

import (
	"context"
	"maps"

	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// orphans are the objects in the scene's namespace, "" for all, that no run of its hub accounts for.
func (w *scene) orphans(ctx context.Context) []string {
	found, err := w.hub.Orphans(ctx, w.namespace, east, west)
	w.Expect(err).NotTo(HaveOccurred())
	return found
}

// tidy asserts that nothing is left that no run accounts for. It holds at every moment, whatever the scene's runs do.
func (w *scene) tidy(ctx context.Context) {
	w.Expect(w.orphans(ctx)).To(BeEmpty())
}

// late are create requests that arrive on a member when their run is gone: Job and inputs as they were made for a run that
// ended well, of one that the hub never knew.
func (w *scene) late(like v1.Run, member *bed.Cluster, edit func(client.Object)) (v1.Run, []client.Object) {
	ghost := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: like.GetName(), Namespace: w.namespace, UID: uuid.NewUUID()}}
	job, inputs := w.jobs(like)[0].DeepCopy(), w.inputs(like)[0].DeepCopy()
	job.Spec.Selector, job.Spec.Suspend, job.Status = nil, new(true), batchv1.JobStatus{}
	for _, label := range []string{"controller-uid", "job-name"} {
		delete(job.Spec.Template.Labels, label)
		delete(job.Spec.Template.Labels, "batch.kubernetes.io/"+label)
	}
	job.Spec.Template.Labels[v1.LabelRunUID] = string(ghost.UID)
	objects := []client.Object{job, inputs}
	for _, o := range objects {
		labels := maps.Clone(o.GetLabels())
		labels[v1.LabelRunUID] = string(ghost.UID)
		meta := metav1.ObjectMeta{
			Name: v1.AttemptName(ghost.Name, ghost.UID, 1), Namespace: w.namespace, Labels: labels,
			Annotations: map[string]string{v1.AnnotationHome: o.GetAnnotations()[v1.AnnotationHome]},
		}
		if o == client.Object(job) {
			job.ObjectMeta = meta
		} else {
			inputs.ObjectMeta = meta
		}
		edit(o)
		w.Expect(member.Create(w.ctx, o)).To(Succeed())
	}
	return ghost, objects
}

func ofOurs(client.Object) {}
