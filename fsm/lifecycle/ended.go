package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// proof is rule E: by which of its parts attempt n is known to have ended, or "".
func (l Lifecycle) proof(s v1.RunStatus, f Facts) v1.EndProof {
	e := current(s)
	switch {
	case e == nil:
		return ""
	case e.JobUID == "" && s.Incarnation == f.Hub.Incarnation:
		return v1.EndNeverAuthorised
	case judged(s, f):
		return v1.EndJobFinished
	case l.seenGone(s, f):
		return v1.EndSeenGone
	case e.FencedUntil != nil && passed(f.Now, e.FencedUntil.Time):
		return v1.EndFenced
	case l.vouched(s, f):
		return v1.EndAbandoned
	default:
		return ""
	}
}

// gone says that this very look, live and answered by the recorded identity, found neither Job nor unfinished pod.
func gone(f Facts) bool {
	return f.Cluster.Link == Answers && f.Agent.Job.Presence == Absent && f.Agent.Pod.Presence == Absent
}

// seenGone says that a look at least settle ago found nothing, none found anything since, and this one does not either.
// One look is not enough: the Job controller may still be about to create the pod of a Job that it read before.
func (l Lifecycle) seenGone(s v1.RunStatus, f Facts) bool {
	e := current(s)
	return e != nil && e.GoneSince != nil && gone(f) && f.Now.Sub(e.GoneSince.Time) >= l.Settle
}

// quarantined is rule Q: the status may be older than what happened on the members, because the hub was restored or
// the object came from a backup or another hub. A status confirmed under this incarnation is not in quarantine.
func (Lifecycle) quarantined(s v1.RunStatus, f Facts) bool {
	switch {
	case foreignStamp(f):
		return true
	case s.Incarnation > 0:
		return s.Incarnation < f.Hub.Incarnation
	case f.Run.StampUID == "": // never stamped: placed before the restore and forgotten, or new
		return f.Hub.Incarnation > 1 && f.Run.Created.Before(f.Hub.Since)
	default:
		return f.Run.StampIncarnation < f.Hub.Incarnation
	}
}

// Quarantined is what the shell asks before it takes the trouble of a count.
func (l Lifecycle) Quarantined(s v1.RunStatus, f Facts) bool { return l.quarantined(s, f) }

// foreignStamp says that the object was re-created from a backup or moved from another hub, perhaps with its status.
func foreignStamp(f Facts) bool { return f.Run.StampUID != "" && f.Run.StampUID != f.Run.UID }

func attempt(s v1.RunStatus, n int32) *v1.Attempt {
	i := slices.IndexFunc(s.Attempts, func(a v1.Attempt) bool { return a.Number == n })
	if i < 0 {
		return nil
	}
	return &s.Attempts[i]
}

// current is the entry of status.attempt, nil before the first attempt.
func current(s v1.RunStatus) *v1.Attempt { return attempt(s, s.Attempt) }

// Settled says that a run is final and its last attempt has ended: nothing of it executes, and by rule W its Leases may be
// taken over.
func Settled(s v1.RunStatus) bool { return final(s.Phase) && ended(current(s)) }

// Open is the entry of the attempt that is out, nil when none is.
func Open(s v1.RunStatus) *v1.Attempt {
	if e := current(s); !ended(e) {
		return e
	}
	return nil
}

// Waiting says that the run waits for a member, its Leases or the end of its back-off.
func Waiting(s v1.RunStatus) bool {
	return s.Phase == v1.PhasePending || s.Phase == v1.PhaseRetrying
}

func jobUID(s v1.RunStatus) types.UID {
	if e := current(s); e != nil {
		return e.JobUID
	}
	return ""
}

func ended(e *v1.Attempt) bool    { return e == nil || e.EndedAt != nil }
func recorded(e *v1.Attempt) bool { return e.OutcomeRecorded != nil && *e.OutcomeRecorded }
