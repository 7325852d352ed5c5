package lifecycletest

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/types"
)

func (w *World) link(name string) *lifecycle.ClusterFacts {
	if w.links[name] == nil {
		w.links[name] = &lifecycle.ClusterFacts{Name: name, Link: lifecycle.Answers}
		w.identity[name] = types.UID("uid-" + name)
	}
	return w.links[name]
}

// linkTo is the link as the newest attempt on the member sees it, with the identity that it recorded.
func (w *World) linkTo(name string) lifecycle.ClusterFacts {
	c := *w.link(name)
	for _, e := range slices.Backward(w.Status.Attempts) {
		if e.Cluster != name {
			continue
		}
		if c.Link == lifecycle.Answers && w.identity[name] != e.ClusterUID {
			c.Link = lifecycle.Foreign
		}
		break
	}
	return c
}

// ready is what placement offers: the chosen member, if it answers.
func (w *World) ready() lifecycle.Candidate {
	if w.candidate == "" || w.link(w.candidate).Link != lifecycle.Answers {
		return lifecycle.Candidate{Why: "no member is ready"}
	}
	return lifecycle.Candidate{Cluster: w.candidate, ClusterUID: w.identity[w.candidate], Why: "the only member that is ready"}
}

// Member changes how a member stands to the hub: answers, silent, unregistered, or replaced by another cluster under the
// same name.
func (w *World) Member(name, how string) {
	c := w.link(name)
	c.Link = map[string]lifecycle.Link{
		"answers": lifecycle.Answers, "replaced": lifecycle.Answers, "silent": lifecycle.Silent, "unregistered": lifecycle.Unregistered,
	}[how]
	c.SilentSince = time.Time{}
	switch how {
	case "silent":
		c.SilentSince = w.Now
	case "replaced":
		w.serial++
		w.identity[name] = types.UID(fmt.Sprintf("uid-%s-%d", name, w.serial))
		w.objects = slices.DeleteFunc(w.objects, func(o *lifecycle.AgentFacts) bool { return o.Cluster == name })
	}
}

// Execute performs one effect at once, unless it goes to a member that does not answer.
func (w *World) Execute(e lifecycle.Effect) {
	if e.Cluster == "" {
		w.executeOnHub(e)
		return
	}
	if w.linkTo(e.Cluster).Link != lifecycle.Answers {
		return
	}
	o := w.Object(e.Attempt, e.Cluster)
	switch string(e.Verb) + string(e.Resource) {
	case "EnsureWorkspace":
		w.workspace[e.Cluster] = true
	case "EnsureInputs":
		o.Inputs = lifecycle.Present
	case "EnsureAgent":
		w.serial++
		uid := types.UID(fmt.Sprintf("job-%d", w.serial))
		o.Job = lifecycle.JobFacts{Presence: lifecycle.Present, UID: uid, ResourceVersion: "1", Suspended: true}
	case "ReleaseAgent":
		o.Job.Suspended, o.Job.Active, o.Job.ResourceVersion = false, 1, "2"
		o.Pod = lifecycle.PodFacts{Presence: lifecycle.Present, UID: types.UID(fmt.Sprintf("pod-%d", e.Attempt)), ResourceVersion: "1"}
	case "EndPod":
		o.Pod.Ending = true
	case "DeleteAgent":
		o.Job, o.Pod = lifecycle.JobFacts{Presence: lifecycle.Absent}, lifecycle.PodFacts{Presence: lifecycle.Absent}
		o.Ended = lifecycle.Evidence{Pod: lifecycle.Absent}
	case "DeletePod":
		o.Pod, o.Ended = lifecycle.PodFacts{Presence: lifecycle.Absent}, lifecycle.Evidence{Pod: lifecycle.Absent}
	case "DeleteInputs":
		o.Inputs = lifecycle.Absent
	default:
		panic(fmt.Sprintf("unknown effect %+v", e))
	}
}

func (w *World) executeOnHub(e lifecycle.Effect) {
	switch string(e.Verb) + string(e.Resource) {
	case "EnsureFinalizer":
		w.Run.Finalizer, w.Run.StampUID, w.Run.StampIncarnation = true, w.Run.UID, w.Hub.Incarnation
	case "EnsureLease": // succeeds unless another run holds it; the story world asks only once per run
		for i := range w.Leases {
			if w.Leases[i].Name == e.Name && w.Leases[i].Holder == "" {
				w.Leases[i].Held = true
			}
		}
	case "DeleteFinalizer", "DeleteRun":
		w.Removed = true
	default:
		panic(fmt.Sprintf("unknown effect %+v", e))
	}
}
