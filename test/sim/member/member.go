// Package member is what lives on a member cluster besides its API server: the Job controller, the garbage collector, the
// kubelets, and the agents in their pods. All of them are late, as they are in real clusters; none of them lies.
//
//	Job ──► Job controller ──► pod ──► kubelet ──► agent (alive or not: the truth)
//	          ▲                           │
//	          └──────── pod status ◄──────┘
//
// What the API shows lags behind what is true; the invariants are about what is true.
package member

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/timeline"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Member is one member cluster.
type Member struct {
	*apiserver.Server
	Time *timeline.Timeline
	// Troubles are what is wrong with the member now.
	Troubles Troubles
	// Agents are all that ever were, in the order of their pods.
	Agents []*Agent
	// Plan says what becomes of an agent. Nil: chance does.
	Plan func(*Agent) Fate
	// Watch is told what happens to agents, at once and truly.
	Watch Watch

	syncs   map[types.NamespacedName]bool // Jobs that the Job controller is about to look at
	made    map[types.UID]bool            // Jobs whose pod was made, or is about to be
	started map[types.UID]time.Time       // Jobs since when their deadline counts
	byPod   map[types.UID]*Agent
	names   int
	burnt   bool
}

// Troubles are what may be wrong with a member.
type Troubles struct {
	PodsRefused   bool          // a quota is used up: the Job controller cannot make pods
	ImagesMissing bool          // no image can be pulled
	VolumesStuck  bool          // no volume can be mounted, because a Secret is missing
	Refuses       bool          // an admission webhook refuses what the operator creates
	SlowJobs      time.Duration // the Job controller is this much later than usual
}

// Watch hears of agents.
type Watch struct {
	Started func(*Agent)
	Ended   func(*Agent)
}

// New returns a member with the namespace that every cluster has.
func New(name string, serial *uint32, t *timeline.Timeline) *Member {
	m := &Member{
		Server: apiserver.New(name, serial, t.Now), Time: t,
		syncs: map[types.NamespacedName]bool{}, made: map[types.UID]bool{},
		started: map[types.UID]time.Time{}, byPod: map[types.UID]*Agent{},
	}
	m.Open(metav1.NamespaceDefault)
	m.Listen(m.changed)
	return m
}

// changed wakes whoever watches what changed.
func (m *Member) changed(k apiserver.Kind, c apiserver.Change) {
	switch k {
	case apiserver.Job:
		m.wakeController(client.ObjectKeyFromObject(c.Object()))
		m.collectSoon()
	case apiserver.Pod:
		pod, _ := c.Object().(*corev1.Pod)
		m.wakeController(jobOf(pod))
		m.collectSoon()
		if c.Old == nil {
			m.adopt(pod)
		} else if c.New != nil {
			m.podChanged(pod)
		}
	default:
	}
}

// jobOf is the Job by whose name the pod is labelled, whether it is there or not.
func jobOf(pod *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[batchv1.JobNameLabel]}
}

func (m *Member) job(key types.NamespacedName) *batchv1.Job {
	job, _ := m.Find(apiserver.Job, key).(*batchv1.Job)
	return job
}

// Jobs are all Jobs on the member.
func (m *Member) Jobs() []*batchv1.Job {
	var out []*batchv1.Job
	for _, o := range m.All(apiserver.Job) {
		job, _ := o.(*batchv1.Job)
		out = append(out, job)
	}
	return out
}

// podsOf are the pods that a Job owns.
func (m *Member) podsOf(job types.UID) []*corev1.Pod {
	var out []*corev1.Pod
	for _, o := range m.All(apiserver.Pod) {
		if owner := metav1.GetControllerOf(o); owner != nil && owner.UID == job {
			pod, _ := o.(*corev1.Pod)
			out = append(out, pod)
		}
	}
	return out
}

// warn writes a Warning event about an object.
func (m *Member) warn(about client.Object, reason, message string) {
	m.names++
	_ = m.Create(&corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: about.GetNamespace(), Name: name("event", m.names)},
		InvolvedObject: corev1.ObjectReference{UID: about.GetUID(), Name: about.GetName()},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: message, LastTimestamp: metav1.NewTime(m.Now()),
	})
}

// Holds are the objects of a run on the member, but the workspace.
func (m *Member) Holds(run types.UID) []client.Object {
	var out []client.Object
	for _, k := range []apiserver.Kind{apiserver.Job, apiserver.Pod, apiserver.ConfigMap} {
		for _, o := range m.All(k) {
			if o.GetLabels()[v1.LabelRunUID] == string(run) {
				out = append(out, o)
			}
		}
	}
	return out
}
