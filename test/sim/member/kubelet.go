package member

import (
	"time"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (m *Member) pod(a *Agent) *corev1.Pod {
	pod, _ := m.Find(apiserver.Pod, a.Pod).(*corev1.Pod)
	if pod == nil || pod.UID != a.PodUID {
		return nil
	}
	return pod
}

// bind gives the pod to a node.
func (m *Member) bind(a *Agent) {
	if pod := m.pod(a); pod == nil || pod.DeletionTimestamp != nil {
		return // deleted before: without a node it went at once
	}
	now := metav1.NewTime(m.Now())
	m.Change(apiserver.Pod, a.Pod, func(o client.Object) {
		pod, _ := o.(*corev1.Pod)
		pod.Spec.NodeName = "node"
		pod.Status.StartTime = &now
	})
	m.watchDeadline(a)
	m.Time.After(m.Time.Usually(2*time.Second, 30*time.Second), func() { m.start(a) })
}

// start starts the agent, if nothing is in the way.
func (m *Member) start(a *Agent) {
	if a.killed || a.Ended || a.lost {
		return
	}
	if trouble := m.startTrouble(); trouble != "" {
		m.complain(a, trouble)
		m.Time.After(m.Time.Between(5*time.Second, 20*time.Second), func() { m.start(a) })
		return
	}
	a.StartedAt = m.Now()
	if m.Now().After(a.limits.startBefore.Add(a.limits.skew)) {
		a.Fate = StartsTooLate
		m.finish(a, ends[StartsTooLate])
		return
	}
	a.Alive, a.Started = true, true
	m.Watch.Started(a)
	m.report(a)
	m.Time.After(m.lifetime(a), func() { m.finish(a, ends[a.Fate]) })
}

// lifetime is how long the agent works. One that hangs is ended by the start script, or, when it hears nothing, by nobody
// before the kubelet.
func (m *Member) lifetime(a *Agent) time.Duration {
	limit := min(a.limits.timeout, a.limits.notAfter.Sub(m.Now()))
	d := m.Time.Usually(time.Minute, 10*time.Minute)
	if m.Plan != nil { // no surprises
		d = m.Time.Between(10*time.Second, 40*time.Second)
	}
	switch {
	case a.Fate == HangsHard:
		return 1 << 60
	case a.Fate == Hangs || d >= limit:
		a.Fate = Hangs
		return limit
	default:
		return d
	}
}

func (m *Member) startTrouble() string {
	switch {
	case m.Troubles.ImagesMissing:
		return "ImagePullBackOff"
	case m.Troubles.VolumesStuck:
		return "FailedMount"
	default:
		return ""
	}
}

// complain tells why the agent does not start: in the pod's status, or in an event alone.
func (m *Member) complain(a *Agent, trouble string) {
	pod := m.pod(a)
	switch {
	case pod == nil || a.cut:
	case trouble == "FailedMount":
		m.warn(pod, trouble, `MountVolume.SetUp failed for volume "key": secret "anthropic-api-key" not found`)
	case len(pod.Status.ContainerStatuses) == 0:
		m.Change(apiserver.Pod, a.Pod, func(o client.Object) {
			waiting := &corev1.ContainerStateWaiting{Reason: trouble, Message: "not found"}
			c := corev1.ContainerStatus{Name: "agent", State: corev1.ContainerState{Waiting: waiting}}
			o.(*corev1.Pod).Status.ContainerStatuses = []corev1.ContainerStatus{c}
		})
	}
}

// finish ends the agent; the node reports it a little later.
func (m *Member) finish(a *Agent, e end) {
	if a.Ended || a.lost {
		return
	}
	was := a.Alive
	a.Alive, a.Ended = false, true
	a.Succeeded = a.Started && e.code == 0 && e.result != ""
	if e.pod != "" {
		a.reason = e.pod
	}
	if a.Started || e.result != "" {
		started := metav1.NewTime(a.StartedAt)
		a.state = &corev1.ContainerStateTerminated{ExitCode: e.code, Reason: e.reason, Message: e.message(a), StartedAt: started}
	}
	if was {
		m.Watch.Ended(a)
	}
	m.report(a)
}

// report writes the pod's status as the node knows it, late, and not at all while the node is cut off.
func (m *Member) report(a *Agent) {
	m.Time.After(m.Time.Usually(500*time.Millisecond, 5*time.Second), func() { m.writeStatus(a) })
}

func (m *Member) writeStatus(a *Agent) {
	pod := m.pod(a)
	if pod == nil || a.cut || a.lost || Ended(pod) {
		return
	}
	m.Change(apiserver.Pod, a.Pod, func(o client.Object) { a.show(&o.(*corev1.Pod).Status) })
	if a.Ended {
		a.ShownAt = m.Time.Now()
		m.lastRites(a)
	}
}

func (a *Agent) show(s *corev1.PodStatus) {
	c := corev1.ContainerStatus{Name: "agent"}
	switch {
	case a.Alive:
		s.Phase = corev1.PodRunning
		c.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(a.StartedAt)}
	case a.Ended:
		s.Phase, s.Reason = corev1.PodFailed, a.reason
		if a.state != nil && a.state.ExitCode == 0 && a.reason == "" {
			s.Phase = corev1.PodSucceeded
		}
		c.State.Terminated = a.state
	}
	s.ContainerStatuses = []corev1.ContainerStatus{c}
}

