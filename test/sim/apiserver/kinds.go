package apiserver

import (
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kind is a kind of objects that the simulation knows.
type Kind uint8

// The kinds: the first three live on a hub, the others on members, namespaces on both.
const (
	DocsRun Kind = iota
	CodeRun
	Lease
	Job
	Pod
	ConfigMap
	Volume
	Event
	Namespace
	kinds
)

var kindNames = [...]string{"DocsRun", "CodeRun", "Lease", "Job", "Pod", "ConfigMap", "PersistentVolumeClaim", "Event", "Namespace"}

func (k Kind) String() string { return kindNames[k] }

var resources = [...]schema.GroupResource{
	{Group: v1.GroupVersion.Group, Resource: "docsruns"},
	{Group: v1.GroupVersion.Group, Resource: "coderuns"},
	{Group: "coordination.k8s.io", Resource: "leases"},
	{Group: "batch", Resource: "jobs"},
	{Resource: "pods"},
	{Resource: "configmaps"},
	{Resource: "persistentvolumeclaims"},
	{Resource: "events"},
	{Resource: "namespaces"},
}

// Resource is the kind as errors name it.
func (k Kind) Resource() schema.GroupResource { return resources[k] }

// KindOf tells the kind of an object or of a list's items.
func KindOf(o runtime.Object) Kind {
	switch o := o.(type) {
	case *v1.DocsRun, *v1.DocsRunList:
		return DocsRun
	case *v1.CodeRun, *v1.CodeRunList:
		return CodeRun
	case *coordinationv1.Lease, *coordinationv1.LeaseList:
		return Lease
	case *batchv1.Job, *batchv1.JobList:
		return Job
	case *corev1.Pod, *corev1.PodList:
		return Pod
	case *corev1.ConfigMap, *corev1.ConfigMapList:
		return ConfigMap
	case *corev1.PersistentVolumeClaim, *corev1.PersistentVolumeClaimList:
		return Volume
	case *corev1.Event, *corev1.EventList:
		return Event
	case *corev1.Namespace, *corev1.NamespaceList:
		return Namespace
	case *metav1.PartialObjectMetadata, *metav1.PartialObjectMetadataList:
		return kindNamed(o.GetObjectKind().GroupVersionKind().Kind)
	default:
		panic(fmt.Sprintf("the simulation knows no %T", o)) //nolint:forbidigo // a hole in the simulation, to be filled
	}
}

func kindNamed(name string) Kind {
	for k, n := range kindNames {
		if name == n || name == n+"List" {
			return Kind(k)
		}
	}
	panic(fmt.Sprintf("the simulation knows no kind %q", name)) //nolint:forbidigo // as above
}

// CopyInto copies what is stored into a caller's object, whole or, where the caller asked for that, its metadata alone.
func CopyInto(to, from client.Object) {
	switch to := to.(type) {
	case *v1.DocsRun:
		from.(*v1.DocsRun).DeepCopyInto(to)
	case *v1.CodeRun:
		from.(*v1.CodeRun).DeepCopyInto(to)
	case *coordinationv1.Lease:
		from.(*coordinationv1.Lease).DeepCopyInto(to)
	case *batchv1.Job:
		from.(*batchv1.Job).DeepCopyInto(to)
	case *corev1.Pod:
		from.(*corev1.Pod).DeepCopyInto(to)
	case *corev1.ConfigMap:
		from.(*corev1.ConfigMap).DeepCopyInto(to)
	case *corev1.PersistentVolumeClaim:
		from.(*corev1.PersistentVolumeClaim).DeepCopyInto(to)
	case *corev1.Namespace:
		from.(*corev1.Namespace).DeepCopyInto(to)
	case *metav1.PartialObjectMetadata:
		to.ObjectMeta = *metaOf(from).DeepCopy()
	}
}

// Fill puts objects into a list. They are shared with what is stored: a caller that changes them copies them first, as
// with client.UnsafeDisableDeepCopy.
func Fill(list client.ObjectList, items []client.Object) {
	switch l := list.(type) {
	case *v1.DocsRunList:
		l.Items = values[v1.DocsRun](items)
	case *v1.CodeRunList:
		l.Items = values[v1.CodeRun](items)
	case *batchv1.JobList:
		l.Items = values[batchv1.Job](items)
	case *corev1.PodList:
		l.Items = values[corev1.Pod](items)
	case *corev1.EventList:
		l.Items = values[corev1.Event](items)
	case *corev1.NamespaceList:
		l.Items = values[corev1.Namespace](items)
	case *metav1.PartialObjectMetadataList:
		l.Items = nil
		for _, o := range items {
			l.Items = append(l.Items, metav1.PartialObjectMetadata{ObjectMeta: *metaOf(o)})
		}
	default:
		panic(fmt.Sprintf("the simulation cannot fill a %T", l)) //nolint:forbidigo // as above
	}
}

func values[T any](items []client.Object) []T {
	if len(items) == 0 {
		return nil
	}
	out := make([]T, len(items))
	for i, o := range items {
		out[i] = *any(o).(*T)
	}
	return out
}

func metaOf(o client.Object) *metav1.ObjectMeta {
	m, _ := o.(metav1.ObjectMetaAccessor).GetObjectMeta().(*metav1.ObjectMeta)
	return m
}
