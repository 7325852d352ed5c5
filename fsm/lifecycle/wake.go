package lifecycle

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// wake is the earliest moment at which time alone changes what Decide would say. An active run always has one, so a
// quiet world cannot hide a deadline; a finished run sleeps until something of its own is due.
func (l Lifecycle) wake(s v1.RunStatus, f Facts, quarantined bool) time.Time {
	var at time.Time
	add := func(t time.Time) {
		if !t.IsZero() && t.After(f.Now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if quarantined || !final(s.Phase) || !ended(current(s)) {
		add(f.Now.Add(l.Resync))
	}
	if quarantined {
		add(f.Now.Add(l.Settle))
		return at
	}
	if !final(s.Phase) {
		add(runDeadline(f))
	}
	if e := current(s); e != nil && !ended(e) {
		l.wakeAttempt(s, e, f, add)
	}
	l.wakeEvidence(s, f, add)
	switch {
	case s.Phase == v1.PhaseRetrying && s.NextAttemptAt != nil:
		add(s.NextAttemptAt.Time)
	case final(s.Phase):
		add(l.retainedUntil(s, f))
		if s.ExpireAt != nil {
			add(s.ExpireAt.Time)
		}
	}
	return at
}

// wakeAttempt adds the moments of an open attempt.
func (l Lifecycle) wakeAttempt(s v1.RunStatus, e *v1.Attempt, f Facts, add func(time.Time)) {
	if s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning {
		add(l.attemptDeadline(s))
		// Also for a Job that is not seen yet: who deletes it while the watch is broken causes no event.
		if e.StartSeenAt == nil && e.CreatedAt != nil && f.Cluster.Link == Answers {
			add(nextQuestion(e.CreatedAt.Time, f.Now))
		}
	}
	starting := s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning
	if (starting || f.Run.Abandoned == e.Number) && f.Cluster.Link == Silent && !f.Cluster.SilentSince.IsZero() {
		add(f.Cluster.SilentSince.Add(l.ClusterLostGrace + time.Nanosecond))
	}
	if e.FencedUntil != nil {
		add(e.FencedUntil.Time)
	}
	if e.GoneSince != nil {
		add(e.GoneSince.Add(l.Settle))
	}
	if e.StopRequestedAt != nil && e.EscalatedAt == nil && f.Cluster.Link == Answers {
		add(l.giveUpAt(e, f))
	}
}

// wakeEvidence looks again soon at a finished attempt whose pod's evidence has not shown up: it is listed live then
// (docs/lifecycle.md, Outcome). While its member is silent there is nothing to list.
func (l Lifecycle) wakeEvidence(s v1.RunStatus, f Facts, add func(time.Time)) {
	for _, a := range f.attempts() {
		e := attempt(s, a.Attempt)
		if e != nil && !recorded(e) && a.Job.Finished() && a.Ended.Pod == Unknown && reachableNow(f, a.Cluster) {
			add(f.Now.Add(evidenceWait))
		}
	}
}

const evidenceWait = 10 * time.Second

// An agent that does not start is asked after, since quota, Pod Security and missing volumes are told in events only:
// after StartPatience, and then again every questionInterval.
const (
	StartPatience    = 10 * time.Second
	questionInterval = 30 * time.Second
)

func nextQuestion(created, now time.Time) time.Time {
	first := created.Add(StartPatience)
	if now.Before(first) {
		return first
	}
	return now.Add(questionInterval - now.Sub(first)%questionInterval)
}
