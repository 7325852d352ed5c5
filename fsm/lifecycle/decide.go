package lifecycle

import (
	"errors"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kind is which of the two kinds a lifecycle is about.
type Kind string

// The kinds.
const (
	DocsRun Kind = "DocsRun"
	CodeRun Kind = "CodeRun"
)

// Lifecycle decides for the runs of one kind. It is immutable and may be shared.
type Lifecycle struct {
	Settings
	Kind    Kind
	Table   fsm.Table
	machine *fsm.Machine
}

// New returns the lifecycle of a kind. It fails only when our own table does not hold what it must (see fsm.Validate).
func New(kind Kind, settings Settings) (Lifecycle, error) {
	t := DocsTable()
	if kind == CodeRun {
		t = CodeTable()
	}
	m, err := t.Machine()
	if err != nil {
		return Lifecycle{}, err
	}
	return Lifecycle{Settings: settings, Kind: kind, Table: t, machine: m}, nil
}

// Decision is what one pass concludes. Commit Status first; only then execute Effects.
type Decision struct {
	Row     fsm.Row      // zero when nothing fires
	Status  v1.RunStatus // what to commit; the input where Changed is false
	Changed bool         // whether there is anything to commit
	Effects []Effect     // what to do once Status is committed
	Wake    time.Time    // when to look again if nothing else happens; zero: never
	Warning string       // what a person asked for in vain, once it is committed; told once
}

// Decide turns a committed status and one look at the world into at most one row of the table and what follows from
// it. Same input, same decision; the input is not changed.
func (l Lifecycle) Decide(s v1.RunStatus, f Facts) Decision {
	if !l.readable(s) {
		return Decision{Status: s, Wake: f.Now.Add(l.Resync)}
	}
	f = aim(s, f)
	quarantined := l.quarantined(s, f)
	counted := quarantined && f.Census.Complete && f.Census.Stray == nil
	row := l.fire(s, f, quarantined)
	next := *s.DeepCopy()
	if row.ID != "" {
		l.apply(&next, f, row, s)
		f = aim(next, f)
	} else if counted {
		next.Incarnation = f.Hub.Incarnation // counted, and nothing found that the status does not know
		quarantined = foreignStamp(f)
	}
	l.note(&next, f, quarantined)
	l.describe(&next, f, row, quarantined)
	changed := row.ID != "" || !same(next, s)
	if !changed {
		next = s
	} else {
		next.LastUpdate = &metav1.Time{Time: f.Now.UTC().Truncate(time.Second)}
	}
	d := Decision{Row: row, Status: next, Changed: changed, Wake: l.wake(next, f, quarantined), Warning: l.warning(s, next, f)}
	if counted && changed {
		d.Wake = f.Now // nothing fired for as long as it was in quarantine, and what waits may cause no event
	}
	switch {
	case !quarantined:
		d.Effects = l.effects(next, f)
	case counted: // under a foreign stamp: write our own, which ends the quarantine
		d.Effects = []Effect{{Verb: VerbEnsure, Resource: Finalizer}}
	}
	return d
}

// same says that nothing changed without a row: it compares what note, describe and a finished count write, and nothing
// else. Comparing a whole status by reflection would take longer than deciding. (A test compares both.)
func same(a, b v1.RunStatus) bool {
	x, y := current(a), current(b)
	noted := x == nil || y == nil ||
		x.GoneSince.Equal(y.GoneSince) && x.EndingSince.Equal(y.EndingSince) && x.EscalatedAt.Equal(y.EscalatedAt)
	return noted && a.AbandonIgnored == b.AbandonIgnored && a.Incarnation == b.Incarnation &&
		a.ObservedGeneration == b.ObservedGeneration &&
		a.ExpireAt.Equal(b.ExpireAt) && a.Reason == b.Reason && a.Message == b.Message && sameWait(a.WaitedFor, b.WaitedFor) &&
		slices.EqualFunc(a.Conditions, b.Conditions, func(c, d metav1.Condition) bool {
			// A time read back from the API server has another location than one just computed, and is the same time.
			sameTime := c.LastTransitionTime.Equal(&d.LastTransitionTime)
			c.LastTransitionTime, d.LastTransitionTime = metav1.Time{}, metav1.Time{}
			return sameTime && c == d
		})
}

// readable says that this program can go on from the status: it knows the phase, and an attempt that is out has an
// entry. Anything else was written by a newer version or by hand: leave it alone. The shell says so in an event.
func (l Lifecycle) readable(s v1.RunStatus) bool {
	_, known := l.Table.State(fsm.State(s.Phase))
	out := s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning || s.Phase == v1.PhaseStopping
	return known && (current(s) != nil || s.Attempt == 0 && !out)
}

// fire returns the row of the most important trigger that the table accepts. In quarantine nothing but StrayFound
// counts (rule Q2), not even a cancel: it would end a run whose agent nobody has looked for yet.
func (l Lifecycle) fire(s v1.RunStatus, f Facts, quarantined bool) fsm.Row {
	for _, on := range l.Sense(s, f) {
		if quarantined && on != StrayFound {
			continue
		}
		row, err := l.machine.Fire(fsm.State(s.Phase), on, l.holds(s, f))
		switch {
		case errors.Is(err, fsm.ErrIgnored):
			continue
		case err != nil:
			// Unreachable: Validate proved it and the tests compare every cell. Firing nothing is the safe answer.
			return fsm.Row{}
		}
		return row
	}
	return fsm.Row{}
}

// apply performs a row's actions on the status and writes it into the history.
func (l Lifecycle) apply(next *v1.RunStatus, f Facts, row fsm.Row, was v1.RunStatus) {
	next.Incarnation = f.Hub.Incarnation
	c := change{Lifecycle: l, s: next, f: f, row: row, was: was}
	for _, a := range row.Do {
		actions[a](c)
	}
	next.Phase = v1.Phase(row.To)
	next.Transitions++
	if final(next.Phase) && !final(was.Phase) {
		next.FinishedAt = micro(f.Now)
		next.NextAttemptAt = nil
	}
	l.chronicle(next, f, row, was)
	l.forget(next, f)
}

// forget drops the oldest attempts beyond MaxAttempts, but none that is open, whose outcome is not recorded, or whose
// objects may still be somewhere: clean-up and deletion would no longer look for them.
func (l Lifecycle) forget(s *v1.RunStatus, f Facts) {
	surplus := len(s.Attempts) - l.MaxAttempts
	s.Attempts = slices.DeleteFunc(s.Attempts, func(e v1.Attempt) bool {
		drop := surplus > 0 && e.Number != s.Attempt && ended(&e) && recorded(&e) && collected(f, &e)
		if drop {
			surplus--
		}
		return drop
	})
}

func collected(f Facts, e *v1.Attempt) bool {
	for _, o := range f.Others {
		if o.Attempt == e.Number {
			return false
		}
	}
	for _, m := range f.Members {
		if m.Name == e.Cluster {
			return m.Link == Answers
		}
	}
	return false
}

// note keeps, without a row, what the next passes need: the first look that found nothing, and the moment from which
// an agent that does not end is given up.
func (l Lifecycle) note(s *v1.RunStatus, f Facts, quarantined bool) {
	if quarantined {
		return
	}
	l.noteWord(s, f)
	e := current(*s)
	if e == nil || ended(e) {
		return
	}
	switch {
	case e.JobUID != "" && gone(f):
		if e.GoneSince == nil {
			e.GoneSince = micro(f.Now)
		}
	case f.Agent.Job.Presence == Present || f.Agent.Pod.Presence == Present:
		e.GoneSince = nil
	}
	if e.StopRequestedAt != nil && f.Cluster.Link == Answers {
		l.noteStop(e, f)
	}
}

// noteStop keeps since when the pod is ending, and gives the agent up when that takes too long. Only a look that the
// member answered counts: an agent that was never told to end must not lose its evidence because the link was down.
func (l Lifecycle) noteStop(e *v1.Attempt, f Facts) {
	switch {
	case f.Agent.Pod.Presence == Present && !f.Agent.Pod.Ending:
		e.EndingSince, e.EscalatedAt = nil, nil // it came after we gave up waiting for it: it is told to end first
	case f.Agent.Pod.Presence == Present && e.EndingSince == nil:
		e.EndingSince = micro(f.Now)
	}
	if e.EscalatedAt == nil && passed(f.Now, l.giveUpAt(e, f)) {
		e.EscalatedAt = micro(f.Now)
	}
}

// giveUpAt is when an agent that was told to end is given up: grace and a bit after its pod began to end or, where there
// is no pod, after the stop. Never while an ended pod holds an outcome that is not recorded.
func (l Lifecycle) giveUpAt(e *v1.Attempt, f Facts) time.Time {
	pod := f.Agent.Pod.Presence
	switch {
	case f.Agent.Job.Finished() || f.Agent.Ended.Pod == Present:
		return time.Time{}
	case pod == Present && e.EndingSince != nil:
		return e.EndingSince.Add(max(l.Grace, f.Agent.Pod.Grace) + l.EscalateAfter)
	case pod == Absent && f.Agent.Job.Presence == Present:
		return e.StopRequestedAt.Add(l.Grace + l.EscalateAfter)
	default:
		return time.Time{}
	}
}
