package lifecycletest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/types"
)

// World is one run, the hub and the members "a" and "b", as far as the lifecycle can see them.
type World struct {
	Lifecycle lifecycle.Lifecycle
	Now       time.Time
	Hub       lifecycle.HubFacts
	Run       lifecycle.RunFacts
	Status    v1.RunStatus
	Leases    []lifecycle.LeaseFacts
	Census    lifecycle.Census
	Removed   bool // the run object is gone

	candidate string // the member that placement would take, if it answers
	workspace map[string]bool
	links     map[string]*lifecycle.ClusterFacts
	identity  map[string]types.UID
	objects   []*lifecycle.AgentFacts
	serial    int
}

// New returns a world with a run that was just applied, and member "a" ready for it.
func New(kind lifecycle.Kind) *World {
	l, err := lifecycle.New(kind, lifecycle.DefaultSettings())
	if err != nil {
		panic(err) // our own table does not hold its proofs: nothing can be tested
	}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w := &World{
		Lifecycle: l, Now: start, Hub: lifecycle.HubFacts{Incarnation: 1, Since: start.Add(-time.Hour)},
		Status:    v1.RunStatus{Phase: v1.PhasePending},
		workspace: map[string]bool{}, links: map[string]*lifecycle.ClusterFacts{}, identity: map[string]types.UID{},
		Run: lifecycle.RunFacts{
			Name: "fix-login", UID: "1a2b3c4d-0000-4000-8000-000000000000", Generation: 1, Created: start,
			ContextVersion: 1, Deadline: 2 * time.Hour, ProvisioningDeadline: 10 * time.Minute, MaxRetries: 2,
			OnClusterLost: v1.ClusterLostWait, Retention: 24 * time.Hour, RetentionFailed: 24 * time.Hour,
		},
	}
	w.Choose("a")
	return w
}

// Decide looks once and decides; it changes nothing.
func (w *World) Decide() (lifecycle.Facts, lifecycle.Decision) {
	f := w.Facts()
	return f, w.Lifecycle.Decide(w.Status, f)
}

// Commit writes a decision's status to the hub, which stores it as JSON: what is read back has lost what JSON cannot say.
func (w *World) Commit(d lifecycle.Decision) {
	text, err := json.Marshal(d.Status)
	if err != nil {
		panic(err) // our own type
	}
	w.Status = v1.RunStatus{}
	if err := json.Unmarshal(text, &w.Status); err != nil {
		panic(err)
	}
}

// Choose makes a member the one that placement offers; "" offers none.
func (w *World) Choose(name string) {
	w.candidate = name
	if name != "" {
		w.link(name)
	}
}

// Object is what there is of attempt n on a member.
func (w *World) Object(n int32, cluster string) *lifecycle.AgentFacts {
	for _, o := range w.objects {
		if o.Attempt == n && o.Cluster == cluster {
			return o
		}
	}
	o := &lifecycle.AgentFacts{
		Attempt: n, Cluster: cluster, Inputs: lifecycle.Absent,
		Job:   lifecycle.JobFacts{Presence: lifecycle.Absent},
		Pod:   lifecycle.PodFacts{Presence: lifecycle.Absent},
		Ended: lifecycle.Evidence{Pod: lifecycle.Absent},
	}
	w.objects = append(w.objects, o)
	return o
}

// Facts is what one look shows: of a member that does not answer, only what its cache still holds.
func (w *World) Facts() lifecycle.Facts {
	f := lifecycle.Facts{Now: w.Now, Hub: w.Hub, Run: w.Run, Candidate: w.ready(), Leases: slices.Clone(w.Leases), Census: w.Census}
	if w.Status.Cluster != "" {
		f.Cluster = w.linkTo(w.Status.Cluster)
		f.Workspace = lifecycle.Absent
		if w.workspace[w.Status.Cluster] {
			f.Workspace = lifecycle.Present
		}
	}
	if w.Status.Attempt > 0 {
		w.Object(w.Status.Attempt, w.Status.Cluster)
	}
	for _, o := range w.objects {
		a := w.seen(*o)
		if o.Attempt == w.Status.Attempt && o.Cluster == w.Status.Cluster {
			f.Agent, f.Inputs = a, a.Inputs
		} else if !empty(*o) {
			f.Others = append(f.Others, a)
		}
	}
	for _, m := range w.Status.Members {
		f.Members = append(f.Members, lifecycle.MemberFacts{Name: m, Link: w.linkTo(m).Link, Leftover: w.leftover(m)})
	}
	return f
}

func (w *World) seen(a lifecycle.AgentFacts) lifecycle.AgentFacts {
	if w.linkTo(a.Cluster).Link == lifecycle.Answers {
		return a
	}
	for _, p := range []*lifecycle.Presence{&a.Job.Presence, &a.Pod.Presence, &a.Ended.Pod, &a.Inputs} {
		if *p == lifecycle.Absent {
			*p = lifecycle.Unknown
		}
	}
	return a
}

func (w *World) leftover(member string) lifecycle.Presence {
	for _, o := range w.objects {
		if o.Cluster == member && !empty(*o) {
			return lifecycle.Present
		}
	}
	return lifecycle.Absent
}

func empty(o lifecycle.AgentFacts) bool {
	return o.Job.Presence != lifecycle.Present && o.Pod.Presence != lifecycle.Present && o.Inputs != lifecycle.Present
}

// Stray is what a census would bring: the highest attempt that the status does not know.
func (w *World) Stray() *lifecycle.Stray {
	var best *lifecycle.Stray
	known := func(n int32) bool {
		i := slices.IndexFunc(w.Status.Attempts, func(e v1.Attempt) bool { return e.Number == n })
		return i >= 0 && w.Status.Attempts[i].JobUID != ""
	}
	for _, o := range w.objects {
		there := o.Job.Presence == lifecycle.Present || o.Pod.Presence == lifecycle.Present
		newer := o.Attempt > w.Status.Attempt || (o.Attempt == w.Status.Attempt && !known(o.Attempt))
		if there && newer && (best == nil || o.Attempt > best.Attempt) {
			name := v1.AttemptName(w.Run.Name, w.Run.UID, o.Attempt)
			best = &lifecycle.Stray{
				Attempt: o.Attempt, ContextVersion: 1, Cluster: o.Cluster, ClusterUID: w.identity[o.Cluster],
				JobUID: o.Job.UID, JobName: name, ConfigMapName: name, Deadline: w.Run.Deadline,
				StartBefore: w.Run.Created.Add(w.Run.ProvisioningDeadline),
			}
		}
	}
	return best
}
