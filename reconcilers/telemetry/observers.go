package telemetry

import (
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
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

// Acts tells an effect to each in turn; nil is nobody.
type Acts []func(v1.Run, story.Done)

// Acted is told each effect on a member, once it is done.
func (a Acts) Acted(run v1.Run, done story.Done) {
	for _, each := range a {
		if each != nil {
			each(run, done)
		}
	}
}
