package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
)

// The planted mistakes that an auditor found in the machine itself, when the properties were too weak to see them.

const (
	givenUp = "I8: the agent of attempt 1 was given up"
	inSight = "I8: the outcome of attempt 1 is in sight"
)

func mistakesOfHaste() []mistake {
	small := func(change ...func(*config)) config { return base("", append(change, direct, retries(0))...) }
	return []mistake{
		{"gives up an agent that was never told to end", givenUp, small(with(1, fLink, fCancel)), plant{decision: giveUpAnyway}},
		{"deletes what it gave up, whatever lies there", inSight, small(with(1, fCancel)), plant{decision: deleteGivenUp}},
		{"does not see a success whose Job was deleted", "BELL", small(with(1, fJobOrphan)), plant{facts: blindWithoutJob}},
		{"leaves running what it finds in a final state", "FINAL", small(with(1, fRestore, fRaise)), plant{decision: leaveOpen}},
		{"ends an agent in plain sight for starting late", "KILL", small(), plant{facts: unseenBeforeItsBell}},
	}
}

// giveUpAnyway counts from the stop, whether the member heard of it or not.
func giveUpAnyway(was v1.RunStatus, f Facts, d *Decision) {
	e := current(d.Status)
	waits := d.Status.Phase == v1.PhaseStopping && !ended(e) && e.EscalatedAt == nil && !f.Agent.Job.Finished()
	if waits && passed(f.Now, e.StopRequestedAt.Add(tick)) {
		e.EscalatedAt = micro(f.Now)
		deleteGivenUp(was, f, d)
	}
}

// deleteGivenUp does not look at the pod before it deletes the Job of an agent that was given up.
func deleteGivenUp(_ v1.RunStatus, f Facts, d *Decision) {
	e := current(d.Status)
	if d.Status.Phase == v1.PhaseStopping && !ended(e) && e.EscalatedAt != nil && f.Agent.Job.Presence == Present && !f.Agent.Job.Finished() {
		d.Effects = []Effect{onJob(VerbDelete, f.Agent)}
	}
}

// blindWithoutJob takes a Job that is gone, with an ended pod, for one that left nothing.
func blindWithoutJob(f *Facts, s v1.RunStatus) {
	runs := s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning
	if runs && f.Agent.Job.Presence == Absent && f.Agent.Ended.Pod == Present {
		f.Agent.Ended = Evidence{Pod: Absent}
	}
}

// leaveOpen lets a final state do nothing about an attempt that has not ended.
func leaveOpen(_ v1.RunStatus, _ Facts, d *Decision) {
	if final(d.Status.Phase) && !ended(current(d.Status)) {
		d.Effects = slices.DeleteFunc(d.Effects, func(e Effect) bool { return e.Attempt == d.Status.Attempt })
	}
}

// unseenBeforeItsBell goes by startBefore alone while nobody wrote the start down.
func unseenBeforeItsBell(f *Facts, s v1.RunStatus) {
	if e := current(s); e != nil && e.StartSeenAt == nil && e.StartBefore != nil && passed(f.Now, e.StartBefore.Time) {
		f.Agent.Pod.Started = false
	}
}
