package lifecycle

import (
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// describe recomputes everything in the status that is there to be read: reason, message, expiry and conditions.
// Nothing of it depends on the clock alone, so that a quiet run is never written.
func (l Lifecycle) describe(s *v1.RunStatus, f Facts, row fsm.Row, quarantined bool) {
	waits := s.Phase == v1.PhasePending || s.Phase == v1.PhaseRetrying
	if waits && row.ID == "" && !quarantined && l.placeable(*s, f).Brief {
		return
	}
	s.ObservedGeneration = f.Run.Generation
	s.ExpireAt = nil
	if final(s.Phase) && f.Run.TTL != nil && s.FinishedAt != nil {
		s.ExpireAt = micro(s.FinishedAt.Add(*f.Run.TTL))
	}
	// A final state keeps the words of the row that led there: the facts behind them are gone by now.
	if !final(s.Phase) || (row.ID != "" && row.To != row.From[0]) {
		s.Reason, s.Message = l.words(*s, f, row, quarantined)
		s.Message = clip(s.Message)
	}
	s.Conditions = l.conditions(*s, f)
	l.wait(s, f, quarantined)
}

// words are reason and message of the phase.
func (l Lifecycle) words(s v1.RunStatus, f Facts, row fsm.Row, quarantined bool) (reason, message string) {
	if quarantined {
		return v1.ReasonQuarantined, waitsFor(f.Census)
	}
	switch s.Phase {
	case v1.PhasePending, v1.PhaseRetrying:
		w := l.placeable(s, f)
		return w.Reason, w.Message
	case v1.PhaseProvisioning:
		return l.provisioning(s, f)
	case v1.PhaseRunning:
		return v1.ReasonRunning, job(s) + " is running"
	case v1.PhaseStopping:
		return string(s.StopCause), l.stopping(s)
	case v1.PhaseSucceeded:
		return l.success(s, f)
	case v1.PhaseFailed:
		return l.failed(s, row)
	case v1.PhaseCancelled:
		return v1.ReasonCancelled, "cancelled by spec.cancel"
	default:
		return v1.ReasonTerminating, l.terminating(f)
	}
}

// waitsFor says how long the quarantine lasts.
func waitsFor(c Census) string {
	const why = "the hub was restored or this run was moved: nothing happens until every member was counted twice"
	switch {
	case len(c.Waits) > 0:
		return why + "; waiting for " + strings.Join(c.Waits, ", ") + " to answer (`runfleet recover` says what to do)"
	case c.Complete && c.Stray != nil && c.Stray.JobUID == "":
		return fmt.Sprintf("%s; a pod of attempt %d on member %s names no Job: delete that pod if it is not needed",
			why, c.Stray.Attempt, c.Stray.Cluster)
	default:
		return why
	}
}

func job(s v1.RunStatus) string { return fmt.Sprintf("Job %s on member %s", s.JobName, s.Cluster) }

func (Lifecycle) provisioning(s v1.RunStatus, f Facts) (reason, message string) {
	switch {
	case f.Agent.Pod.Problem != "":
		return string(f.Agent.Pod.Problem), job(s) + " cannot start: " + f.Agent.Pod.Message
	case jobUID(s) == "" && f.Agent.Warning != "":
		return v1.ReasonProvisioning, "creating " + job(s) + ": " + f.Agent.Warning
	case jobUID(s) == "" && strings.HasPrefix(s.Message, "creating "+job(s)):
		return s.Reason, s.Message // what was in the way is in the way until the Job is there
	case jobUID(s) == "":
		return v1.ReasonProvisioning, "creating " + job(s)
	case f.Agent.Warning != "":
		return v1.ReasonProvisioning, job(s) + " does not start yet: " + f.Agent.Warning
	default:
		return v1.ReasonProvisioning, "waiting for the agent of " + job(s) + " to start"
	}
}

// causes say in words why an attempt must end.
var causes = map[v1.StopCause]string{
	v1.StopCancel:      "the run was cancelled",
	v1.StopSuspend:     "the run was suspended",
	v1.StopSuperseded:  "spec.contextVersion was raised",
	v1.StopRunDeadline: "the whole run passed spec.totalDeadlineSeconds",
	v1.StopDeadline:    "the attempt passed its deadline",
	v1.StopLost:        "the attempt passed its deadline and its member does not answer for it",
	v1.StopFailure:     "its Job was deleted while its pod was running",
}

const causeNeverStarted = "its agent was not seen started within spec.provisioningDeadlineSeconds"

func cause(s v1.RunStatus) string {
	if e := current(s); s.StopCause == v1.StopDeadline && e != nil && e.StartSeenAt == nil {
		return causeNeverStarted
	}
	return causes[s.StopCause]
}

func (Lifecycle) stopping(s v1.RunStatus) string {
	m := fmt.Sprintf("ending attempt %d (%s): %s", s.Attempt, job(s), cause(s))
	if e := current(s); e != nil && e.EscalatedAt != nil {
		m += "; it did not end within its grace period, so its Job is deleted"
	}
	return m
}

func (Lifecycle) success(s v1.RunStatus, f Facts) (reason, message string) {
	o := f.Agent.Ended.Outcome
	switch {
	case o != nil && o.Result == ResultNoChanges:
		return v1.ReasonNoChanges, "nothing had to be changed"
	case s.PullRequestURL != "":
		return v1.ReasonSucceeded, "pull request " + s.PullRequestURL
	default:
		return v1.ReasonSucceeded, job(s) + " succeeded"
	}
}

func (Lifecycle) failed(s v1.RunStatus, row fsm.Row) (reason, message string) {
	if row.On == RunDeadlinePassed {
		return string(v1.ClassRunDeadlineExceeded), classMessage(v1.ClassRunDeadlineExceeded)
	}
	e := current(s)
	if e == nil || e.Class == "" {
		return string(v1.ClassOutcomeUnknown), classMessage(v1.ClassOutcomeUnknown)
	}
	return string(e.Class), e.Message
}

func classMessage(c v1.FailureClass) string {
	d := classDef(c)
	return d.Doc + " " + d.Advice
}

// failureMessage is one sentence about a failed attempt, with the object to look at.
func (Lifecycle) failureMessage(class v1.FailureClass, a AgentFacts) string {
	d := classDef(class)
	what := ending(a)
	switch {
	case what == "":
		what = d.Doc
	case class == v1.ClassOutcomeMissing:
		what += " without a readable outcome."
	case class == v1.ClassNoPullRequest:
		what += " without a pull request."
	default:
		what += "."
	}
	if d.Retry == RetryNever {
		what += " " + d.Advice
	}
	return clip(fmt.Sprintf("attempt %d on member %s: %s", a.Attempt, a.Cluster, what))
}

// stopMessage is the same about an attempt that was told to end.
func (Lifecycle) stopMessage(s v1.RunStatus, a AgentFacts) string {
	m := fmt.Sprintf("attempt %d on member %s: %s", a.Attempt, a.Cluster, cause(s))
	if what := ending(a); what != "" {
		m += "; it ended with " + what
	}
	return clip(m)
}

// ending says how the attempt's pod ended, where that was seen.
func ending(a AgentFacts) string {
	e := a.Ended
	if e.Pod != Present {
		return ""
	}
	m := e.Reason
	if e.ExitCode != nil {
		m = fmt.Sprintf("exit code %d", *e.ExitCode)
		if e.Reason != "" {
			m += " (" + e.Reason + ")"
		}
	}
	switch {
	case e.Outcome != nil && e.Outcome.Reason != "":
		m += ": " + strings.TrimRight(e.Outcome.Reason, " .") // a sentence goes on from here
	case e.Said != "":
		m += ": " + e.Said
	}
	return m
}

func orSuccess(c v1.FailureClass) string {
	if c == "" {
		return "success"
	}
	return string(c)
}

func (Lifecycle) terminating(f Facts) string {
	for _, m := range f.Members {
		if m.Link != Answers {
			return fmt.Sprintf("member %s is unreachable: waiting until its attempts have ended; "+
				"what lies there is removed when it returns", m.Name)
		}
	}
	return "removing the run's objects"
}
