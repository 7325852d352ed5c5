package member

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// collectSoon lets the garbage collector look, if there is anything for it to do.
func (m *Member) collectSoon() {
	if m.garbage() {
		m.Time.After(m.Time.Usually(500*time.Millisecond, 10*time.Second), m.collect)
	}
}

func (m *Member) garbage() bool {
	deleting := func(o client.Object) bool { return o.GetDeletionTimestamp() != nil }
	ownerless := func(o client.Object) bool {
		owner := metav1.GetControllerOf(o)
		return owner != nil && o.GetDeletionTimestamp() == nil && m.FindUID(apiserver.Job, owner.UID) == nil
	}
	return slices.ContainsFunc(m.All(apiserver.Job), deleting) || slices.ContainsFunc(m.All(apiserver.Pod), ownerless)
}

// collect is one look of the garbage collector: it deletes pods whose Job is gone or waits for them, and lets Jobs go that
// waited.
func (m *Member) collect() {
	for _, o := range slices.Clone(m.All(apiserver.Pod)) {
		owner := metav1.GetControllerOf(o)
		if owner == nil || o.GetDeletionTimestamp() != nil {
			continue
		}
		job := m.FindUID(apiserver.Job, owner.UID)
		if job == nil || job.GetDeletionTimestamp() != nil && slices.Contains(job.GetFinalizers(), apiserver.ForegroundFinalizer) {
			_ = m.Delete(apiserver.Pod, client.ObjectKeyFromObject(o), client.DeleteOptions{}) // there: it was just listed
		}
	}
	for _, o := range slices.Clone(m.All(apiserver.Job)) {
		job, _ := o.(*batchv1.Job)
		switch {
		case job.DeletionTimestamp == nil:
		case slices.Contains(job.Finalizers, apiserver.OrphanFinalizer):
			m.orphan(job)
			m.letGo(job, apiserver.OrphanFinalizer)
		case len(m.podsOf(job.UID)) == 0:
			m.letGo(job, apiserver.ForegroundFinalizer)
		}
	}
}

// orphan takes the owner from a Job's pods: they live on.
func (m *Member) orphan(job *batchv1.Job) {
	for _, pod := range m.podsOf(job.UID) {
		m.Change(apiserver.Pod, client.ObjectKeyFromObject(pod), func(o client.Object) { o.SetOwnerReferences(nil) })
	}
}

func (m *Member) letGo(job *batchv1.Job, finalizer string) {
	m.Change(apiserver.Job, client.ObjectKeyFromObject(job), func(o client.Object) {
		o.SetFinalizers(slices.DeleteFunc(o.GetFinalizers(), func(f string) bool { return f == finalizer }))
	})
}
