package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// attemptView is an attempt, as the run records it.
type attemptView struct {
	Number, Cluster, Job, Version, When, Took, How, Message string
	Bad                                                     bool
}

// attemptsOf are the attempts: as the status has them, or as their spans tell of them.
func attemptsOf(p waterfall.Picture, run v1.Run) []attemptView {
	var out []attemptView
	for _, c := range p.Chapters {
		for _, r := range c.Rows {
			if r.Kind != story.RoleAttempt {
				continue
			}
			v := attemptView{
				Number: fmt.Sprint(r.Attempt), Cluster: r.Cluster, When: r.Start.UTC().Format(time.DateTime),
				Took: lasting(r.End.Sub(r.Start)), How: cmp.Or(r.Error, "ended"), Bad: r.Error != "",
			}
			switch {
			case r.Open:
				v.How = "goes on"
			case r.Result == "success":
				v.How = string(v1.PhaseSucceeded)
			}
			if run != nil {
				if a := attemptOf(run.RunStatus(), int32(r.Attempt)); a != nil {
					v.tell(a)
				}
			}
			out = append(out, v)
		}
	}
	return out
}

// tell adds what the status knows.
func (v *attemptView) tell(a *v1.Attempt) {
	v.Cluster, v.Job, v.Message = a.Cluster, a.JobName, flat(a.Message)
	if a.ContextVersion > 0 {
		v.Version = fmt.Sprint(a.ContextVersion)
	}
	if a.EndedAt != nil && a.Class != "" {
		v.How, v.Bad = string(a.Class), a.Class != v1.ClassStopped
	}
	if a.ExitCode != nil && *a.ExitCode != 0 {
		v.How += fmt.Sprintf(", exit code %d", *a.ExitCode)
	}
}
