package lifecycle

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// sweep clears away what earlier attempts left. An object of an attempt that has not ended is never touched here.
//
//	                      Job not finished   Job finished, outcome recorded, and inputs
//	last ended attempt    is deleted         stay, so that its logs can be read (final: until retention)
//	attempts before it    is deleted         are deleted
//
// A Job that is not finished though its attempt has ended is a suspended left-over, or an agent behind a fence.
func (l Lifecycle) sweep(s v1.RunStatus, f Facts) []Effect {
	last := lastEnded(s)
	switch {
	case f.Run.Preserve:
		last = 0 // everything that is finished is kept
	case final(s.Phase) && passed(f.Now, l.retainedUntil(s, f)):
		last++ // nothing is kept any longer
	}
	var out []Effect
	for _, a := range f.attempts() {
		if a.Attempt <= s.Attempt {
			out = append(out, sweepAttempt(attempt(s, a.Attempt), a, a.Attempt < last)...)
		}
	}
	return out
}

// sweepAttempt clears one attempt; old says that its evidence is not needed any longer.
func sweepAttempt(e *v1.Attempt, a AgentFacts, old bool) []Effect {
	if impostor(e, a.Job) {
		return []Effect{onJob(VerbDelete, a)}
	}
	if !ended(e) {
		return nil
	}
	var out []Effect
	known := e == nil || recorded(e)
	// The pod of an unfinished Job may have ended already, and its Job's controller be late: its outcome comes first (I8).
	empty := known || a.Job.Suspended || a.Ended.Pod == Absent || a.Pod.Presence == Present
	if a.Job.Presence == Present && !a.Job.Deleting && (unfinished(a.Job) && empty || old && a.Job.Finished() && known) {
		out = append(out, onJob(VerbDelete, a))
	}
	if a.Job.Presence == Absent && a.Pod.Presence == Present {
		out = append(out, onPod(VerbDelete, a))
	}
	// An ended pod without a Job, because somebody deleted that with orphan propagation: nobody else collects it.
	if a.Job.Presence == Absent && a.Ended.UID != "" && old && known {
		out = append(out, onEndedPod(VerbDelete, a))
	}
	if old && a.Inputs == Present && a.Pod.Presence == Absent {
		out = append(out, onInputs(VerbDelete, a))
	}
	return out
}

// impostor is another Job of the attempt's name than the authorised one. Nothing ever resumed it (rule S): it is inert,
// and may go whether the attempt has ended or not.
func impostor(e *v1.Attempt, j JobFacts) bool {
	return e != nil && e.JobUID != "" && j.UID != e.JobUID && j.Presence == Present && j.Suspended && !j.Deleting
}

// unfinished excludes a Job that is Complete or Failed and only waits for its pods to go: that one ends by itself.
func unfinished(j JobFacts) bool { return !j.Complete && !j.Failed }

// lastEnded is the number of the newest attempt that has ended, 0 when none has.
func lastEnded(s v1.RunStatus) int32 {
	n := int32(0)
	for _, e := range s.Attempts {
		if e.EndedAt != nil {
			n = max(n, e.Number)
		}
	}
	return n
}

func (Lifecycle) retainedUntil(s v1.RunStatus, f Facts) time.Time {
	if s.FinishedAt == nil {
		return time.Time{}
	}
	if s.Phase == v1.PhaseFailed { // as it is decided, not as the run was when it was looked at
		return s.FinishedAt.Add(f.Run.RetentionFailed)
	}
	return s.FinishedAt.Add(f.Run.Retention)
}

// expire deletes the run object when its time to live has passed; unset by default, because a GitOps tool would apply
// the run again and it would execute again.
func (l Lifecycle) expire(s v1.RunStatus, f Facts) []Effect {
	if s.ExpireAt == nil || f.Run.Deleted || f.Run.Preserve || !ended(current(s)) || !passed(f.Now, s.ExpireAt.Time) {
		return nil
	}
	return []Effect{{Verb: VerbDelete, Resource: Run, UID: f.Run.UID}}
}

// effectsTerminating removes everything on every member the run touched, then releases the finalizer (rule T): when
// every attempt has ended and every member that can be asked says that nothing is left.
func (l Lifecycle) effectsTerminating(s v1.RunStatus, f Facts) []Effect {
	var out []Effect
	for _, a := range f.attempts() {
		out = append(out, removeAll(a)...)
	}
	if f.Run.Finalizer && l.allEnded(s, f) && !leftover(s, f) {
		out = append(out, Effect{Verb: VerbDelete, Resource: Finalizer})
	}
	return out
}

func removeAll(a AgentFacts) []Effect {
	var out []Effect
	if a.Job.Presence == Present && !a.Job.Deleting {
		out = append(out, onJob(VerbDelete, a))
	}
	if a.Job.Presence != Absent {
		return out // its pod and inputs go when the Job is gone
	}
	if a.Pod.Presence == Present {
		out = append(out, onPod(VerbDelete, a))
	}
	if a.Ended.UID != "" {
		out = append(out, onEndedPod(VerbDelete, a))
	}
	if a.Inputs == Present {
		out = append(out, onInputs(VerbDelete, a))
	}
	return out
}

// allEnded is rule E as a fact: only the newest attempt can be open, and nothing records its end while Terminating.
func (l Lifecycle) allEnded(s v1.RunStatus, f Facts) bool {
	for i := range s.Attempts {
		e := &s.Attempts[i]
		if !ended(e) && (e.Number != s.Attempt || l.proof(s, f) == "") {
			return false
		}
	}
	return true
}

// leftover says that a member still holds something of the run, or could not say. A member that is silent, gone or
// another cluster is not asked: what lies there is left to the sweeper of rule O.
func leftover(s v1.RunStatus, f Facts) bool {
	held := func(m MemberFacts) bool { return m.Link == Answers && m.Leftover != Absent }
	unasked := func(name string) bool {
		return !slices.ContainsFunc(f.Members, func(m MemberFacts) bool { return m.Name == name })
	}
	return slices.ContainsFunc(f.Members, held) || slices.ContainsFunc(s.Members, unasked)
}
