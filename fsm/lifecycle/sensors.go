package lifecycle

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// The triggers: what was observed, in the past tense.
const (
	StrayFound          fsm.Trigger = "StrayFound"
	DeleteRequested     fsm.Trigger = "DeleteRequested"
	LateOutcome         fsm.Trigger = "LateOutcome"
	AgentGone           fsm.Trigger = "AgentGone"
	CancelRequested     fsm.Trigger = "CancelRequested"
	AgentSucceeded      fsm.Trigger = "AgentSucceeded"
	AgentFailed         fsm.Trigger = "AgentFailed"
	ContextRaised       fsm.Trigger = "ContextRaised"
	SuspendRequested    fsm.Trigger = "SuspendRequested"
	RunDeadlinePassed   fsm.Trigger = "RunDeadlinePassed"
	DeadlinePassed      fsm.Trigger = "DeadlinePassed"
	AgentOrphaned       fsm.Trigger = "AgentOrphaned"
	AgentVanished       fsm.Trigger = "AgentVanished"
	ClusterLost         fsm.Trigger = "ClusterLost"
	ProvisioningRefused fsm.Trigger = "ProvisioningRefused"
	AgentCreated        fsm.Trigger = "AgentCreated"
	AgentStarted        fsm.Trigger = "AgentStarted"
	TemplatesLost       fsm.Trigger = "TemplatesLost"
	ClusterChosen       fsm.Trigger = "ClusterChosen"
	AttemptDue          fsm.Trigger = "AttemptDue"
)

// triggers are all of them, most important first; the sensors stand in the same order.
var triggers = []fsm.TriggerDef{
	{Name: StrayFound, By: fsm.World, Doc: "In quarantine only: a complete live count found a Job or pod of this run with a higher attempt number than the status, or with its number while no Job UID is recorded, and knows its Job's UID."},
	{Name: DeleteRequested, By: fsm.Person, How: "kubectl delete {name}", Doc: "metadata.deletionTimestamp is set."},
	{Name: LateOutcome, By: fsm.World, Doc: "An attempt that is over for the machine is seen finished and has no recorded outcome."},
	{Name: AgentGone, By: fsm.World, Doc: "The attempt has ended by rule E."},
	{Name: CancelRequested, By: fsm.Person, How: "runfleet cancel {name}", Doc: "spec.cancel is true."},
	{Name: AgentSucceeded, By: fsm.World, Doc: "The recorded Job is Complete without active or terminating pods, and its outcome is a success."},
	{Name: AgentFailed, By: fsm.World, Doc: "The recorded Job is Failed, or Complete without a success, and has no active or terminating pods."},
	{Name: ContextRaised, By: fsm.Person, How: "runfleet retry {name}", Doc: "spec.contextVersion is higher than status.contextVersion."},
	{Name: SuspendRequested, By: fsm.Person, How: "runfleet suspend {name}", Doc: "spec.suspend is true."},
	{Name: RunDeadlinePassed, By: fsm.Clock, Doc: "The whole run's deadline has passed."},
	{Name: DeadlinePassed, By: fsm.Clock, Doc: "The attempt was seen started and deadline + slack have passed, or was not and startBefore has."},
	{Name: AgentOrphaned, By: fsm.World, Doc: "The recorded Job is absent by a live read, and a pod of the attempt is still there: it may run, or hold the outcome."},
	{Name: AgentVanished, By: fsm.World, Doc: "Two live looks, settle apart, found neither the recorded Job nor a pod of the attempt."},
	{Name: ClusterLost, By: fsm.World, Doc: "The member was silent for longer than the grace, answers with another identity, or its MemberCluster is gone."},
	{Name: ProvisioningRefused, By: fsm.World, Doc: "No Job UID is recorded and the member refused an object for good. Quota, rate limits and time-outs are not for good."},
	{Name: AgentCreated, By: fsm.World, Doc: "No Job UID is recorded, and a Job of this run and attempt is there and not being deleted."},
	{Name: AgentStarted, By: fsm.World, Doc: "The container of the recorded Job's pod was seen started."},
	{Name: TemplatesLost, By: fsm.World, Doc: "No Job UID is recorded, no Job of the attempt is seen, and this operator has neither the templates nor the settings that it was committed with: it was upgraded, or configured anew while it was down."},
	{Name: ClusterChosen, By: fsm.World, Doc: "Not suspended, the finalizer is there, a member is a candidate, and the Leases are held with the current token."},
	{Name: AttemptDue, By: fsm.World, Doc: "As ClusterChosen, and the back-off is over and the last attempt has ended. Old objects being gone is not a condition."},
}

