package explain

import (
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// Hub leaves of facts what the hub alone can show: the clock, the hub's incarnation, the run, and how its member stands. An
// incarnation of 0 is one that could not be read. What stands on members, which one is a candidate and whose the Leases are
// only an operator's look can say.
func Hub(s v1.RunStatus, f lifecycle.Facts) lifecycle.Facts {
	seen := lifecycle.Facts{Now: f.Now, Hub: f.Hub, Run: f.Run, Cluster: f.Cluster}
	if f.Hub.Incarnation == 0 { // nobody could ask
		seen.Hub.Incarnation = max(s.Incarnation, f.Run.StampIncarnation, 1)
		if s.Reason == v1.ReasonQuarantined {
			seen.Hub = lifecycle.HubFacts{Incarnation: seen.Hub.Incarnation + 1, Since: f.Now} // the operator knows of a later one
		}
	}
	seen.Agent = lifecycle.AgentFacts{Attempt: s.Attempt, Cluster: s.Cluster}
	if e := lifecycle.Open(s); e != nil {
		// Whether an operator still has the templates of the attempt is its own affair.
		seen.Run.TemplateDigest = e.TemplateDigest
		if e.EndingSince != nil && e.GoneSince == nil { // noted of a pod that was seen
			seen.Agent.Pod = lifecycle.PodFacts{Presence: lifecycle.Present, Ending: true}
		}
	}
	return seen
}
