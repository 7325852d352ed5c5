package apiserver

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Get copies an object into a caller's.
func (s *Server) Get(key types.NamespacedName, into client.Object) error {
	k := KindOf(into)
	o := s.Find(k, key)
	if o == nil {
		return apierrors.NewNotFound(k.Resource(), key.Name)
	}
	CopyInto(into, o)
	return nil
}

// List fills a caller's list.
func (s *Server) List(list client.ObjectList, opts ...client.ListOption) error {
	items, err := Select(s.tables[KindOf(list)], nil, opts)
	if err == nil {
		Fill(list, items)
	}
	return err
}

// Create stores a new object. The caller gives it away.
func (s *Server) Create(o client.Object) error { return s.add(KindOf(o), o) }

// UpdateStatus replaces the status of a run, and nothing else of it. The caller gives the status away, and reads the new
// version from its object.
func (s *Server) UpdateStatus(o client.Object) error {
	run, ok := o.(v1.Run)
	if !ok {
		return apierrors.NewMethodNotSupported(KindOf(o).Resource(), "update status")
	}
	k := KindOf(o)
	was, err := s.expected(k, o)
	if err != nil {
		return err
	}
	old, _ := was.(v1.Run)
	next := withStatus(old, *run.RunStatus())
	if why := s.refuses(*old.RunStatus(), *next.RunStatus()); why != "" {
		s.Refused(next, why)
		return apierrors.NewInvalid(v1.GroupVersion.WithKind(k.String()).GroupKind(), o.GetName(), nil)
	}
	s.put(k, next)
	o.SetResourceVersion(next.GetResourceVersion())
	return nil
}

// withStatus is a run with another status. The rest is shared: what is stored is never changed in place.
func withStatus(run v1.Run, s v1.RunStatus) v1.Run {
	switch r := run.(type) {
	case *v1.DocsRun:
		next := *r
		next.Status = s
		return &next
	case *v1.CodeRun:
		next := *r
		next.Status = s
		return &next
	default:
		return run
	}
}

// Update replaces an object that has no status. The caller gives it away.
func (s *Server) Update(o client.Object) error {
	k := KindOf(o)
	was, err := s.expected(k, o)
	if err != nil {
		return err
	}
	o.SetUID(was.GetUID())
	o.SetCreationTimestamp(was.GetCreationTimestamp())
	s.store(k, o)
	return nil
}

// expected is the stored object, if the caller's is of its UID and version.
func (s *Server) expected(k Kind, o client.Object) (client.Object, error) {
	was := s.Find(k, client.ObjectKeyFromObject(o))
	switch {
	case was == nil:
		return nil, apierrors.NewNotFound(k.Resource(), o.GetName())
	case o.GetUID() != "" && o.GetUID() != was.GetUID(), o.GetResourceVersion() != "" && o.GetResourceVersion() != was.GetResourceVersion():
		return nil, conflict(k, o.GetName())
	default:
		return was, nil
	}
}

func conflict(k Kind, name string) error {
	return apierrors.NewConflict(k.Resource(), name, errModified)
}

var errModified = fmt.Errorf("the object has been modified")

// patch is every field that a merge patch of the operator may carry.
type patch struct {
	Metadata struct {
		UID             types.UID          `json:"uid"`
		ResourceVersion string             `json:"resourceVersion"`
		Finalizers      json.RawMessage    `json:"finalizers"` // null removes all
		Annotations     map[string]*string `json:"annotations"`
	} `json:"metadata"`
	Data map[string]string `json:"data"` // of a ConfigMap
	Spec struct {
		Suspend               *bool  `json:"suspend"`
		ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds"`
	} `json:"spec"`
}

