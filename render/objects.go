package render

import (
	"encoding/json"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// inputs are the ConfigMaps with the attempt's files. Nobody can change them while a pod starts from them.
func (a subject) inputs(parts []part) []*corev1.ConfigMap {
	var all []*corev1.ConfigMap
	for _, p := range parts {
		m := &corev1.ConfigMap{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
			ObjectMeta: a.meta(p.name),
			Immutable:  new(true),
			Data:       map[string]string{},
		}
		for _, f := range p.files {
			m.Data[keyOf(f.path)] = f.text
		}
		all = append(all, m)
	}
	return all
}

// job is the agent's Job. It is inert until it is resumed, and it makes one pod, once: attempts are the machine's (A8).
func (a subject) job(parts []part) *batchv1.Job {
	pod := a.meta("")
	pod.Namespace = ""
	job := &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: a.meta(a.entry.JobName),
		Spec: batchv1.JobSpec{
			Parallelism:           new(int32(1)),
			Completions:           new(int32(1)),
			BackoffLimit:          new(int32(0)),
			ActiveDeadlineSeconds: new(int64(a.entry.DeadlineSeconds)),
			PodReplacementPolicy:  new(batchv1.Failed),
			Template:              corev1.PodTemplateSpec{ObjectMeta: pod, Spec: a.pod(parts)},
		},
	}
	job.Annotations[v1.AnnotationSpecHash] = specHash(job.Spec, parts)
	job.Spec.Suspend = new(true) // after the hash: resuming does not make it another Job
	return job
}

// workspace is the volume that every run of a service on this member shares, so it carries nothing of a single run.
func (a subject) workspace() *corev1.PersistentVolumeClaim {
	if a.code == nil {
		return nil
	}
	size := a.Workspace.Size
	if size.IsZero() {
		size = resource.MustParse("10Gi")
	}
	labels := a.managed()
	labels["app"], labels["service"] = "orchestrator", labelValue(a.code.Service) // the original's
	return &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{Name: workspaceName(a.code.Service), Namespace: a.run.GetNamespace(), Labels: labels},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: a.Workspace.StorageClass,
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
}

func (a subject) meta(name string) metav1.ObjectMeta {
	meta := metav1.ObjectMeta{
		Name:        name,
		Namespace:   a.run.GetNamespace(),
		Labels:      a.labels(),
		Annotations: map[string]string{v1.AnnotationHome: home(a.run)},
	}
	if a.entry.TemplateDigest != "" {
		meta.Annotations[v1.AnnotationTemplateDigest] = a.entry.TemplateDigest
	}
	return meta
}

// specHash identifies what the Job executes: its spec and the files it starts from.
func specHash(spec batchv1.JobSpec, parts []part) string {
	files := map[string]string{}
	for _, p := range parts {
		for _, f := range p.files {
			files[f.path] = f.text
		}
	}
	text, err := json.Marshal([]any{spec, files}) // maps come out sorted
	if err != nil {                               // API types always can be marshalled
		text = []byte(err.Error())
	}
	return digest(text)
}
