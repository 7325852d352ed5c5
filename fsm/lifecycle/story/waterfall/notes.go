package waterfall

import (
	"cmp"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// lead is what led a state to wait, and what it waits for as far as that alone says. Where what led there is a wait itself
// another may come after it.
type lead struct{ first, rest, after string }

// because is why a state waits, by what led to it. A trigger of "" is any other.
var because = map[v1.Phase]map[fsm.Trigger]lead{
	v1.PhasePending:      {"": {rest: "waits for a member and its turn"}},
	v1.PhaseProvisioning: {"": {rest: "waits for the agent to start"}},
	v1.PhaseRetrying: {
		"":                      {first: "back-off", after: "back-off"},
		lifecycle.ContextRaised: {first: "asked again", rest: "waits for a member and its turn"},
		lifecycle.ClusterLost:   {first: "member lost", rest: "waits for another"},
		lifecycle.TemplatesLost: {first: "operator upgraded", rest: "made anew"},
	},
	v1.PhaseStopping: {
		"":                          {rest: "waits for the agent to end"},
		lifecycle.CancelRequested:   {first: "cancelled", rest: "waits for the agent to end"},
		lifecycle.SuspendRequested:  {first: "suspended", rest: "waits for the agent to end"},
		lifecycle.ContextRaised:     {first: "superseded", rest: "waits for the agent to end"},
		lifecycle.RunDeadlinePassed: {first: "past the run's deadline", rest: "waits for the agent to end"},
		lifecycle.DeadlinePassed:    {first: "past its deadline", rest: "waits for the agent to end"},
		lifecycle.AgentOrphaned:     {first: "its Job was deleted", rest: "waits for its pod to end"},
	},
	v1.PhaseTerminating: {"": {rest: "waits until nothing of it is left on the members"}},
}

// afterStop is why Retrying waits after Stopping, by what led there: the trigger that ends Stopping is always the same.
var afterStop = map[fsm.Trigger]lead{
	lifecycle.SuspendRequested: {first: "suspended", after: "suspension"},
	lifecycle.ContextRaised:    {first: "asked again", rest: "waits for a member and its turn"},
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

// waitedFor says what a state waited for: what its span says of it, or else what led to it.
func waitedFor(n *node, moves []*node) string {
	led := ledBy(n, moves)
	what := cmp.Or(lifecycle.Wait(n.said.Wait).Label, n.said.Wait) // a word of a later version is a word too
	if what != "" && n.said.WaitObject != "" {
		what += ": " + n.said.WaitObject
	}
	switch {
	case what == "":
		what = led.rest
	case led.after != "" && (led.first == what || !n.said.WaitSince.After(n.Start)):
		return what
	case led.after != "":
		return what + ", after " + led.after // what is cut off for want of room should not be the news
	}
	if led.first == "" || what == "" {
		return led.first + what
	}
	return led.first + ": " + what
}

func ledBy(n *node, moves []*node) lead {
	leads := because[v1.Phase(n.Name)]
	on, before := enteredBy(n.Name, n, moves)
	if n.Name == string(v1.PhaseRetrying) && on == lifecycle.AgentGone && before != nil {
		stopped, _ := enteredBy(string(v1.PhaseStopping), before, moves)
		if led, ok := afterStop[stopped]; ok {
			return led
		}
	}
	if led, ok := leads[on]; ok {
		return led
	}
	return leads[""]
}

// waitOf is what a state waited for last, where its span says that, as far as it lies within the state.
func waitOf(n *node) *Wait {
	if n.said.Wait == "" || !waits(n) {
		return nil
	}
	w := &Wait{Reason: n.said.Wait, Object: n.said.WaitObject, Interval: Interval{n.said.WaitSince, n.said.WaitUntil}}
	if w.Start.Before(n.Start) {
		w.Start = n.Start
	}
	if w.End.IsZero() || w.End.After(n.End) {
		w.End = n.End
	}
	if w.End.Before(w.Start) {
		return nil // whoever wrote the file had other clocks
	}
	return w
}

// markWait marks where within the bar the wait began, and where it was over.
func (r *Row) markWait() {
	w := r.Wait
	if w == nil {
		return
	}
	if w.Start.After(r.Start) && w.Start.Before(r.End) {
		r.Marks = append(r.Marks, Mark{Name: w.Reason, Time: w.Start})
	}
	if w.End.After(r.Start) && w.End.Before(r.End) {
		r.Marks = append(r.Marks, Mark{Name: "not " + w.Reason, Time: w.End})
	}
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
