package reconcilers

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The kinds that are asked for by their metadata alone.
var (
	jobKind       = batchv1.SchemeGroupVersion.WithKind("Job")
	podKind       = corev1.SchemeGroupVersion.WithKind("Pod")
	configMapKind = corev1.SchemeGroupVersion.WithKind("ConfigMap")
	volumeKind    = corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim")
)

func listOf(kind schema.GroupVersionKind) schema.GroupVersionKind {
	kind.Kind += "List"
	return kind
}

// addFinalizer adds the finalizer and the stamp in one write of the metadata (a write of the status carries neither).
func (p *pass) addFinalizer(ctx context.Context) error {
	return p.patchMeta(ctx, func(run metav1.Object) {
		if !slices.Contains(run.GetFinalizers(), v1.Finalizer) {
			run.SetFinalizers(append(run.GetFinalizers(), v1.Finalizer))
		}
		notes := map[string]string{}
		maps.Copy(notes, run.GetAnnotations())
		notes[v1.AnnotationStamp] = fmt.Sprintf("%s/%d", run.GetUID(), p.hub.Incarnation)
		run.SetAnnotations(notes)
	})
}

// removeFinalizer is the last effect of a run.
func (p *pass) removeFinalizer(ctx context.Context) error {
	return p.patchMeta(ctx, func(run metav1.Object) {
		run.SetFinalizers(slices.DeleteFunc(run.GetFinalizers(), func(f string) bool { return f == v1.Finalizer }))
	})
}

// patchMeta changes the metadata of the run in the version that was seen. Spec and status are neither compared nor sent back.
func (p *pass) patchMeta(ctx context.Context, change func(metav1.Object)) error {
	was := meta.AsPartialObjectMetadata(p.run)
	was.SetGroupVersionKind(v1.GroupVersion.WithKind(string(p.Kind)))
	next := was.DeepCopy()
	change(next)
	return p.Hub.Writer.Patch(ctx, next, client.MergeFromWithOptions(was, client.MergeFromWithOptimisticLock{}))
}

// deleteRun deletes the run object whose time to live has passed: exactly that one.
func (p *pass) deleteRun(ctx context.Context, uid types.UID) error {
	return p.Hub.Writer.Delete(ctx, p.run, client.Preconditions{UID: &uid})
}
