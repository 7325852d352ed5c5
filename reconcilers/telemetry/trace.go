package telemetry

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// Traces hands the spans of what happened to whoever exports them. It remembers nothing: every span comes complete from a
// committed status. Put must not block; nil exports nothing.
type Traces struct {
	Put func([]story.Span)
}

// Committed implements the reconcilers' observer: the spans that a transition completed.
func (t Traces) Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision) {
	if t.Put != nil && d.Row.ID != "" && sampled(run) {
		t.Put(story.Since(run, was.Transitions))
	}
}

// Effects is Acted, or nil where nobody exports: then nothing is worked out for it.
func (t Traces) Effects() func(v1.Run, story.Done) {
	if t.Put == nil {
		return nil
	}
	return t.Acted
}

// Acted tells an effect on a member.
func (t Traces) Acted(run v1.Run, done story.Done) {
	if !sampled(run) {
		return
	}
	if span, ok := story.OfEffect(run, done); ok {
		t.Put([]story.Span{span})
	}
}

// Again tells once more what was completed since a time: the operator that committed it may have died before it was exported.
// Effects are not told again, since nothing remembers them.
func (t Traces) Again(run v1.Run, since time.Time) {
	if sampled(run) {
		t.Put(story.Recent(run, since))
	}
}

func sampled(run v1.Run) bool {
	c, ok := story.Recorded(*run.RunStatus())
	return ok && c.Sampled
}
