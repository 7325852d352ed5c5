package lifecycle

import (
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
)

// recordEnd closes the attempt: how it is known to have ended, what it left behind, and, coming out of Stopping, what
// the verdict makes of it.
func (c change) recordEnd() {
	e := c.entry()
	e.EndedAt, e.EndedBy = c.now(), c.proof(c.was, c.f)
	e.GoneSince = nil
	if e.EndedBy == v1.EndNeverAuthorised {
		e.OutcomeRecorded = new(true) // nothing ran, so there is none
	}
	c.recordOutcome()
	if c.row.From[0] == Stopping {
		c.settleVerdict(e)
	}
	if c.row.To == Succeeded {
		c.s.WorkCompleted = new(true)
	}
}

// settleVerdict is RecordEnd after a stop.
func (c change) settleVerdict(e *v1.Attempt) {
	class := c.stopClass(c.was, c.f)
	if c.row.To != Succeeded {
		e.Class = class
		if e.Message == "" { // else: why it could not start
			e.Message = c.stopMessage(c.was, c.f.Agent)
		}
		if c.row.To == Failed {
			e.Message = clip(e.Message + ". " + classDef(class).Advice)
		}
	}
	if c.row.To == Cancelled {
		c.recordCancel()
	}
	if c.row.To == Retrying {
		c.nextAttempt(class)
	}
}

// nextAttempt says when the attempt after a stopped one is due, and what it costs.
func (c change) nextAttempt(class v1.FailureClass) {
	switch {
	case c.was.StopCause == v1.StopSuperseded, c.f.Run.ContextVersion > c.was.ContextVersion:
		c.s.ContextVersion = c.f.Run.ContextVersion
		c.freshBudget()
		c.s.NextAttemptAt = c.now()
	case c.was.StopCause == v1.StopSuspend:
		c.s.NextAttemptAt = c.now()
	case c.was.StopCause == v1.StopLost && (c.f.Agent.Ended.Pod != Present || c.retry(c.was, c.f, class) == RetryNever):
		c.s.InfraCount++
		c.backOff(c.s.InfraCount)
	default:
		c.charge(class)
	}
}

// recordFailure writes why the attempt failed; in the rows to Retrying the retry is charged. Where no attempt is open the
// run failed, and its trigger says why.
func (c change) recordFailure() {
	if c.s.ContextVersion == 0 { // failed before the first attempt: the failure is this version's
		c.s.ContextVersion = c.f.Run.ContextVersion
	}
	e := c.entry()
	if ended(e) {
		return
	}
	class := c.classify(c.f.Agent, false)
	message := c.failureMessage(class, c.f.Agent)
	if c.row.On == ProvisioningRefused {
		class, message = v1.ClassRefused, c.f.Agent.Refusal.Message
		if c.f.Agent.Refusal.Reason == RefusalRenderFailed {
			class = v1.ClassRenderFailed
		}
	}
	e.Class, e.Message = class, clip(message)
	c.recordOutcome()
	if c.row.To == Retrying {
		c.charge(class)
	}
}

// charge takes the retry from budget or allowance and sets its back-off.
func (c change) charge(class v1.FailureClass) {
	if c.retry(c.was, c.f, class) == RetryInfra {
		c.s.InfraCount++
	} else {
		c.s.RetryCount++
	}
	c.backOff(c.s.RetryCount + c.s.InfraCount)
}

func (c change) backOff(k int32) {
	c.s.NextAttemptAt = micro(c.f.Now.Add(c.Backoff(c.f.Run.UID, c.s.Attempt, k)))
}

// recordOutcome copies what attempt n left behind, once.
func (c change) recordOutcome() {
	e := c.entry()
	if e == nil || recorded(e) || c.f.Agent.Ended.Pod == Unknown {
		return
	}
	c.keep(e, c.f.Agent, true)
}

// recordLateOutcome does the same for attempts that are over for the machine.
func (c change) recordLateOutcome() {
	for _, a := range late(c.was, c.f) {
		e := attempt(*c.s, a.Attempt)
		c.keep(e, a, false)
		if class := c.classify(a, e.StopRequestedAt != nil); e.Class == "" || e.Class == v1.ClassClusterLost {
			e.Message = fmt.Sprintf("seen finished after its end was recorded: %s", orSuccess(class))
		}
	}
}
