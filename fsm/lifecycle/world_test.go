package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// world is a small, obedient world for stories: effects happen at once, one after the other, and the story says what
// members, agents and people do. (The model check has the disobedient one.)
type world struct {
	l         Lifecycle
	now       time.Time
	hub       HubFacts
	run       RunFacts
	status    v1.RunStatus
	candidate Candidate
	leases    []LeaseFacts
	workspace map[string]bool
	links     map[string]*ClusterFacts
	identity  map[string]types.UID
	objects   []*AgentFacts
	census    Census
	removed   bool // the run object is gone
	serial    int
}

func newWorld(kind Kind) *world {
	l, err := New(kind, DefaultSettings())
	if err != nil {
		panic(err)
	}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w := &world{
		l: l, now: start, hub: HubFacts{Incarnation: 1, Since: start.Add(-time.Hour)},
		status:    v1.RunStatus{Phase: v1.PhasePending},
		workspace: map[string]bool{}, links: map[string]*ClusterFacts{}, identity: map[string]types.UID{},
		run: RunFacts{
			Name: "fix-login", UID: "1a2b3c4d-0000-4000-8000-000000000000", Generation: 1, Created: start,
			ContextVersion: 1, Deadline: 2 * time.Hour, ProvisioningDeadline: 10 * time.Minute, MaxRetries: 2,
			OnClusterLost: v1.ClusterLostWait, Retention: 24 * time.Hour,
		},
	}
	w.choose("a")
	return w
}

func (w *world) link(name string) *ClusterFacts {
	if w.links[name] == nil {
		w.links[name] = &ClusterFacts{Name: name, Link: Answers}
		w.identity[name] = types.UID("uid-" + name)
	}
	return w.links[name]
}

// linkTo is the link as an attempt sees it that recorded this identity.
func (w *world) linkTo(name string, recorded types.UID) ClusterFacts {
	c := *w.link(name)
	if c.Link == Answers && w.identity[name] != recorded {
		c.Link = Foreign
	}
	return c
}

// recordedOn is the identity that the newest attempt on a member recorded.
func (w *world) recordedOn(name string) types.UID {
	for _, e := range slices.Backward(w.status.Attempts) {
		if e.Cluster == name {
			return e.ClusterUID
		}
	}
	return w.identity[name]
}

func (w *world) choose(name string) {
	w.candidate = Candidate{Cluster: name, Why: "the only member that is ready"}
	if name != "" {
		w.link(name)
	}
}

// ready is what placement offers: the chosen member, if it answers.
func (w *world) ready() Candidate {
	c := w.candidate
	if c.Cluster == "" || w.link(c.Cluster).Link != Answers {
		return Candidate{Why: "no member is ready"}
	}
	c.ClusterUID = w.identity[c.Cluster]
	return c
}

func (w *world) object(n int32, cluster string) *AgentFacts {
	for _, o := range w.objects {
		if o.Attempt == n && o.Cluster == cluster {
			return o
		}
	}
	o := &AgentFacts{
		Attempt: n, Cluster: cluster, Inputs: Absent,
		Job: JobFacts{Presence: Absent}, Pod: PodFacts{Presence: Absent}, Ended: Evidence{Pod: Absent},
	}
	w.objects = append(w.objects, o)
	return o
}

// facts is what one look shows: of a member that does not answer, only what its cache still holds.
func (w *world) facts() Facts {
	f := Facts{Now: w.now, Hub: w.hub, Run: w.run, Candidate: w.ready(), Leases: slices.Clone(w.leases), Census: w.census}
	if w.status.Cluster != "" {
		f.Cluster = w.linkTo(w.status.Cluster, w.recordedOn(w.status.Cluster))
		f.Workspace = Absent
		if w.workspace[w.status.Cluster] {
			f.Workspace = Present
		}
	}
	if w.status.Attempt > 0 {
		w.object(w.status.Attempt, w.status.Cluster)
	}
	for _, o := range w.objects {
		a := w.seen(*o)
		if o.Attempt == w.status.Attempt && o.Cluster == w.status.Cluster {
			f.Agent, f.Inputs = a, a.Inputs
		} else if a.Job.Presence != Absent || a.Pod.Presence != Absent || a.Inputs != Absent {
			f.Others = append(f.Others, a)
		}
	}
	for _, m := range w.status.Members {
		f.Members = append(f.Members, MemberFacts{Name: m, Link: w.linkTo(m, w.recordedOn(m)).Link, Leftover: w.leftover(m)})
	}
	return f
}

func (w *world) seen(a AgentFacts) AgentFacts {
	if w.linkTo(a.Cluster, w.recordedOn(a.Cluster)).Link == Answers {
		return a
	}
	for _, p := range []*Presence{&a.Job.Presence, &a.Pod.Presence, &a.Ended.Pod, &a.Inputs} {
		if *p == Absent {
			*p = Unknown
		}
	}
	return a
}

func (w *world) leftover(member string) Presence {
	for _, o := range w.objects {
		if o.Cluster == member && (o.Job.Presence == Present || o.Pod.Presence == Present || o.Inputs == Present) {
			return Present
		}
	}
	return Absent
}

// execute performs one effect at once.
func (w *world) execute(e Effect) {
	o := &AgentFacts{}
	if e.Attempt > 0 {
		if w.linkTo(e.Cluster, w.recordedOn(e.Cluster)).Link != Answers {
			return
		}
		o = w.object(e.Attempt, e.Cluster)
	}
	switch string(e.Verb) + string(e.Resource) {
	case "EnsureFinalizer":
		w.run.Finalizer, w.run.StampUID, w.run.StampIncarnation = true, w.run.UID, w.hub.Incarnation
	case "EnsureLease":
		w.takeLease(e.Name)
	case "EnsureWorkspace":
		w.workspace[e.Cluster] = true
	case "EnsureInputs":
		o.Inputs = Present
	case "EnsureAgent":
		w.serial++
		o.Job = JobFacts{Presence: Present, UID: types.UID(fmt.Sprintf("job-%d", w.serial)), ResourceVersion: "1", Suspended: true}
	case "ReleaseAgent":
		o.Job.Suspended, o.Job.Active, o.Job.ResourceVersion = false, 1, "2"
		o.Pod = PodFacts{Presence: Present, UID: types.UID(fmt.Sprintf("pod-%d", e.Attempt)), ResourceVersion: "1"}
	case "EndPod":
		o.Pod.Ending = true
	case "DeleteAgent":
		o.Job, o.Pod, o.Ended = JobFacts{Presence: Absent}, PodFacts{Presence: Absent}, Evidence{Pod: Absent}
	case "DeletePod":
		o.Pod, o.Ended = PodFacts{Presence: Absent}, Evidence{Pod: Absent}
	case "DeleteInputs":
		o.Inputs = Absent
	case "DeleteFinalizer", "DeleteRun":
		w.removed = true
	default:
		panic(fmt.Sprintf("unknown effect %v", e))
	}
}

// takeLease succeeds unless another run holds it. A held Lease belongs to one value of status.transitions; the story
// world keeps it simple and asks only once.
func (w *world) takeLease(name string) {
	for i := range w.leases {
		if w.leases[i].Name == name && w.leases[i].Holder == "" {
			w.leases[i].Held = true
		}
	}
}
