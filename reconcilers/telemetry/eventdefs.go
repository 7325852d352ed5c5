package telemetry

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	corev1 "k8s.io/api/core/v1"
)

// EventDef explains an Event.
type EventDef struct {
	Reason, Doc string
	Types       []string // Normal, Warning, or either, by how the transition ends
}

const reasonTraceParentIgnored = "TraceParentIgnored"

// otherEvents are those that no row of the table tells.
var otherEvents = []EventDef{
	{v1.ReasonAbandonIgnored, "An annotation gives up what the run does not hold, or in words that nobody knows; the note says what to write.", []string{corev1.EventTypeWarning}},
	{reasonTraceParentIgnored, "The run's annotation `" + v1.AnnotationTraceParent + "` is no W3C traceparent; it has a trace of its own.", []string{corev1.EventTypeWarning}},
	{v1.ReasonQuarantined, "The run waits until every member has said what it executes of it.", []string{corev1.EventTypeWarning}},
	{"Counted", "They all have.", []string{corev1.EventTypeNormal}},
	{"Swept", "An object on a member was deleted, because its run is gone. Told about the run.", []string{corev1.EventTypeNormal}},
	{"AgentWithoutRun", "A live agent's run is gone; the note says when it ends, and how to end it now.", []string{corev1.EventTypeWarning}},
}

// TransitionEvents are one for each trigger of the tables, in their order: what it means, and of which type.
func TransitionEvents() []EventDef {
	var all []EventDef
	for _, table := range []fsm.Table{lifecycle.DocsTable(), lifecycle.CodeTable()} {
		for _, trigger := range table.Triggers {
			i := slices.IndexFunc(all, func(e EventDef) bool { return e.Reason == string(trigger.Name) })
			if i < 0 {
				all = append(all, EventDef{Reason: string(trigger.Name), Doc: trigger.Doc})
				i = len(all) - 1
			}
			for _, row := range table.Expand() {
				if row.On != trigger.Name {
					continue
				}
				d := lifecycle.Decision{Row: row, Status: v1.RunStatus{Phase: v1.Phase(row.To)}}
				kind := severity(v1.RunStatus{Phase: v1.Phase(row.From[0])}, d)
				if !slices.Contains(all[i].Types, kind) {
					all[i].Types = append(all[i].Types, kind)
					slices.Sort(all[i].Types)
				}
			}
		}
	}
	return all
}

// OtherEvents are those about a run that no transition tells.
func OtherEvents() []EventDef { return otherEvents }
