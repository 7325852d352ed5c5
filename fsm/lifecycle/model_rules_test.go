package lifecycle

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// broken names the rule that one decision breaks by itself: status against status, and against what was truly seen.
func (m *model) broken(k look, was v1.RunStatus, truth Facts, d Decision) string {
	next := d.Status
	for _, bad := range []string{m.brokenEdge(was, next), brokenAttempts(was, next, truth), m.brokenBudget(was, next, truth), m.brokenEnd(was, next, truth)} {
		if bad = m.sought(bad); bad != "" {
			return bad
		}
	}
	if bad := m.brokenEffects(k, was, truth, d); bad != "" {
		return bad
	}
	for _, e := range d.Effects {
		if e.Resource == Finalizer && e.Verb == VerbDelete && k.incarnation == 1 {
			if bad := m.sought(leftBehind(k)); bad != "" {
				return bad
			}
		}
	}
	if active := !final(next.Phase); active && d.Wake.IsZero() {
		return m.sought("WAKE: an active run is never looked at again")
	}
	return ""
}

// oversleeps: what time alone changes by the next tick must be announced by Wake, or a quiet world hides a deadline.
func (m *model) oversleeps(k look, wake time.Time) string {
	if !wake.IsZero() && !wake.After(origin.Add(tick)) {
		return ""
	}
	k.view.status = m.later(k.view.status)
	if k.runLeft > 0 {
		k.runLeft--
	}
	for i := range k.members {
		k.members[i].wait()
	}
	if d := m.l.Decide(m.get(k.view.status), m.facts(k)); m.put(d.Status) != k.view.status {
		return fmt.Sprintf("WAKE: row %q fires a tick later, and nobody looks then", d.Row.ID)
	}
	return ""
}

// brokenEdge: the phase moves along an edge of the table only (I13), and out of a final state only by a raise (I3).
func (m *model) brokenEdge(was, next v1.RunStatus) string {
	switch {
	case was.Phase == next.Phase:
		return ""
	case !m.edges[[2]v1.Phase{was.Phase, next.Phase}]:
		return fmt.Sprintf("I13: %s to %s is not in the table", was.Phase, next.Phase)
	case final(was.Phase) && next.Phase != v1.PhaseTerminating && next.ContextVersion <= was.ContextVersion:
		return "I3: a final state is left within its context version"
	default:
		return ""
	}
}

// brokenAttempts: attempts are append-only and numbered, one follows only an ended one (I2, and the API's own rules).
func brokenAttempts(was, next v1.RunStatus, f Facts) string {
	grew := int64(0)
	if next.Incarnation > was.Incarnation {
		grew = 1
	}
	switch {
	case next.Attempt < was.Attempt || next.ContextVersion < was.ContextVersion:
		return "I2: the attempt or the context version falls"
	case next.Attempt > was.Attempt+1 && grew == 0:
		return "I2: an attempt number is left out"
	case next.Attempt > was.Attempt && !ended(current(was)):
		if grew == 0 {
			return "I2: an attempt follows one that has not ended"
		}
	}
	for i := range was.Attempts {
		o := &was.Attempts[i]
		e := attempt(next, o.Number)
		switch {
		case e == nil:
			return fmt.Sprintf("I2: attempt %d is forgotten", o.Number)
		case o.JobUID != "" && e.JobUID != o.JobUID:
			return fmt.Sprintf("I2: the Job UID of attempt %d changes", o.Number)
		}
	}
	if next.Attempt > was.Attempt && grew == 0 && current(next).ContextVersion != f.Run.ContextVersion {
		return "WASTE: an attempt is started for an outdated context version"
	}
	return ""
}

// brokenBudget counts the attempts of the newest context version (I5), and asks for what bounds each of them (I6).
func (m *model) brokenBudget(was, next v1.RunStatus, f Facts) string {
	e := current(next)
	if next.Attempt == was.Attempt || e == nil {
		return ""
	}
	if e.DeadlineSeconds == 0 || e.StartBefore == nil || e.FencedUntil == nil {
		return "I6: an attempt without a bound"
	}
	n := int32(0)
	for i := range next.Attempts {
		if next.Attempts[i].ContextVersion == e.ContextVersion {
			n++
		}
	}
	most := 1 + m.config.retries + m.config.allowance + int32(m.config.faults[fSuspend])
	if m.config.upgrades {
		most += mostUpgrades
	}
	if n > most && f.Hub.Incarnation == 1 {
		return fmt.Sprintf("I5: %d attempts for one context version, at most %d are allowed", n, most)
	}
	return ""
}

// brokenEnd: a visible success never becomes Failed (BELL), a visible outcome is recorded as it is (I8), and an agent
// is stopped for a deadline only after it, and never for a late start that is in sight (KILL).
func (m *model) brokenEnd(was, next v1.RunStatus, f Facts) string {
	a := f.Agent
	fails := next.Phase == v1.PhaseFailed && was.Phase != v1.PhaseFailed && next.Attempt == was.Attempt && !ended(current(was))
	if fails && visibleSuccess(was, a) {
		return "BELL: a visible success becomes Failed"
	}
	e, o := current(next), current(was)
	if e != nil && o != nil && e.Number == o.Number && recorded(e) && !recorded(o) && a.Ended.ExitCode != nil && e.JobUID != "" && e.ExitCode == nil {
		return "I8: the outcome is called recorded, and is not"
	}
	stopped := next.Phase == v1.PhaseStopping && was.Phase != v1.PhaseStopping
	stopped = stopped && (next.StopCause == v1.StopLost || next.StopCause == v1.StopDeadline)
	switch {
	case stopped && !passed(origin, m.l.attemptDeadline(was)):
		return "KILL: an agent is stopped because of its member's silence"
	case stopped && o.StartSeenAt == nil && o.JobUID != "" && a.Pod.Started:
		return "KILL: an agent is stopped because it did not start, and it is in sight"
	default:
		return ""
	}
}

// leftBehind: the finalizer goes only when no member that can be asked holds anything of the run (I9).
func leftBehind(k look) string {
	if k.inputs[0]|k.inputs[1] != 0 {
		return "I9: the finalizer is released and a ConfigMap is left behind"
	}
	for _, o := range k.objs {
		if o.attempt > 0 {
			return fmt.Sprintf("I9: the finalizer is released and %s is left behind", o)
		}
	}
	return ""
}

// committed is asked after every commit, of the world around it.
func (m *model) committed(s *state, was view) string {
	before, after := m.get(was.status), m.get(s.hub.status)
	if after.Attempt > before.Attempt && s.incarnation == 1 && current(after).ContextVersion != s.hub.meta.version() {
		return "WASTE: an attempt is started for an outdated context version"
	}
	return ""
}
