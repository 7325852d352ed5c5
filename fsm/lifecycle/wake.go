package lifecycle

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// wake is the earliest moment at which time alone changes what Decide would say. An active run always has one, so a
// quiet world cannot hide a deadline; a finished run sleeps until something of its own is due.
func (l Lifecycle) wake(s v1.RunStatus, f Facts, quarantined bool) time.Time {
	var at time.Time
	l.clocks(s, f, quarantined, func(_ Clock, t time.Time) {
		if t.After(f.Now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	})
	return at
}

// clocks adds every moment at which time alone may change something, and the clock that says so. A moment may have passed.
func (l Lifecycle) clocks(s v1.RunStatus, f Facts, quarantined bool, set func(Clock, time.Time)) {
	add := func(c Clock, t time.Time) {
		if !t.IsZero() {
			set(c, t)
		}
	}
	if quarantined || !final(s.Phase) || !ended(current(s)) {
		add(Resync, f.Now.Add(l.Resync))
	}
	if quarantined {
		add(Counting, f.Now.Add(l.Settle))
		return
	}
	if !final(s.Phase) {
		add(RunDeadline, runDeadline(f))
	}
	if e := current(s); e != nil && !ended(e) {
		l.wakeAttempt(s, e, f, add)
	}
	l.wakeEvidence(s, f, add)
	switch {
	case s.Phase == v1.PhaseRetrying && s.NextAttemptAt != nil:
		add(BackOff, s.NextAttemptAt.Time)
	case final(s.Phase):
		add(Retention, l.retainedUntil(s, f))
		if s.ExpireAt != nil {
			add(Expiry, s.ExpireAt.Time)
		}
	}
}

// wakeAttempt adds the moments of an open attempt.
func (l Lifecycle) wakeAttempt(s v1.RunStatus, e *v1.Attempt, f Facts, add func(Clock, time.Time)) {
	if s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning {
		if e.StartSeenAt != nil {
			add(Clock(AttemptDeadline), l.attemptDeadline(s))
		} else {
			add(Clock(StartBefore), l.attemptDeadline(s))
		}
		// Also for a Job that is not seen yet: who deletes it while the watch is broken causes no event.
		if e.StartSeenAt == nil && e.CreatedAt != nil && f.Cluster.Link == Answers {
			add(Question, nextQuestion(e.CreatedAt.Time, f.Now))
		}
	}
	starting := s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning
	if (starting || f.Run.Abandoned == e.Number) && f.Cluster.Link == Silent && !f.Cluster.SilentSince.IsZero() {
		add(LossGrace, f.Cluster.SilentSince.Add(l.ClusterLostGrace+time.Nanosecond))
	}
	if e.FencedUntil != nil {
		add(Clock(Fence), e.FencedUntil.Time)
	}
	if e.GoneSince != nil {
		add(SecondLook, e.GoneSince.Add(l.Settle))
	}
	if e.StopRequestedAt != nil && e.EscalatedAt == nil && f.Cluster.Link == Answers {
		add(Escalation, l.giveUpAt(e, f))
	}
}

// wakeEvidence looks again soon at a finished attempt whose pod's evidence has not shown up: it is listed live then
// (docs/lifecycle.md, Outcome). While its member is silent there is nothing to list.
func (l Lifecycle) wakeEvidence(s v1.RunStatus, f Facts, add func(Clock, time.Time)) {
	for _, a := range f.attempts() {
		e := attempt(s, a.Attempt)
		if e != nil && !recorded(e) && a.Job.Finished() && a.Ended.Pod == Unknown && reachableNow(f, a.Cluster) {
			add(EvidenceLook, f.Now.Add(evidenceWait))
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
