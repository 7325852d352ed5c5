package garbage

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Entry is an object and why it is still there.
type Entry struct {
	Object
	// Orphan says that no run accounts for it.
	Orphan bool
	Why    string
}

// Books are what a hub says about its runs.
type Books struct {
	Hub  types.UID
	Runs map[types.UID]v1.Run
	// Retention is how long the objects of a run stay that has ended. Nil where nobody could read that.
	Retention func(v1.Run) time.Duration
	// Quarantined says that the hub was restored and has not counted all members yet: nothing is swept before.
	Quarantined bool
	Now         time.Time
}

// Forever is a retention from which on nobody expects an end.
const Forever = 100 * 365 * 24 * time.Hour

// Audit says of everything that one member holds why it is still there.
func (b Books) Audit(objects []Object) []Entry {
	ofRun := map[types.UID][]Object{}
	for _, o := range objects {
		ofRun[o.Run] = append(ofRun[o.Run], o)
	}
	entries := make([]Entry, 0, len(objects))
	for _, o := range objects {
		entries = append(entries, b.entry(o, ofRun[o.Run]))
	}
	return entries
}

func (b Books) entry(o Object, same []Object) Entry {
	run := b.Runs[o.Run]
	switch {
	case o.Hub == "":
		return Entry{Object: o, Why: "it names no hub: nobody's to touch"}
	case o.Hub != b.Hub:
		return Entry{Object: o, Why: "another hub's: " + string(o.Hub)}
	case o.Kind == Volume:
		return Entry{Object: o, Why: "a workspace is kept for the next run of its service"}
	case run == nil:
		return Entry{Object: o, Orphan: true, Why: b.withoutRun(o, same)}
	case o.Attempt > run.RunStatus().Attempt:
		return Entry{Object: o, Orphan: true, Why: b.unknown(o, same)}
	default:
		return Entry{Object: o, Why: b.accounted(o, run)}
	}
}

// withoutRun says what becomes of an object whose run is gone; same is what else there is of that run.
func (b Books) withoutRun(o Object, same []Object) string {
	inert, live := Sort(same)
	switch {
	case o.Deleting:
		return "its run is gone; deletion is under way"
	case !o.Told():
		return "it does not say whose it is, or contradicts itself: nothing will touch it, delete it if nobody needs it"
	case isThere(inert, o.UID) && b.Quarantined:
		return "its run is gone: it is swept when all members were counted: see runfleet recover"
	case isThere(inert, o.UID):
		return "its run is gone: it is swept within the hour"
	case o.State == Running && isThere(same, o.Owner):
		return "its run is gone; it ends with its Job"
	case isThere(live, o.UID):
		return fmt.Sprintf("its run is gone, and its agent lives: %s. To end it now, on member %s: %s",
			o.EndsText(), o.Member, o.EndCommand())
	case o.Kind == Pod:
		return "its run is gone; it goes with its Job"
	default:
		return "its run is gone: it is swept when its agent has ended"
	}
}

// unknown says what becomes of an object of an attempt that its run does not know: in a restored hub the count of the members
// will find it, unless a person went on without this one.
func (b Books) unknown(o Object, same []Object) string {
	what := fmt.Sprintf("the run knows no attempt %d", o.Attempt)
	switch {
	case b.Quarantined:
		return what + ": see runfleet recover"
	case isThere(same, o.Owner):
		return what + "; it goes with its Job"
	default:
		return fmt.Sprintf("%s, so nothing will touch it. To end it, on member %s: %s", what, o.Member, o.EndCommand())
	}
}

// EndsText says when the member ends a live object by itself.
func (o Object) EndsText() string {
	if o.Ends.IsZero() {
		return "it ends at its own deadline"
	}
	return "it ends by itself at " + stamp(o.Ends) + " at the latest"
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// accounted says what a run that is there has an object for.
func (b Books) accounted(o Object, run v1.Run) string {
	s := run.RunStatus()
	e := entryOf(s, o.Attempt)
	switch {
	case o.Deleting:
		return "deletion is under way"
	case run.GetDeletionTimestamp() != nil:
		return "the run is being deleted, and waits until this is gone"
	case e != nil && e.EndedAt == nil:
		return fmt.Sprintf("attempt %d is active: the run is %s", o.Attempt, s.Phase)
	case o.State == Running, o.State == Suspended:
		return fmt.Sprintf("attempt %d has ended%s: the operator deletes what is left of it", o.Attempt, proof(e))
	case run.GetAnnotations()[v1.AnnotationPreserve] == "true":
		return "kept: the run is annotated with " + v1.AnnotationPreserve
	case e != nil && (e.OutcomeRecorded == nil || !*e.OutcomeRecorded):
		return "kept until its outcome is recorded"
	case o.Attempt < lastEnded(s):
		return "of an older attempt: the operator deletes it"
	case s.FinishedAt != nil && final(s.Phase):
		return b.retained(run)
	default:
		return "kept until the next attempt has ended, for its logs"
	}
}

func proof(e *v1.Attempt) string {
	if e == nil || e.EndedBy == "" {
		return ""
	}
	return " (" + string(e.EndedBy) + ")"
}

// retained says until when the objects of a run stay that has ended.
func (b Books) retained(run v1.Run) string {
	if b.Retention == nil {
		return "kept until the run's retention ends"
	}
	retention := b.Retention(run)
	until := run.RunStatus().FinishedAt.Add(retention)
	switch {
	case retention >= Forever:
		return "kept: the configuration has no end of its retention"
	case !b.Now.Before(until):
		return "its retention is over: the operator deletes it"
	default:
		return "kept until " + stamp(until) + ", the end of its retention"
	}
}

func entryOf(s *v1.RunStatus, n int32) *v1.Attempt {
	for i := range s.Attempts {
		if s.Attempts[i].Number == n {
			return &s.Attempts[i]
		}
	}
	return nil
}

func lastEnded(s *v1.RunStatus) int32 {
	n := int32(0)
	for i := range s.Attempts {
		if s.Attempts[i].EndedAt != nil {
			n = max(n, s.Attempts[i].Number)
		}
	}
	return n
}

func final(p v1.Phase) bool {
	return p == v1.PhaseSucceeded || p == v1.PhaseFailed || p == v1.PhaseCancelled
}
