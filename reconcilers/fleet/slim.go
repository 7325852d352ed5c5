package fleet

import (
	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
)

// What a cache holds is what is read. An agent's pod is some 10 KiB, nearly all of it spec and managed fields that nobody
// looks at; a fleet has thousands.

// slimJob drops the pod template and the managed fields. A Job from the cache must therefore never be written back whole:
// Jobs are only patched and deleted (A8, A13).
func slimJob(in any) (any, error) {
	job, ok := in.(*batchv1.Job)
	if !ok {
		return in, nil
	}
	job.ManagedFields = nil
	job.Spec.Template = corev1.PodTemplateSpec{}
	return job, nil
}

// slimPod keeps who a pod is and how it fares.
func slimPod(in any) (any, error) {
	pod, ok := in.(*corev1.Pod)
	if !ok {
		return in, nil
	}
	pod.ManagedFields = nil
	home, ok := pod.Annotations[v1.AnnotationHome]
	pod.Annotations = nil
	if ok {
		pod.Annotations = map[string]string{v1.AnnotationHome: home}
	}
	pod.Spec = corev1.PodSpec{
		NodeName:                      pod.Spec.NodeName,
		ActiveDeadlineSeconds:         pod.Spec.ActiveDeadlineSeconds,
		TerminationGracePeriodSeconds: pod.Spec.TerminationGracePeriodSeconds,
	}
	pod.Status = corev1.PodStatus{
		Phase:                 pod.Status.Phase,
		Reason:                pod.Status.Reason,
		Message:               pod.Status.Message,
		Conditions:            pod.Status.Conditions,
		StartTime:             pod.Status.StartTime,
		ContainerStatuses:     pod.Status.ContainerStatuses,
		InitContainerStatuses: pod.Status.InitContainerStatuses,
	}
	return pod, nil
}

// slimMetadata drops the managed fields, and the annotations except the run's home.
func slimMetadata(in any) (any, error) {
	o, err := meta.Accessor(in)
	if err != nil {
		return in, nil //nolint:nilerr // not an object, such as the marker of a missed deletion: it stays as it is
	}
	o.SetManagedFields(nil)
	home, ok := o.GetAnnotations()[v1.AnnotationHome]
	o.SetAnnotations(nil)
	if ok {
		o.SetAnnotations(map[string]string{v1.AnnotationHome: home})
	}
	return in, nil
}
