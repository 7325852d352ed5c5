package reconcilers

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/original"
	"github.com/runfleet/runfleet/render"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The indexes of the hub's cache over the runs of both kinds, for client.MatchingFields.
const (
	// IndexActive finds the runs with an attempt out on a member.
	IndexActive = "activeOn"
	// IndexConcerned finds the runs to look at when a member comes, goes or changes.
	IndexConcerned = "concernedBy"
	// IndexWaiting finds the runs that wait, by the reason for which they do: NoCandidate, WorkspaceBusy, ...
	IndexWaiting = "waitingFor"
	// IndexLease finds the waiting runs by a Lease that they need.
	IndexLease = "needsLease"
	// IndexBegun finds the CodeRuns of the original that may be at work, by the service whose workspace they then use.
	IndexBegun = "begunOn"
)

// Indexes returns the value functions of the indexes; system is the operator's own namespace, and branches are what is
// configured now. A run that waits while they change stands under its old Lease until it is looked at again.
func Indexes(system string, branches func() render.Branches) map[string]client.IndexerFunc {
	of := func(f func(v1.Run, v1.RunStatus) []string) client.IndexerFunc {
		return func(o client.Object) []string {
			run, ok := o.(v1.Run)
			if !ok {
				return nil
			}
			return f(run, *run.RunStatus())
		}
	}
	return map[string]client.IndexerFunc{
		IndexActive:    of(activeOn),
		IndexConcerned: of(concernedBy),
		IndexWaiting:   of(waitingFor),
		IndexBegun:     of(begunOn),
		IndexLease:     of(func(run v1.Run, s v1.RunStatus) []string { return needsLease(run, s, system, branches()) }),
	}
}

func activeOn(_ v1.Run, s v1.RunStatus) []string {
	if lifecycle.Open(s) == nil {
		return nil
	}
	return []string{s.Cluster}
}

// concernedBy is every member that the run ever touched. Of a run that has ended something may lie there still: an outcome
// that nobody has recorded, or objects whose time to go came while the member was away.
func concernedBy(_ v1.Run, s v1.RunStatus) []string { return slices.Clone(s.Members) }

func begunOn(run v1.Run, s v1.RunStatus) []string {
	code, ok := run.(*v1.CodeRun)
	if !ok || original.Over(s) || !original.Begun(run) {
		return nil
	}
	return []string{code.Spec.Service}
}

func waitingFor(_ v1.Run, s v1.RunStatus) []string {
	if !lifecycle.Waiting(s) {
		return nil
	}
	return []string{s.Reason}
}

func needsLease(run v1.Run, s v1.RunStatus, system string, b render.Branches) []string {
	if !lifecycle.Waiting(s) {
		return nil
	}
	var names []string
	for _, l := range leasesOf(run, system, b) {
		names = append(names, l.Name)
	}
	return names
}
