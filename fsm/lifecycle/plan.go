package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"k8s.io/apimachinery/pkg/types"
)

// Verb is what an effect does. Every verb is idempotent, and harmless when it arrives late.
type Verb string

// The verbs.
const (
	VerbEnsure  Verb = "Ensure"  // create if absent; AlreadyExists means "look"
	VerbRelease Verb = "Release" // resume exactly the Job with this UID, seen suspended at this resourceVersion (rule S)
	VerbEnd     Verb = "End"     // lower the pod's activeDeadlineSeconds to 1: its message and logs stay
	VerbDelete  Verb = "Delete"  // with UID and resourceVersion as preconditions, in the foreground (rule D)
)

// Effect is one thing to do once the decision's status is committed: idempotent, comparable, no code inside.
// Cluster is empty for what happens on the hub. UID and ResourceVersion are what was decided on (rule A13).
type Effect struct {
	Verb            Verb
	Cluster         string
	Resource        fsm.Resource
	Attempt         int32
	UID             types.UID
	ResourceVersion string
	Name            string // of a Lease
}

// effects are what the *committed* state asks for, given what was seen. They follow from the state, not from the edge
// that led there, so a lost effect is decided again and a repeated one changes nothing.
//
// Nothing is sent to a member that is silent or is not the cluster it was (rule A13): it would be lost, or hit a stranger.
func (l Lifecycle) effects(s v1.RunStatus, f Facts) []Effect {
	return slices.DeleteFunc(l.wanted(s, f), func(e Effect) bool { return e.Cluster != "" && !reachableNow(f, e.Cluster) })
}

func reachableNow(f Facts, cluster string) bool {
	if cluster == f.Cluster.Name {
		return f.Cluster.Link == Answers
	}
	return slices.ContainsFunc(f.Members, func(m MemberFacts) bool { return m.Name == cluster && m.Link == Answers })
}

func (l Lifecycle) wanted(s v1.RunStatus, f Facts) []Effect {
	switch s.Phase {
	case v1.PhasePending:
		return l.effectsWaiting(s, f)
	case v1.PhaseProvisioning:
		return append(l.effectsProvisioning(s, f), l.sweep(s, f)...)
	case v1.PhaseRunning:
		return l.sweep(s, f)
	case v1.PhaseStopping:
		return append(l.effectsStopping(s, f), l.sweep(s, f)...)
	case v1.PhaseRetrying:
		return append(l.effectsWaiting(s, f), l.sweep(s, f)...)
	case v1.PhaseTerminating:
		return l.effectsTerminating(s, f)
	default: // final: an open attempt is one that row 2 found
		return slices.Concat(l.effectsStopping(s, f), l.sweep(s, f), l.expire(s, f))
	}
}

// effectsWaiting asks for the finalizer first, then, with a candidate at hand, for the Leases one after the other (a
// fixed order, so that two runs cannot wait for each other). A Lease of which this look knows the holder was asked for:
// to ask again at once would be to ask for ever.
func (l Lifecycle) effectsWaiting(s v1.RunStatus, f Facts) []Effect {
	switch w := l.placeable(s, f); {
	case w.Reason == v1.ReasonFinalizerMissing:
		return []Effect{{Verb: VerbEnsure, Resource: Finalizer}}
	case w.Lease != "" && w.Brief:
		return []Effect{{Verb: VerbEnsure, Resource: Lease, Name: w.Lease}}
	default:
		return nil
	}
}

// effectsProvisioning creates while no Job is authorised, and releases the one that is; never both, and neither after
// startBefore (rule F).
func (l Lifecycle) effectsProvisioning(s v1.RunStatus, f Facts) []Effect {
	e := current(s)
	if e == nil || e.StartBefore == nil || passed(f.Now, e.StartBefore.Time) {
		return nil
	}
	job := f.Agent.Job
	if e.JobUID != "" {
		if job.Presence == Present && job.UID == e.JobUID && job.Suspended && !job.Deleting {
			return []Effect{onJob(VerbRelease, f.Agent)}
		}
		return nil
	}
	var out []Effect
	ensure := func(r fsm.Resource, seen Presence) {
		if seen != Present {
			out = append(out, Effect{Verb: VerbEnsure, Cluster: e.Cluster, Resource: r, Attempt: e.Number})
		}
	}
	if l.Kind == CodeRun {
		ensure(Workspace, f.Workspace)
	}
	ensure(Inputs, f.Inputs)
	ensure(Agent, job.Presence)
	return out
}

// effectsStopping ends the agent and keeps its evidence: the pod's own deadline first, the Job's deletion only when
// that did not help (escalated), or when it can have no evidence because it was never resumed.
func (l Lifecycle) effectsStopping(s v1.RunStatus, f Facts) []Effect {
	e := current(s)
	if e == nil || e.JobUID == "" || ended(e) {
		return nil
	}
	a := f.Agent
	mine := a.Job.Presence == Present && a.Job.UID == e.JobUID && !a.Job.Deleting
	switch {
	case a.Job.Finished(), a.Ended.Pod == Present && !recorded(e):
		return nil // ended already: its outcome comes first, then its Job's controller
	case mine && (a.Job.Suspended || e.EscalatedAt != nil && (a.Ended.Pod == Absent || a.Pod.Presence == Present)):
		return []Effect{onJob(VerbDelete, a)}
	case a.Pod.Presence == Present && e.EscalatedAt != nil:
		return []Effect{onPod(VerbDelete, a)}
	case a.Pod.Presence == Present && !a.Pod.Ending:
		return []Effect{onPod(VerbEnd, a)}
	default:
		return nil
	}
}

// onJob and onPod name exactly the object that was seen, in the version in which it was seen (rule A13).
func onJob(v Verb, a AgentFacts) Effect {
	return Effect{v, a.Cluster, Agent, a.Attempt, a.Job.UID, a.Job.ResourceVersion, ""}
}

func onPod(v Verb, a AgentFacts) Effect {
	return Effect{v, a.Cluster, Pod, a.Attempt, a.Pod.UID, a.Pod.ResourceVersion, ""}
}

func onEndedPod(v Verb, a AgentFacts) Effect {
	return Effect{v, a.Cluster, Pod, a.Attempt, a.Ended.UID, a.Ended.Version, ""}
}

func onInputs(v Verb, a AgentFacts) Effect {
	return Effect{Verb: v, Cluster: a.Cluster, Resource: Inputs, Attempt: a.Attempt}
}
