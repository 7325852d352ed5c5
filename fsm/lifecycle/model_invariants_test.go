package lifecycle

import (
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// The properties of docs/faults.md. Those about a state are asked of every state, those about a step of every step.

// violated names the invariant that a state breaks, or "".
func (m *model) violated(s *state) string {
	s0 := m.get(s.hub.status)
	gone := s.hub.meta.has(removed)
	quarantined := !gone && m.inQuarantine(s)
	live := 0
	for _, o := range s.objs {
		if !o.pod.live() || s.heard && (gone || vouchedFor(s0, o)) {
			continue
		}
		live++
		bad := ""
		switch {
		case live > 1:
			bad = "I1: two live agents at once"
		case gone && s.incarnation == 1:
			bad = "I9: the run is gone and its agent lives"
		case !gone && !quarantined:
			bad = agentAllowed(s0, o, s.incarnation)
		}
		if bad = m.sought(bad); bad != "" {
			return bad
		}
	}
	return ""
}

// vouchedFor says that the end of the object's attempt was recorded on a person's word: it need not be true.
func vouchedFor(s v1.RunStatus, o object) bool {
	e := attempt(s, int32(o.attempt))
	return e != nil && e.EndedBy == v1.EndAbandoned
}

// sought drops a violation that the search is not for.
func (m *model) sought(violation string) string {
	if strings.HasPrefix(violation, m.plant.only) {
		return violation
	}
	return ""
}

// agentAllowed says whether the committed status knows of a live agent.
func agentAllowed(s v1.RunStatus, o object, incarnation uint8) string {
	e := attempt(s, int32(o.attempt))
	switch {
	case e == nil:
		return fmt.Sprintf("I4: the agent of attempt %d lives and the status does not know the attempt", o.attempt)
	case e.JobUID != o.uid() && (e.JobUID != "" || incarnation == 1):
		return fmt.Sprintf("I4: the agent of attempt %d lives and its Job was never authorised", o.attempt)
	case final(s.Phase) && ended(e):
		return "FINAL: an agent lives in a final state"
	case ended(e):
		return "I1: an agent lives though the end of its attempt is recorded, so that a next one may start"
	case e.FencedUntil == nil || !e.FencedUntil.After(origin):
		return "I6: an agent lives beyond its fence"
	default:
		return ""
	}
}

func (m *model) inQuarantine(s *state) bool {
	k := look{view: s.hub, incarnation: s.incarnation, runLeft: s.runLeft}
	return m.l.quarantined(m.get(s.hub.status), Facts{Hub: HubFacts{Incarnation: int64(k.incarnation), Since: origin.Add(-tick)}, Run: m.runFacts(k)})
}

// starts is asked when an agent starts. One that a restored hub has forgotten does not count: when a user deletes its
// Job before the census, nobody can know that its number was used.
func (m *model) starts(s *state, o object) string {
	if !s.hub.meta.has(removed) && m.inQuarantine(s) {
		return ""
	}
	bit := uint8(1) << o.attempt
	if s.started&bit != 0 {
		return fmt.Sprintf("ONCE: the agent of attempt %d starts a second time", o.attempt)
	}
	s.started |= bit
	return ""
}

// sent is asked when a request leaves the operator: nothing is created before its intent is durable.
func (m *model) sent(s *state, r msg) string {
	if r.verb != msgCreate && r.verb != msgCreateInputs || s.incarnation > 1 || s.hub.meta.has(removed) {
		return ""
	}
	if e := attempt(m.get(s.hub.status), int32(r.attempt)); e == nil || e.Cluster != memberNames[r.member] {
		return "I7: a Job is created before its attempt is committed"
	}
	return ""
}

// mayStop is asked when a request of ours is about to end an agent.
func (m *model) mayStop(s *state, o object) string {
	if s.hub.meta.has(removed) || !o.pod.live() {
		return ""
	}
	status := m.get(s.hub.status)
	runs := status.Phase == v1.PhaseProvisioning || status.Phase == v1.PhaseRunning
	if e := current(status); runs && e.JobUID == o.uid() && s.incarnation == 1 {
		return "KILL: a healthy agent is stopped"
	}
	return ""
}

// mayDelete is asked when a request of ours takes a pod away that holds an outcome, or may hold one yet.
func (m *model) mayDelete(s *state, o object, r msg) string {
	status := m.get(s.hub.status)
	if r.forgotten || s.hub.meta.has(removed) || status.Phase == v1.PhaseTerminating {
		return ""
	}
	if bad := m.mayStop(s, o); bad != "" {
		return bad
	}
	e := attempt(status, int32(o.attempt))
	switch {
	case e == nil || recorded(e) || e.EscalatedAt != nil || !o.pod.ended() || e.JobUID != o.uid() || vouchedFor(status, o):
		return ""
	case !o.pod.ran(): // it spent no token, so nothing is lost
		return ""
	default:
		return fmt.Sprintf("I8: the outcome of attempt %d is deleted before it is recorded", o.attempt)
	}
}

// unread says that an outcome lies there and is not recorded: somebody would have to fetch it from the member (I8).
func (m *model) unread(s v1.RunStatus, o object) bool {
	e := attempt(s, int32(o.attempt))
	return e != nil && e.JobUID == o.uid() && !recorded(e) && o.job.finished() && o.pod.ended()
}

// inert is a suspended Job with a number that the status does not know: a create that was under way while the hub was
// restored. Rule S keeps it harmless. It must not be deleted by a run that lives, since a stale view could not tell it
// from the next attempt's; it goes when the run is deleted.
func (o object) inert(s *state, status v1.RunStatus) bool {
	return s.incarnation > 1 && o.job == jobSuspended && int32(o.attempt) > status.Attempt
}

// idle says that everything is as it should be in the end: a final state, or no trace of a deleted run.
func (m *model) idle(s *state) bool {
	if s.strewn(m.get(s.hub.status)) {
		return false
	}
	if s.hub.meta.has(removed) {
		for _, o := range s.objs {
			if o.there() && !s.lost(o) {
				return false
			}
		}
		return s.msgs[0].verb == msgNone
	}
	status := m.get(s.hub.status)
	if s.hub.meta.has(deleted) || !final(status.Phase) || !ended(current(status)) || status.ContextVersion < s.hub.meta.version() {
		return false
	}
	for _, o := range s.objs { // nothing that is not finished is left either
		unfinished := !o.job.finished() && !o.pod.ended() && !o.inert(s, status)
		if o.there() && !s.lost(o) && (unfinished || m.unread(status, o)) {
			return false
		}
	}
	return true
}