type sensor struct {
	on   fsm.Trigger
	sees func(Lifecycle, v1.RunStatus, Facts) bool
}

// sensors name what the facts show. They do not look at the phase: what a trigger means in a state is the table's
// affair. (AgentGone and LateOutcome ask the status which attempts are open.)
var sensors = []sensor{
	{StrayFound, func(l Lifecycle, s v1.RunStatus, f Facts) bool {
		// Adopted with no Job UID recorded, its living pod would count as never authorised (rule E, a).
		named := f.Census.Stray != nil && f.Census.Stray.JobUID != ""
		return l.quarantined(s, f) && f.Census.Complete && named
	}},
	{DeleteRequested, func(_ Lifecycle, _ v1.RunStatus, f Facts) bool { return f.Run.Deleted }},
	{LateOutcome, func(_ Lifecycle, s v1.RunStatus, f Facts) bool { return len(late(s, f)) > 0 }},
	{AgentGone, func(l Lifecycle, s v1.RunStatus, f Facts) bool { return s.Attempt > 0 && l.proof(s, f) != "" }},
	{CancelRequested, func(_ Lifecycle, _ v1.RunStatus, f Facts) bool { return f.Run.Cancel }},
	{AgentSucceeded, func(l Lifecycle, s v1.RunStatus, f Facts) bool {
		return judged(s, f) && l.classify(f.Agent, false) == ""
	}},
	{AgentFailed, func(l Lifecycle, s v1.RunStatus, f Facts) bool {
		return judged(s, f) && l.classify(f.Agent, false) != ""
	}},
	{ContextRaised, func(_ Lifecycle, s v1.RunStatus, f Facts) bool { return f.Run.ContextVersion > s.ContextVersion }},
	{SuspendRequested, func(_ Lifecycle, _ v1.RunStatus, f Facts) bool { return f.Run.Suspend }},
	{RunDeadlinePassed, func(_ Lifecycle, _ v1.RunStatus, f Facts) bool { return passed(f.Now, runDeadline(f)) }},
	{DeadlinePassed, func(l Lifecycle, s v1.RunStatus, f Facts) bool {
		return !startedUnnoticed(s, f) && passed(f.Now, l.attemptDeadline(s))
	}},
	{AgentOrphaned, func(_ Lifecycle, s v1.RunStatus, f Facts) bool {
		left := f.Agent.Pod.Presence == Present || f.Agent.Ended.Pod == Present
		return jobUID(s) != "" && f.Agent.Job.Presence == Absent && left
	}},
	{AgentVanished, func(l Lifecycle, s v1.RunStatus, f Facts) bool { return jobUID(s) != "" && l.seenGone(s, f) }},
	{ClusterLost, func(l Lifecycle, s v1.RunStatus, f Facts) bool { return s.Attempt > 0 && l.clusterLost(f) }},
	{ProvisioningRefused, func(_ Lifecycle, s v1.RunStatus, f Facts) bool {
		return jobUID(s) == "" && f.Agent.Refusal.Reason != ""
	}},
	{AgentCreated, func(_ Lifecycle, s v1.RunStatus, f Facts) bool {
		return s.Attempt > 0 && jobUID(s) == "" && f.Agent.Job.Presence == Present && !f.Agent.Job.Deleting
	}},
	{AgentStarted, func(_ Lifecycle, s v1.RunStatus, f Facts) bool { return jobUID(s) != "" && f.Agent.Pod.Started }},
	{TemplatesLost, func(_ Lifecycle, s v1.RunStatus, f Facts) bool { return templatesLost(s, f) }},
	{ClusterChosen, func(l Lifecycle, s v1.RunStatus, f Facts) bool { return l.placeable(s, f).Reason == "" }},
	{AttemptDue, func(l Lifecycle, s v1.RunStatus, f Facts) bool { return l.placeable(s, f).Reason == "" }},
}

// Sense returns every trigger that the facts show, most important first. Decide takes the first that the table accepts.
func (l Lifecycle) Sense(s v1.RunStatus, f Facts) []fsm.Trigger {
	f = aim(s, f)
	var out []fsm.Trigger
	for _, sensor := range sensors {
		if sensor.sees(l, s, f) {
			out = append(out, sensor.on)
		}
	}
	return out
}

