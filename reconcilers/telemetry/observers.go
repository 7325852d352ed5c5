package telemetry

import (
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// Observers tells each in turn.
type Observers []interface {
	Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision)
}

// Committed implements the reconcilers' observer.
func (o Observers) Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision) {
	for _, each := range o {
		each.Committed(run, was, d)
	}
}
