package reconcilers

import (
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/types"
)

// Ledger is what this process has done and the caches do not show yet. It spares what is known to be in vain: placing three
// hundred runs that arrive at once as if the fleet were empty, deciding on a view that our own write has made old, rendering
// once more what we have just created. It is a hint and no truth: the API server refuses what an old view decides, whoever
// forgot.
type Ledger struct {
	mu      sync.Mutex
	written map[types.UID]written
	jobs    map[types.UID]types.UID // by run: the Job just created for its attempt, until its UID is committed
	views   map[types.UID]view

	failures map[types.UID]map[lifecycle.Effect]int // of effects on members, since the run's last transition
}

// view is a run as it was seen when that was not new enough.
type view struct {
	version string
	wait    time.Duration // until it is looked at again
}

type written struct {
	transitions int64
	at          time.Time
	cluster     string // of the attempt that is out, "" when none is
	asked       bool   // somebody looked meanwhile and was sent away
}

// blind is how long a view is mistrusted. A cache that lags longer has another trouble; then the write itself tells.
const blind = 5 * time.Second

// NewLedger returns an empty one.
func NewLedger() *Ledger {
	return &Ledger{
		written: map[types.UID]written{}, jobs: map[types.UID]types.UID{}, views: map[types.UID]view{},
		failures: map[types.UID]map[lifecycle.Effect]int{},
	}
}

// note takes a run as it is being committed.
func (l *Ledger) note(run v1.Run, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := run.RunStatus()
	if was, ok := l.written[run.GetUID()]; !ok || was.transitions != s.Transitions {
		delete(l.failures, run.GetUID())
	}
	w := written{transitions: s.Transitions, at: now}
	open := lifecycle.Open(*s)
	if open != nil {
		w.cluster = s.Cluster
	}
	if open == nil || open.JobUID != "" {
		delete(l.jobs, run.GetUID())
	}
	l.written[run.GetUID()] = w
}

// created takes a Job that the API server has just made of what we rendered for the run.
func (l *Ledger) created(run, job types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs[run] = job
}

// knows says that the Job is the one that we created for the run. False says nothing: another process may have.
func (l *Ledger) knows(run, job types.UID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.jobs[run] == job
}

// patience is how long to wait for a newer view of a run: twice as long each time, while the view stays as it is.
func (l *Ledger) patience(run v1.Run) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := view{version: run.GetResourceVersion(), wait: again}
	if last, ok := l.views[run.GetUID()]; ok && last.version == next.version {
		next.wait = min(2*last.wait, blind)
	}
	l.views[run.GetUID()] = next
	return next.wait
}

// takeBack drops what was noted of a run: it was not committed after all.
func (l *Ledger) takeBack(run v1.Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.written, run.GetUID())
}

// forget drops what is known of a run that is gone.
func (l *Ledger) forget(run v1.Run) {
	l.takeBack(run)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.views, run.GetUID())
	delete(l.jobs, run.GetUID())
	delete(l.failures, run.GetUID())
}

// outdated says that a run as the cache shows it is older than what we committed. Its event will come.
func (l *Ledger) outdated(run v1.Run, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.written[run.GetUID()]
	if !ok || run.RunStatus().Transitions >= w.transitions || now.Sub(w.at) > blind {
		return false
	}
	w.asked = true
	l.written[run.GetUID()] = w
	return true
}

// Seen takes a run as the hub's cache shows it now, and as it did before, and says whether to look at it: somebody waits for
// that, or the transition is not ours. A former leader's write may have been under way, and one of ours without an answer.
func (l *Ledger) Seen(was, is v1.Run) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := is.RunStatus().Transitions
	w, ok := l.written[is.GetUID()]
	switch {
	case !ok:
		return now > was.RunStatus().Transitions
	case now < w.transitions:
		return false
	}
	delete(l.written, is.GetUID())
	return w.asked || now > w.transitions
}

// addTo adds the placements that the cache does not show yet, but one's own.
func (l *Ledger) addTo(active map[string]int, own types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for uid, w := range l.written {
		if uid != own && w.cluster != "" {
			active[w.cluster]++
		}
	}
}
