package member

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Open makes a namespace. It is false while the one before is still being deleted.
func (m *Member) Open(namespace string) bool {
	_ = m.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}) // there already, or new: it is in no namespace
	return m.burnt || m.Find(apiserver.Namespace, types.NamespacedName{Name: namespace}).GetDeletionTimestamp() == nil
}

// Close deletes a namespace with all that is in it. Nothing can be made there from now on; it goes when its last pod has ended, and
// not before a while is over in which something else holds it up.
func (m *Member) Close(namespace string, held time.Duration) {
	key := types.NamespacedName{Name: namespace}
	m.Change(apiserver.Namespace, key, func(o client.Object) { o.SetFinalizers([]string{string(corev1.FinalizerKubernetes)}) })
	_ = m.Delete(apiserver.Namespace, key, client.DeleteOptions{}) // gone already, or deleting
	m.emptySoon(key, m.Now().Add(held))
}

func (m *Member) emptySoon(namespace types.NamespacedName, held time.Time) {
	m.Time.After(m.Time.Usually(500*time.Millisecond, 5*time.Second), func() {
		if o := m.Find(apiserver.Namespace, namespace); !m.burnt && o != nil && o.GetDeletionTimestamp() != nil {
			m.empty(namespace, held)
		}
	})
}

// empty is one look of the namespace controller.
func (m *Member) empty(namespace types.NamespacedName, held time.Time) {
	in := func(k apiserver.Kind) []client.Object {
		return slices.DeleteFunc(slices.Clone(m.All(k)), func(o client.Object) bool { return o.GetNamespace() != namespace.Name })
	}
	background := metav1.DeletePropagationBackground
	for _, k := range []apiserver.Kind{apiserver.Job, apiserver.Pod, apiserver.ConfigMap, apiserver.Volume, apiserver.Event} {
		for _, o := range in(k) {
			how := client.DeleteOptions{PropagationPolicy: &background}
			if o.GetDeletionTimestamp() == nil {
				_ = m.Delete(k, client.ObjectKeyFromObject(o), how) // there: it was just listed
			}
		}
	}
	if len(in(apiserver.Job))+len(in(apiserver.Pod)) > 0 {
		m.emptySoon(namespace, held)
		return
	}
	if wait := held.Sub(m.Now()); wait > 0 {
		m.Time.After(wait, func() { m.emptySoon(namespace, held) })
		return
	}
	m.Change(apiserver.Namespace, namespace, func(o client.Object) { o.SetFinalizers(nil) })
}
