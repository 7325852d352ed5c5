package waterfall

import (
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// because is what a state waits for, by what led to it. A trigger of "" is any other.
var because = map[v1.Phase]map[fsm.Trigger]string{
	v1.PhasePending:      {"": "waits for a member and its turn"},
	v1.PhaseProvisioning: {"": "waits for the agent to start"},
	v1.PhaseRetrying: {
		"":                      "back-off",
		lifecycle.ContextRaised: "asked again: waits for a member and its turn",
		lifecycle.ClusterLost:   "member lost: waits for another",
		lifecycle.TemplatesLost: "operator upgraded: made anew",
	},
	v1.PhaseStopping: {
		"":                          "waits for the agent to end",
		lifecycle.CancelRequested:   "cancelled: waits for the agent to end",
		lifecycle.SuspendRequested:  "suspended: waits for the agent to end",
		lifecycle.ContextRaised:     "superseded: waits for the agent to end",
		lifecycle.RunDeadlinePassed: "past the run's deadline: waits for the agent to end",
		lifecycle.DeadlinePassed:    "past its deadline: waits for the agent to end",
		lifecycle.AgentOrphaned:     "its Job was deleted: waits for its pod to end",
	},
	v1.PhaseTerminating: {"": "waits until nothing of it is left on the members"},
}

// afterStop is what Retrying waits for after Stopping, by what led there: the trigger that ends Stopping is always the same.
var afterStop = map[fsm.Trigger]string{
	lifecycle.SuspendRequested: "suspended",
	lifecycle.ContextRaised:    "asked again: waits for a member and its turn",
}

// waits says that a span is a state in which nothing is executed.
func waits(n *node) bool { return n.Role == story.RoleState && because[v1.Phase(n.Name)] != nil }

// note says of a state what it waited for, or how it ended; of an attempt and of an effect, how it came out.
func note(n *node, moves []*node) string {
	switch {
	case n.Role == story.RoleState && waits(n):
		return waitedFor(n, moves)
	case n.Role == story.RoleState:
		return leftBy(n)
	case n.Error != "":
		return n.Error
	case n.Role == story.RoleEffect && n.said.Outcome != "done":
		return n.said.Outcome
	default:
		return ""
	}
}

func waitedFor(n *node, moves []*node) string {
	words := because[v1.Phase(n.Name)]
	on, before := enteredBy(n.Name, n, moves)
	if n.Name == string(v1.PhaseRetrying) && on == lifecycle.AgentGone && before != nil {
		stopped, _ := enteredBy(string(v1.PhaseStopping), before, moves)
		if text := afterStop[stopped]; text != "" {
			return text
		}
	}
	if text := words[on]; text != "" {
		return text
	}
	return words[""]
}

// enteredBy is the trigger of the last transition into a state, not after a span began.
func enteredBy(state string, n *node, moves []*node) (fsm.Trigger, *node) {
	var last *node
	for _, m := range moves {
		if m.said.To == state && m.said.From != state && !m.Start.After(n.Start) {
			last = m
		}
	}
	if last == nil {
		return "", nil
	}
	return fsm.Trigger(last.said.On), last
}

// leftBy is the trigger that ended a state.
func leftBy(n *node) string {
	for _, m := range n.rows {
		if m.said.From != m.said.To {
			return m.said.On
		}
	}
	return ""
}
