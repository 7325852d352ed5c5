package member

import (
	"fmt"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/timeline"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Fate is what becomes of an agent that nobody disturbs.
type Fate string

// The fates.
const (
	Succeeds      Fate = "succeeds"
	ChangesNone   Fate = "changes nothing"
	OpensNoPull   Fate = "opens no pull request"
	Fails         Fate = "fails"
	MissesTool    Fate = "misses a prerequisite"
	SaysNothing   Fate = "ends without an outcome"
	RunsOutOfRAM  Fate = "runs out of memory"
	IsEvicted     Fate = "is evicted"
	Hangs         Fate = "hangs"
	HangsHard     Fate = "hangs and hears no signal"
	StartsTooLate Fate = "starts too late"
)

// Agent is what is true of the agent of one pod.
type Agent struct {
	Member  string
	Run     types.UID
	Home    string // Kind/namespace/name of the run
	Attempt int32
	Job     types.UID
	Pod     types.NamespacedName
	PodUID  types.UID
	Fate    Fate

	Alive, Started, Ended bool
	StartedAt             time.Time
	Succeeded             bool      // it did its work and said so
	ShownAt               time.Time // since when the API server shows how it ended

	cut    bool // its node does not reach the API server
	lost   bool // its node is dead
	state  *corev1.ContainerStateTerminated
	killed bool
	reason string // of the pod; set when its own deadline kills it
	limits limits
}

// limits are what the start script and the kubelet enforce without asking anybody.
type limits struct {
	startBefore, notAfter time.Time
	skew, timeout         time.Duration
	grace                 int64 // seconds
}

func (a *Agent) String() string {
	return fmt.Sprintf("agent of attempt %d of %s on %s", a.Attempt, a.Home, a.Member)
}

// adopt begins the life of a new pod.
func (m *Member) adopt(pod *corev1.Pod) {
	n, _ := strconv.ParseInt(pod.Labels[v1.LabelAttempt], 10, 32) // only ours have pods here
	a := &Agent{
		Member: m.Name, Run: types.UID(pod.Labels[v1.LabelRunUID]), Attempt: int32(n), Home: pod.Annotations[v1.AnnotationHome],
		Pod: types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, PodUID: pod.UID, limits: limitsOf(pod),
	}
	if owner := metav1.GetControllerOf(pod); owner != nil {
		a.Job = owner.UID
	}
	a.Fate = m.fate(a)
	m.Agents = append(m.Agents, a)
	m.byPod[pod.UID] = a
	m.Time.After(m.Time.Usually(time.Second, 20*time.Second), func() { m.bind(a) })
}

func (m *Member) fate(a *Agent) Fate {
	if m.Plan != nil {
		return m.Plan(a)
	}
	if m.Time.Chance(0.6) {
		return Succeeds
	}
	return timeline.Pick(m.Time,
		Succeeds, ChangesNone, OpensNoPull, Fails, Fails, MissesTool, SaysNothing, RunsOutOfRAM, IsEvicted, Hangs, HangsHard)
}

func limitsOf(pod *corev1.Pod) limits {
	number := func(name string) int64 {
		for _, v := range pod.Spec.Containers[0].Env {
			if v.Name == name {
				n, _ := strconv.ParseInt(v.Value, 10, 64) // the operator renders numbers
				return n
			}
		}
		return 0
	}
	return limits{
		startBefore: time.Unix(number("RUNFLEET_START_BEFORE"), 0), notAfter: time.Unix(number("RUNFLEET_NOT_AFTER"), 0),
		skew:    time.Duration(number("RUNFLEET_MAX_SKEW")) * time.Second,
		timeout: time.Duration(number("RUNFLEET_TIMEOUT")) * time.Second,
		grace:   *pod.Spec.TerminationGracePeriodSeconds,
	}
}

// end is what an agent leaves behind.
type end struct {
	code           int32
	reason, result string
	pull           bool
	pod            string // the pod's own reason
}

var ends = map[Fate]end{
	Succeeds:      {result: "succeeded", pull: true},
	ChangesNone:   {result: "noChanges"},
	OpensNoPull:   {result: "succeeded"},
	Fails:         {code: 1, reason: "Error", result: "failed"},
	MissesTool:    {code: 78, reason: "Error", result: "prerequisiteMissing"},
	SaysNothing:   {},
	RunsOutOfRAM:  {code: 137, reason: "OOMKilled"},
	IsEvicted:     {code: 137, reason: "Error", pod: "Evicted"},
	Hangs:         {code: 1, reason: "Error", result: "timeout"},
	StartsTooLate: {code: 1, reason: "Error", result: "startedTooLate"},
}

// message is the JSON that the start script leaves.
func (e end) message(a *Agent) string {
	if e.result == "" {
		return ""
	}
	pull := ""
	if e.pull {
		pull = fmt.Sprintf(`,"pullRequestUrl":"https://github.com/example/shop/pull/%d"`, a.Attempt)
	}
	return fmt.Sprintf(`{"result":%q,"sessionId":"session-%d","turns":3%s}`, e.result, a.Attempt, pull)
}
