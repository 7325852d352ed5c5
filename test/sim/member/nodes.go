package member

import (
	"time"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// eviction is how long Kubernetes waits before it deletes the pods of a node that does not answer.
const eviction = 5 * time.Minute

// CutNode keeps an agent's node from the API server for some time. The agent works on, and all that its node enforces by
// itself holds.
func (m *Member) CutNode(a *Agent, d time.Duration) {
	if a.cut || a.lost {
		return
	}
	a.cut = true
	m.Time.After(eviction, func() {
		if a.cut && m.pod(a) != nil {
			_ = m.Delete(apiserver.Pod, a.Pod, client.DeleteOptions{}) // there: it was just found
		}
	})
	m.Time.After(d, func() {
		a.cut = false
		m.writeStatus(a)
		m.look(a)
	})
}

// LoseNode lets an agent's node burn down. The API server shows the pod as it was until the node is removed; then the
// pod's remains are collected.
func (m *Member) LoseNode(a *Agent) {
	if a.lost || a.Ended {
		return
	}
	was := a.Alive
	a.lost, a.Alive, a.Ended = true, false, true
	if was {
		m.Watch.Ended(a)
	}
	m.Time.After(eviction, func() {
		if m.pod(a) != nil {
			_ = m.Delete(apiserver.Pod, a.Pod, client.DeleteOptions{}) // there: it was just found
		}
	})
	m.Time.After(eviction+m.Time.Between(0, time.Hour), func() { m.bury(a) })
}

// BurnDown lets the whole cluster end: nothing works there any more, and nobody ever asks it again.
func (m *Member) BurnDown() {
	m.burnt = true
	for _, a := range m.Agents {
		m.LoseNode(a)
	}
}

// Burnt says that the cluster has ended.
func (m *Member) Burnt() bool { return m.burnt }

// bury is what Kubernetes does with the pods of a node that was removed.
func (m *Member) bury(a *Agent) {
	if m.pod(a) == nil {
		return
	}
	m.Change(apiserver.Pod, a.Pod, func(o client.Object) {
		s := &o.(*corev1.Pod).Status
		s.Phase = corev1.PodFailed
		s.Conditions = append(s.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByPodGC",
		})
	})
	_ = m.Delete(apiserver.Pod, a.Pod, client.DeleteOptions{GracePeriodSeconds: new(int64(0))}) // there: it was just changed
}
