package telemetry

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// EventDef explains the Event of a transition.
type EventDef struct {
	Reason, Doc string
	Types       []string // Normal, Warning, or either, by how the transition ends
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
