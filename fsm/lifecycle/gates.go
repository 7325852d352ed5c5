package lifecycle

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// Gate is one of the conditions under which an attempt may start: the question behind ClusterChosen and AttemptDue.
type Gate struct {
	Reasons []string // what status.reason is while it is shut
	Doc     string   // what must hold
	How     string   // what a person can do while it does not, "" for nothing; {name} is the run
	// Live says that only the operator's look can tell, by what members and Leases say at that moment.
	Live bool
	shut func(Lifecycle, v1.RunStatus, Facts) waiting
}

// Gates are all of them, in the order in which they are asked: while one is shut the others were not asked.
var Gates = []Gate{
	{
		Reasons: []string{v1.ReasonFinalizerMissing}, Doc: "The run has the operator's finalizer, with a stamp of its own.",
		How: "Find out who removes the finalizer " + v1.Finalizer + ".",
		shut: func(_ Lifecycle, _ v1.RunStatus, f Facts) waiting {
			return when(!f.Run.Finalizer || f.Run.StampUID != f.Run.UID,
				waiting{Reason: v1.ReasonFinalizerMissing, Message: "the finalizer is being added", Brief: true})
		},
	},
	{
		Reasons: []string{v1.ReasonStopping}, Doc: "The last attempt has ended (rule E).",
		shut: func(_ Lifecycle, s v1.RunStatus, _ Facts) waiting {
			return when(!ended(current(s)), waiting{Reason: v1.ReasonStopping, Message: "waiting for the end of the last attempt"})
		},
	},
	{
		Reasons: []string{v1.ReasonSuspended}, Doc: "spec.suspend is false.", How: "runfleet resume {name}",
		shut: func(_ Lifecycle, _ v1.RunStatus, f Facts) waiting {
			return when(f.Run.Suspend, waiting{Reason: v1.ReasonSuspended, Message: "spec.suspend is true; set it to false to go on"})
		},
	},
	{
		Reasons: []string{v1.ReasonBackOff}, Doc: "The back-off is over.",
		shut: func(_ Lifecycle, s v1.RunStatus, f Facts) waiting {
			if s.NextAttemptAt == nil || !f.Now.Before(s.NextAttemptAt.Time) {
				return waiting{}
			}
			return waiting{Reason: v1.ReasonBackOff, Message: "next attempt at " + s.NextAttemptAt.UTC().Format(time.RFC3339)}
		},
	},
	{
		Reasons: []string{v1.ReasonNoCandidate}, Doc: "The objects of earlier attempts could be collected: fewer than 100 are left.",
		How: "Bring the members back that do not answer: runfleet get members.",
		shut: func(_ Lifecycle, s v1.RunStatus, _ Facts) waiting {
			return when(len(s.Attempts) >= maxAttempts, waiting{Reason: v1.ReasonNoCandidate, Message: tooMany})
		},
	},
	{
		Reasons: []string{v1.ReasonNoCandidate}, Doc: "A member takes the run.", Live: true,
		How: "See which members there are, and why they take nothing: runfleet get members.",
		shut: func(_ Lifecycle, _ v1.RunStatus, f Facts) waiting {
			return when(f.Candidate.Cluster == "", waiting{
				Reason: v1.ReasonNoCandidate, Message: f.Candidate.Why, Wait: f.Candidate.Reason, Object: f.Candidate.Asked,
			})
		},
	},
	{
		Reasons: []string{v1.ReasonWorkspaceBusy, v1.ReasonBranchBusy}, Live: true,
		Doc:  "No other run that uses the same workspace or pushes to the same branch executes.",
		How:  "Wait for the run that holds the Lease, or end that one: runfleet explain says how it stands.",
		shut: leaseShut,
	},
}

// Quarantine is the condition for everything else, of a run whose hub was restored or that was moved (rule Q).
var Quarantine = Gate{
	Reasons: []string{v1.ReasonQuarantined}, Live: true, How: "runfleet recover",
	Doc: "Every registered member has told twice what it executes, or a person said which need not be waited for (rule Q).",
}

// waiting says why no attempt can start now; the zero value says that one can.
type waiting struct {
	Reason, Message string
	Wait, Object    string // as in [v1.Wait]; a Wait of "" is the Reason
	Lease           string // the one to take, where that is what is waited for
	Brief           bool   // our own next effect ends it: not worth a write
}

func when(shut bool, w waiting) waiting {
	if !shut {
		return waiting{}
	}
	return w
}

// leaseShut waits for the Leases one after the other, in the order in which they are taken.
func leaseShut(_ Lifecycle, _ v1.RunStatus, f Facts) waiting {
	for _, lease := range f.Leases {
		if !lease.Held {
			message := "the Lease " + lease.Name + " is held by run " + lease.Holder
			if lease.HolderKind != "" {
				message += " (" + string(lease.HolderKind) + ")"
			}
			return waiting{Reason: lease.Reason, Message: message, Object: lease.Holder, Lease: lease.Name, Brief: lease.Holder == ""}
		}
	}
	return waiting{}
}

// placeable is the question behind ClusterChosen and AttemptDue: the first gate that is shut.
func (l Lifecycle) placeable(s v1.RunStatus, f Facts) waiting {
	for _, g := range Gates {
		if w := g.shut(l, s, f); w.Reason != "" {
			return w
		}
	}
	return waiting{}
}

// Shut is the first gate that is shut as far as the hub shows, and how that reads. What is [Gate.Live] the status says, by
// the operator's last look. False means that nothing is in the way, or that no operator has looked yet.
func (l Lifecycle) Shut(s v1.RunStatus, f Facts) (Gate, string, bool) {
	f = aim(s, f)
	for _, g := range Gates {
		if g.Live {
			if slices.Contains(g.Reasons, s.Reason) {
				return g, s.Message, true
			}
			continue
		}
		if w := g.shut(l, s, f); w.Reason != "" {
			return g, w.Message, true
		}
	}
	return Gate{}, "", false
}

const tooMany = "the objects of too many earlier attempts could not be collected yet: bring their members back, or set the annotation " +
	v1.AnnotationAbandonRemote

// maxAttempts is the bound of status.attempts in the API's schema.
const maxAttempts = 100
