package telemetry

import (
	"slices"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

// grace is how long after its time a run may still be where it is: a pass may be queued, and its clean-up takes requests.
const grace = 10 * time.Minute

// Tally knows where every run on the hub stands. The hub's informers feed it, so that nobody who asks for metrics makes the
// operator walk through its cache; it decides nothing.
type Tally struct {
	mu     sync.Mutex
	places map[types.UID]spot
}

// spot is where one run stands.
type spot struct {
	kind                   lifecycle.Kind
	phase, cluster, reason string
	due                    time.Time // when it must have left the phase, whatever members do; zero: it may stay
}

// NewTally returns an empty one.
func NewTally() *Tally { return &Tally{places: map[types.UID]spot{}} }

// Of takes the events of an informer of one kind.
func (t *Tally) Of(kind lifecycle.Kind) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { t.put(kind, o) },
		UpdateFunc: func(_, o any) { t.put(kind, o) },
		DeleteFunc: t.drop,
	}
}

func (t *Tally) put(kind lifecycle.Kind, o any) {
	run, ok := o.(v1.Run)
	if !ok {
		return
	}
	p := placeOf(kind, run)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.places[run.GetUID()] = p
}

func (t *Tally) drop(o any) {
	if late, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
		o = late.Obj
	}
	run, ok := o.(v1.Run)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.places, run.GetUID())
}

// phases are the values of the label phase; a phase of a later version is Other.
var phases = []v1.Phase{
	v1.PhasePending, v1.PhaseProvisioning, v1.PhaseRunning, v1.PhaseRetrying, v1.PhaseStopping, v1.PhaseSucceeded, v1.PhaseFailed,
	v1.PhaseCancelled, v1.PhaseTerminating,
}

// waits are the reasons for which a run waits; what is none of them is Other, since a status may be of another version.
var waits = []string{
	v1.ReasonNoCandidate, v1.ReasonWorkspaceBusy, v1.ReasonBranchBusy, v1.ReasonBackOff, v1.ReasonSuspended, v1.ReasonQuarantined,
	v1.ReasonFinalizerMissing, v1.ReasonStopping, other,
}

const other = "Other"

func placeOf(kind lifecycle.Kind, run v1.Run) spot {
	s := *run.RunStatus()
	p := spot{kind: kind, phase: other, cluster: s.Cluster, due: leaveBy(run)}
	if i := slices.Index(phases, s.Phase); i >= 0 {
		p.phase = string(phases[i]) // and not the object's own bytes, which would be kept
	}
	if !lifecycle.Waiting(s) && s.Reason != v1.ReasonQuarantined {
		return p
	}
	p.reason = other
	if i := slices.Index(waits, s.Reason); i >= 0 {
		p.reason = waits[i]
	}
	return p
}

// leaveBy is when a run must have left its phase by the table's own clocks: its attempt is over for everybody when its fence
// has passed, a wait ends with the whole run's deadline, and a deletion without attempts only takes requests. Zero: never, or
// nobody knows, as in quarantine.
func leaveBy(run v1.Run) time.Time {
	s := *run.RunStatus()
	if s.Reason == v1.ReasonQuarantined {
		return time.Time{}
	}
	if e := lifecycle.Open(s); e != nil {
		if e.FencedUntil == nil {
			return time.Time{}
		}
		return later(e.FencedUntil.Time, run)
	}
	switch total := run.RunSpec().TotalDeadlineSeconds; {
	case s.Phase == v1.PhaseTerminating:
		return later(time.Time{}, run)
	case lifecycle.Waiting(s) && total != nil:
		return run.GetCreationTimestamp().Add(time.Duration(*total) * time.Second)
	default:
		return time.Time{}
	}
}

// later is the time, or that of the run's deletion where it came after it.
func later(at time.Time, run v1.Run) time.Time {
	if gone := run.GetDeletionTimestamp(); gone != nil && gone.After(at) {
		return gone.Time
	}
	return at
}

// count is how many runs stand where, at a time.
type count struct {
	runs    map[[3]string]int // kind, phase, cluster
	waiting map[[2]string]int // kind, reason
	overdue map[[2]string]int // kind, phase
}

// count has a number for each kind and phase, and for each kind and reason, also where it is 0.
func (t *Tally) count(kinds []lifecycle.Kind, now time.Time) count {
	c := count{runs: map[[3]string]int{}, waiting: map[[2]string]int{}, overdue: map[[2]string]int{}}
	for _, kind := range kinds {
		for _, phase := range phases {
			c.runs[[3]string{string(kind), string(phase), ""}] = 0
			if !slices.Contains(finals, phase) {
				c.overdue[[2]string{string(kind), string(phase)}] = 0
			}
		}
		for _, reason := range waits {
			c.waiting[[2]string{string(kind), reason}] = 0
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.places {
		c.runs[[3]string{string(p.kind), p.phase, p.cluster}]++
		if p.reason != "" {
			c.waiting[[2]string{string(p.kind), p.reason}]++
		}
		if !p.due.IsZero() && now.After(p.due.Add(grace)) {
			c.overdue[[2]string{string(p.kind), p.phase}]++
		}
	}
	return c
}

var finals = []v1.Phase{v1.PhaseSucceeded, v1.PhaseFailed, v1.PhaseCancelled}
