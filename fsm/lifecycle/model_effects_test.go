package lifecycle

import (
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The properties of what one look decides to do: of the effects themselves, before they travel. What happens on their way
// is asked when they arrive (mayStop, mayDelete).

// brokenEffects names the rule that the effects of one decision break, or "".
func (m *model) brokenEffects(k look, was v1.RunStatus, truth Facts, d Decision) string {
	for _, e := range d.Effects {
		if e.Verb == VerbDelete && (e.Resource == Agent || e.Resource == Pod) {
			if bad := m.sought(hastyDelete(k, d.Status, e)); bad != "" {
				return bad
			}
		}
	}
	return m.sought(m.leftRunning(was, truth, d))
}

// hastyDelete: nothing is deleted while an ended pod holds an outcome that is in sight and not recorded, given up or not,
// and an agent is given up only after it was told to end (I8). A pod that ends while the request travels has had its time.
func hastyDelete(k look, s v1.RunStatus, e Effect) string {
	a := attempt(s, e.Attempt)
	if s.Phase == v1.PhaseTerminating || a == nil || recorded(a) || a.EndedBy == v1.EndAbandoned {
		return ""
	}
	for _, o := range k.objs {
		if o.attempt == 0 || a.JobUID != o.uid() || e.UID != o.uid() && e.UID != o.podUID() {
			continue
		}
		switch {
		case o.pod.ended() && o.pod.ran():
			return fmt.Sprintf("I8: the outcome of attempt %d is in sight, and is to be deleted before it is recorded", o.attempt)
		case o.pod == podRunning && a.EscalatedAt != nil:
			return fmt.Sprintf("I8: the agent of attempt %d was given up, and never told to end", o.attempt)
		}
	}
	return ""
}

func (o object) podUID() types.UID { return types.UID("p" + string(o.uid()[1:])) }

// leftRunning: row 2 may find an agent in a final state. It lives there only until it is seen (FINAL).
func (m *model) leftRunning(was v1.RunStatus, truth Facts, d Decision) string {
	if !final(d.Status.Phase) || m.l.quarantined(was, truth) { // what leads out of quarantine acts in the next pass
		return ""
	}
	for _, a := range append([]AgentFacts{truth.Agent}, truth.Others...) {
		lives := a.Pod.Presence == Present && a.Pod.Started && !a.Pod.Ending
		if e := attempt(d.Status, a.Attempt); e != nil && e.EndedBy == v1.EndAbandoned {
			continue
		}
		if lives && !a.Job.Deleting && !slices.ContainsFunc(d.Effects, func(e Effect) bool { return e.ends(a) }) {
			return fmt.Sprintf("FINAL: the agent of attempt %d is seen alive in a final state, and nothing ends it", a.Attempt)
		}
	}
	return ""
}

// ends says that the effect ends the agent: its pod is told to, or it goes with or without its Job.
func (e Effect) ends(a AgentFacts) bool {
	pod := e.Resource == Pod && e.UID == a.Pod.UID && (e.Verb == VerbEnd || e.Verb == VerbDelete)
	return pod || e.Resource == Agent && e.Verb == VerbDelete && e.UID == a.Job.UID
}

// visibleSuccess says that the look shows a success of the recorded Job: of a Job that is gone or not finished yet the
// ended pod says it (BELL).
func visibleSuccess(was v1.RunStatus, a AgentFacts) bool {
	if jobUID(was) == "" || a.Ended.Pod != Present || a.Ended.Outcome == nil || a.Ended.Outcome.Result != ResultSucceeded {
		return false
	}
	return a.Job.Presence == Absent || a.Job.UID == jobUID(was)
}
