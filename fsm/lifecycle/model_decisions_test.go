package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
)

// The planted mistakes that change a decision after it was made.

// drop lets a row not be there.
func drop(id string) func(v1.RunStatus, Facts, *Decision) {
	return func(was v1.RunStatus, _ Facts, d *Decision) {
		if d.Row.ID == id {
			*d = Decision{Status: was, Wake: d.Wake}
		}
	}
}

func noDeadline(was v1.RunStatus, f Facts, d *Decision) {
	if was.Phase == v1.PhaseRunning {
		drop("15")(was, f, d)
	}
}

func clearAttempts(_ v1.RunStatus, _ Facts, d *Decision) {
	if d.Row.On == ContextRaised {
		d.Status.Attempt, d.Status.Attempts = 0, nil
	}
}

func dropOutcome(was v1.RunStatus, _ Facts, d *Decision) {
	if was.Phase == v1.PhaseStopping && d.Row.On == AgentGone {
		current(d.Status).ExitCode = nil
	}
}

func loseHeart(was v1.RunStatus, f Facts, d *Decision) {
	if was.Phase == v1.PhaseRunning && f.Cluster.Link == Silent {
		d.Status.Phase, d.Status.StopCause = v1.PhaseStopping, v1.StopLost
	}
}

// runUnauthorised resumes the Job that was created, and does not write its UID down first.
func runUnauthorised(was v1.RunStatus, f Facts, d *Decision) {
	if d.Row.On == AgentCreated {
		j := f.Agent.Job
		release := Effect{Verb: VerbRelease, Cluster: was.Cluster, Resource: Agent, Attempt: was.Attempt, UID: j.UID, ResourceVersion: j.ResourceVersion}
		*d = Decision{Status: was, Effects: []Effect{release}, Wake: d.Wake}
	}
}

func forgetMembers(_ v1.RunStatus, _ Facts, d *Decision) {
	if slices.Contains(d.Row.Do, StartAttempt) {
		d.Status.Members = []string{d.Status.Cluster}
	}
}

func shortFence(_ v1.RunStatus, _ Facts, d *Decision) {
	if e := current(d.Status); e != nil && e.FencedUntil != nil {
		e.FencedUntil = e.StartBefore
	}
}

// rerun starts again what is not there: "the Job is missing, so it must be created".
func rerun(was v1.RunStatus, f Facts, d *Decision) {
	if final(was.Phase) && f.Agent.Job.Presence == Absent && d.Row.ID == "" {
		d.Status.Phase = v1.PhaseRetrying
	}
}

func jump(_ v1.RunStatus, _ Facts, d *Decision) {
	if d.Row.On == ClusterChosen {
		d.Status.Phase = v1.PhaseRunning
	}
}

func oldVersion(_ v1.RunStatus, _ Facts, d *Decision) {
	if slices.Contains(d.Row.Do, StartAttempt) {
		current(d.Status).ContextVersion = 1
	}
}
