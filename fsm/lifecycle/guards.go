package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// The guards: yes/no questions about status and facts.
const (
	RetryDue         fsm.Guard = "RetryDue"
	MayReplace       fsm.Guard = "MayReplace"
	LastAttemptEnded fsm.Guard = "LastAttemptEnded"
	EndsCancelled    fsm.Guard = "EndsCancelled"
	EndsSucceeded    fsm.Guard = "EndsSucceeded"
	EndsInRetry      fsm.Guard = "EndsInRetry"
	EndsFailed       fsm.Guard = "EndsFailed"
)

var guardDefs = []fsm.GuardDef{
	{Name: RetryDue, Doc: "The failure class is retried, its budget or allowance is not used up, and the whole run's deadline has not passed."},
	{Name: MayReplace, Doc: "No Job is authorised, the infrastructure allowance is not used up, and there is no workspace there or spec.placement.onClusterLost is Reschedule."},
	{Name: LastAttemptEnded, Doc: "There was no attempt, or attempts[n].endedAt is set."},
	{Name: EndsCancelled, Doc: "The verdict on the ended attempt: it was stopped to cancel, or spec.cancel is true now."},
	{Name: EndsSucceeded, Doc: "The verdict: neither cancelled nor superseded, and the Job is Complete with a success."},
	{Name: EndsInRetry, Doc: "The verdict: superseded; or, within the whole run's deadline, suspended, lost and to be rescheduled, or failed or past its deadline with a class that is retried."},
	{Name: EndsFailed, Doc: "The verdict: none of the other three."},
}

// holds answers a guard.
func (l Lifecycle) holds(s v1.RunStatus, f Facts) func(fsm.Guard) bool {
	return func(g fsm.Guard) bool {
		switch g {
		case RetryDue:
			return l.retry(s, f, l.classify(f.Agent, false)) != RetryNever
		case MayReplace:
			return l.mayReplace(s, f)
		case LastAttemptEnded:
			return s.Attempt == 0 || ended(current(s))
		default:
			return l.verdict(s, f) == g
		}
	}
}

// retry says how an attempt that failed with this class is retried now: within the budget, within the allowance, or never.
func (l Lifecycle) retry(s v1.RunStatus, f Facts, class v1.FailureClass) Retry {
	if passed(f.Now, runDeadline(f)) {
		return RetryNever
	}
	kind := classDef(class).Retry
	if kind == RetryNever && slices.Contains(f.Run.RetryAlsoOn, class) {
		kind = RetryBudget
	}
	// Rule Q: after a restore nobody knows whether the vanished Job did its work.
	if e := current(s); class == v1.ClassOutcomeUnknown && e != nil && e.Incarnation != f.Hub.Incarnation {
		return RetryNever
	}
	switch {
	case kind == RetryBudget && s.RetryCount < f.Run.MaxRetries:
		return RetryBudget
	case kind == RetryInfra && s.InfraCount < l.InfraAllowance:
		return RetryInfra
	default:
		return RetryNever
	}
}

func (l Lifecycle) mayReplace(s v1.RunStatus, f Facts) bool {
	return jobUID(s) == "" && s.InfraCount < l.InfraAllowance && !passed(f.Now, runDeadline(f)) &&
		(l.Kind == DocsRun || f.Workspace == Absent || f.Run.OnClusterLost == v1.ClusterLostReschedule)
}

// verdict says what follows when the attempt that was told to end has ended: the first of these that matches. One
// function for four guards, so that they are disjoint and complete by construction.
func (l Lifecycle) verdict(s v1.RunStatus, f Facts) fsm.Guard {
	cause := s.StopCause
	switch {
	case cause == v1.StopCancel || f.Run.Cancel:
		return EndsCancelled
	case cause == v1.StopSuperseded || f.Run.ContextVersion > s.ContextVersion:
		return EndsInRetry
	case l.succeeded(f.Agent):
		return EndsSucceeded
	case passed(f.Now, runDeadline(f)):
		return EndsFailed
	case cause == v1.StopSuspend:
		return EndsInRetry
	case cause == v1.StopLost && f.Run.OnClusterLost == v1.ClusterLostReschedule && s.InfraCount < l.InfraAllowance && !f.Agent.Job.Failed:
		return EndsInRetry
	case judgedByClass(s, f) && l.retry(s, f, l.stopClass(s, f)) != RetryNever:
		return EndsInRetry
	default:
		return EndsFailed
	}
}

// judgedByClass says that the failure class decides about a retry: the attempt failed, or had its time, or was called
// lost and came back with evidence.
func judgedByClass(s v1.RunStatus, f Facts) bool {
	return s.StopCause == v1.StopFailure || s.StopCause == v1.StopDeadline || s.StopCause == v1.StopLost && f.Agent.Ended.Pod == Present
}

// succeeded is a visible success: the agent's own word, or, where its pod cannot be seen, the Job's.
func (l Lifecycle) succeeded(a AgentFacts) bool {
	switch {
	case a.Job.Failed:
		return false
	case a.Ended.Pod == Present:
		return l.classify(a, true) == "" // its Job may be gone, or its Job's controller late
	default:
		return a.Job.Complete && a.Ended.Pod == Unknown
	}
}

// stopClass is the failure class of an attempt that was told to end and was no success.
func (l Lifecycle) stopClass(s v1.RunStatus, f Facts) v1.FailureClass {
	e := current(s)
	switch s.StopCause {
	case v1.StopCancel, v1.StopSuspend, v1.StopSuperseded:
		return v1.ClassStopped
	case v1.StopRunDeadline:
		return v1.ClassRunDeadlineExceeded
	case v1.StopLost:
		if f.Agent.Ended.Pod == Present { // it came back and says more
			return l.classify(f.Agent, true)
		}
		return v1.ClassClusterLost
	case v1.StopDeadline:
		switch {
		case e != nil && e.StartSeenAt != nil:
			return v1.ClassDeadlineExceeded
		case e != nil && e.Class != "": // why it could not start, noted when it was told to end
			return e.Class
		default:
			return v1.ClassProvisioningDeadlineExceeded
		}
	default:
		return l.classify(f.Agent, true)
	}
}