// Patch applies a merge patch. Another UID is an invalid change, another version a conflict, as in Kubernetes.
func (s *Server) Patch(k Kind, key types.NamespacedName, data []byte) error {
	var p patch
	if err := json.Unmarshal(data, &p); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	was := s.Find(k, key)
	switch {
	case was == nil:
		return apierrors.NewNotFound(k.Resource(), key.Name)
	case p.Metadata.UID != "" && p.Metadata.UID != was.GetUID():
		return apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind(k.String()).GroupKind(), key.Name, nil)
	case p.Metadata.ResourceVersion != "" && p.Metadata.ResourceVersion != was.GetResourceVersion():
		return conflict(k, key.Name)
	}
	s.Change(k, key, p.apply)
	return nil
}

func (p patch) apply(o client.Object) {
	if p.Metadata.Finalizers != nil {
		var finalizers []string
		_ = json.Unmarshal(p.Metadata.Finalizers, &finalizers) // a list of strings or null, or the whole patch was no JSON
		o.SetFinalizers(finalizers)
	}
	notes := o.GetAnnotations()
	for _, key := range sortedKeys(p.Metadata.Annotations) {
		if notes == nil {
			notes = map[string]string{}
		}
		if v := p.Metadata.Annotations[key]; v != nil {
			notes[key] = *v
		} else {
			delete(notes, key)
		}
	}
	o.SetAnnotations(notes)
	switch o := o.(type) {
	case *corev1.ConfigMap:
		if p.Data != nil {
			o.Data = p.Data // it has one key
		}
	case *batchv1.Job:
		if p.Spec.Suspend != nil {
			o.Spec.Suspend = p.Spec.Suspend
			o.Generation++
		}
	case *corev1.Pod:
		if p.Spec.ActiveDeadlineSeconds != nil {
			o.Spec.ActiveDeadlineSeconds = p.Spec.ActiveDeadlineSeconds
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// The finalizers that the cluster itself adds and removes.
const (
	ForegroundFinalizer = metav1.FinalizerDeleteDependents
	OrphanFinalizer     = metav1.FinalizerOrphanDependents
	TrackingFinalizer   = batchv1.JobTrackingFinalizer
)

// Delete begins the deletion of an object, and completes it where nothing holds it up. The default for Jobs is to orphan
// their pods, as in batch/v1.
func (s *Server) Delete(k Kind, key types.NamespacedName, opts client.DeleteOptions) error {
	was := s.Find(k, key)
	if was == nil {
		return apierrors.NewNotFound(k.Resource(), key.Name)
	}
	if p := opts.Preconditions; p != nil && (p.UID != nil && *p.UID != was.GetUID() ||
		p.ResourceVersion != nil && *p.ResourceVersion != was.GetResourceVersion()) {
		return conflict(k, key.Name)
	}
	if was.GetDeletionTimestamp() != nil && k != Pod {
		return nil // it is being deleted, and once more changes nothing
	}
	s.Change(k, key, func(o client.Object) {
		if o.GetDeletionTimestamp() == nil {
			now := metav1.NewTime(s.Now())
			o.SetDeletionTimestamp(&now)
			o.SetGeneration(o.GetGeneration() + 1)
		}
		switch o := o.(type) {
		case *batchv1.Job:
			hold(o, opts.PropagationPolicy)
		case *corev1.Pod:
			o.DeletionGracePeriodSeconds = grace(o, opts.GracePeriodSeconds)
		}
	})
	return nil
}

func hold(job *batchv1.Job, policy *metav1.DeletionPropagation) {
	switch {
	case policy == nil || *policy == metav1.DeletePropagationOrphan:
		job.Finalizers = append(job.Finalizers, OrphanFinalizer)
	case *policy == metav1.DeletePropagationForeground:
		job.Finalizers = append(job.Finalizers, ForegroundFinalizer)
	}
}

// grace is how long a pod may take to end: no time at all when nothing of it runs.
func grace(pod *corev1.Pod, asked *int64) *int64 {
	ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	switch {
	case ended || pod.Spec.NodeName == "":
		return new(int64(0))
	case asked != nil:
		return asked
	case pod.DeletionGracePeriodSeconds != nil:
		return pod.DeletionGracePeriodSeconds
	default:
		return pod.Spec.TerminationGracePeriodSeconds
	}
}