// lastRites lets a pod go that was being deleted, once nothing of it runs and its node has said so.
func (m *Member) lastRites(a *Agent) {
	if pod := m.pod(a); pod == nil || pod.DeletionTimestamp == nil {
		return
	}
	m.Time.After(m.Time.Usually(200*time.Millisecond, 2*time.Second), func() {
		if pod := m.pod(a); pod != nil && !a.cut {
			_ = m.Delete(apiserver.Pod, a.Pod, client.DeleteOptions{GracePeriodSeconds: new(int64(0))}) // there: it was just found
		}
	})
}

// podChanged lets the pod's node see a change a little later: a deletion, or a lowered deadline.
func (m *Member) podChanged(pod *corev1.Pod) {
	a := m.byPod[pod.UID]
	if a == nil || a.cut || a.lost || m.burnt {
		return
	}
	m.Time.After(m.Time.Usually(200*time.Millisecond, 2*time.Second), func() { m.look(a) })
}

// look is the kubelet comparing the pod that should be with the one that is.
func (m *Member) look(a *Agent) {
	pod := m.pod(a)
	switch {
	case pod == nil || a.cut || a.lost:
	case pod.DeletionTimestamp != nil && a.Ended:
		m.lastRites(a)
	case pod.DeletionTimestamp != nil:
		m.kill(a, "")
	default:
		m.watchDeadline(a)
	}
}

// watchDeadline ends the pod when its own deadline has passed, now or later.
func (m *Member) watchDeadline(a *Agent) {
	pod := m.pod(a)
	if pod == nil || pod.Spec.ActiveDeadlineSeconds == nil || pod.Status.StartTime == nil {
		return
	}
	at := pod.Status.StartTime.Add(time.Duration(*pod.Spec.ActiveDeadlineSeconds) * time.Second)
	if !m.Now().Before(at) {
		m.kill(a, "DeadlineExceeded")
		return
	}
	m.Time.After(at.Sub(m.Now()), func() { m.kill(a, "DeadlineExceeded") })
}

// kill tells the agent to end, and ends it when its grace period is over. It may still finish its work in time.
func (m *Member) kill(a *Agent, reason string) {
	if a.killed || a.Ended {
		return
	}
	a.killed, a.reason = true, reason
	if !a.Alive {
		m.finish(a, end{code: 137})
		return
	}
	grace := time.Duration(a.limits.grace) * time.Second
	switch {
	case a.Fate == HangsHard || m.Time.Chance(0.2):
		m.Time.After(grace, func() { m.finish(a, end{code: 137, reason: "Error"}) })
	case m.Time.Chance(0.1):
		m.Time.After(m.Time.Between(0, grace), func() { m.finish(a, end{result: "succeeded", pull: true}) })
	default:
		m.Time.After(m.Time.Between(0, grace), func() { m.finish(a, end{code: 143, reason: "Error", result: "interrupted"}) })
	}
}