// aim makes f.Agent the facts of status.attempt: right after an attempt was recorded the look was about the one before,
// and of the new one nothing is known.
func aim(s v1.RunStatus, f Facts) Facts {
	switch e := current(s); {
	case e != nil && f.Candidate.Cluster == s.Cluster && f.Candidate.ClusterUID == e.ClusterUID:
		// A candidate is one that answers: as the cluster of this attempt, though the one before may have had another of that name.
		f.Cluster = ClusterFacts{Name: s.Cluster, Link: Answers}
	case f.Cluster.Name != s.Cluster:
		f.Cluster = ClusterFacts{Name: s.Cluster}
	}
	if f.Agent.Attempt == s.Attempt {
		return f
	}
	others := slices.Clone(f.Others)
	if f.Agent.Attempt > 0 {
		others = append(others, f.Agent)
	}
	f.Agent = AgentFacts{Attempt: s.Attempt, Cluster: s.Cluster}
	if i := slices.IndexFunc(others, func(a AgentFacts) bool { return a.Attempt == s.Attempt && a.Cluster == s.Cluster }); i >= 0 {
		f.Agent = others[i]
		others = slices.Delete(others, i, i+1)
	}
	f.Others, f.Workspace, f.Inputs = others, Unknown, Unknown
	return f
}

// judged says that the recorded Job is finished and that its pod's evidence is in, or known not to exist.
func judged(s v1.RunStatus, f Facts) bool {
	return jobUID(s) != "" && f.Agent.Job.UID == jobUID(s) && f.Agent.Job.Finished() && f.Agent.Ended.Pod != Unknown
}

// late returns the seen attempts that are over for the machine, are finished, and have no recorded outcome.
func late(s v1.RunStatus, f Facts) []AgentFacts {
	seen := f.Others
	if final(s.Phase) || s.Phase == v1.PhaseRetrying {
		seen = f.attempts()
	}
	var out []AgentFacts
	for _, a := range seen {
		e := attempt(s, a.Attempt)
		if e == nil || recorded(e) {
			continue
		}
		finished := a.Job.Presence == Present && a.Job.UID == e.JobUID && a.Job.Finished() && a.Ended.Pod != Unknown
		orphaned := a.Job.Presence == Absent && a.Ended.Pod == Present
		if finished || orphaned {
			out = append(out, a)
		}
	}
	return out
}

// startedUnnoticed says that the agent is seen started and nobody wrote it down yet: after a pause of the operator, or of
// a hub that was restored. It was started in time (the start script sees to that), so its own deadline counts.
func startedUnnoticed(s v1.RunStatus, f Facts) bool {
	e := current(s)
	return e != nil && e.JobUID != "" && e.StartSeenAt == nil && f.Agent.Pod.Started
}

// templatesLost says that nobody can make the objects that the attempt was committed to. A Job that is seen was made of
// them, and goes on.
func templatesLost(s v1.RunStatus, f Facts) bool {
	e := current(s)
	if e == nil || e.JobUID != "" || f.Agent.Job.Presence == Present {
		return false
	}
	return e.TemplateDigest != f.Run.TemplateDigest && !slices.Contains(f.Run.EarlierDigests, e.TemplateDigest)
}

func (l Lifecycle) clusterLost(f Facts) bool {
	switch f.Cluster.Link {
	case Foreign, Unregistered:
		return true
	case Silent:
		return !f.Cluster.SilentSince.IsZero() && f.Now.Sub(f.Cluster.SilentSince) > l.ClusterLostGrace
	default:
		return false
	}
}

func runDeadline(f Facts) time.Time {
	if f.Run.TotalDeadline == 0 {
		return time.Time{}
	}
	return f.Run.Created.Add(f.Run.TotalDeadline)
}

// attemptDeadline is when the hub stops waiting for the member: later than every limit on the member.
func (l Lifecycle) attemptDeadline(s v1.RunStatus) time.Time {
	e := current(s)
	switch {
	case e == nil:
		return time.Time{}
	case e.StartSeenAt != nil:
		return e.StartSeenAt.Add(seconds(e.DeadlineSeconds) + l.Slack)
	case e.StartBefore != nil:
		return e.StartBefore.Time
	default:
		return time.Time{}
	}
}

// passed says whether a moment is set and not in the future.
func passed(now, at time.Time) bool { return !at.IsZero() && !now.Before(at) }

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }
