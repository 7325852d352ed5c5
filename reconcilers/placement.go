package reconcilers

import (
	"context"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// candidate asks placement for a member, where one could start an attempt now.
func (p *pass) candidate(ctx context.Context, s v1.RunStatus, f lifecycle.Facts) lifecycle.Candidate {
	if f.Run.Suspend || lifecycle.Open(s) != nil || s.NextAttemptAt != nil && p.now.Before(s.NextAttemptAt.Time) {
		return lifecycle.Candidate{}
	}
	if why := p.heldByOriginal(ctx); why != "" {
		return lifecycle.Candidate{Why: why, Reason: v1.ReasonOriginalActive}
	}
	active := map[string]int{}
	for _, m := range p.members {
		n, err := countActive(ctx, p.Hub.Cached, m.Name)
		if err != nil {
			log.FromContext(ctx).Error(err, "Counting runs", "cluster", m.Name)
		}
		active[m.Name] = n
	}
	p.Placed.addTo(active, p.run.GetUID())
	choice := fleet.Place(p.members, active, p.query(ctx, s))
	return lifecycle.Candidate{
		Cluster: choice.Cluster, ClusterUID: choice.ClusterUID, Why: choice.Why, Reason: choice.Wait, Asked: choice.Asked,
	}
}

// countActive counts the runs of both kinds that have an attempt out on the member.
func countActive(ctx context.Context, runs client.Reader, member string) (int, error) {
	n := 0
	for _, list := range []client.ObjectList{&v1.DocsRunList{}, &v1.CodeRunList{}} {
		if err := runs.List(ctx, list, client.MatchingFields{IndexActive: member}, client.UnsafeDisableDeepCopy); err != nil {
			return 0, err
		}
		n += lengthOf(list)
	}
	return n, nil
}

func lengthOf(list client.ObjectList) int {
	switch l := list.(type) {
	case *v1.DocsRunList:
		return len(l.Items)
	case *v1.CodeRunList:
		return len(l.Items)
	default:
		return 0
	}
}

// query is what the run asks of a member.
func (p *pass) query(ctx context.Context, s v1.RunStatus) fleet.Query {
	q := fleet.Query{Namespace: p.run.GetNamespace(), Placement: p.run.RunSpec().Placement}
	q.HasNamespace = func(m fleet.Member) bool { return m.HasNamespace(ctx, q.Namespace) }
	code, ok := p.run.(*v1.CodeRun)
	if !ok {
		return q
	}
	q.Lookup = len(code.Spec.EnvFromSecrets) > 0
	// The work of earlier attempts lies in the workspace: go back to it, unless it is lost and need not be waited for.
	if s.Attempt > 0 && !p.workspaceLost(s) {
		q.Pin = s.Cluster
		return q
	}
	for _, m := range p.members {
		if m.Answers && p.hasVolume(ctx, m, v1.WorkspacePrefix+code.Spec.Service) == lifecycle.Present {
			q.Prefer = append(q.Prefer, m.Name)
		}
	}
	return q
}

// workspaceLost says that the member of the last attempt does not answer as itself and the person wants to go on
// elsewhere, or that they name another member now.
func (p *pass) workspaceLost(s v1.RunStatus) bool {
	place := p.run.RunSpec().Placement
	if place != nil && place.Cluster != "" && place.Cluster != s.Cluster {
		return true
	}
	return p.clusterFacts(s).Link != lifecycle.Answers && place != nil && place.OnClusterLost == v1.ClusterLostReschedule
}

// workspaceFacts looks for the volume of an open attempt.
func (p *pass) workspaceFacts(ctx context.Context, cluster string) lifecycle.Presence {
	code, ok := p.run.(*v1.CodeRun)
	m, registered := p.member(cluster)
	if !ok || !registered || !m.Answers {
		return lifecycle.Unknown
	}
	return p.hasVolume(ctx, m, v1.WorkspacePrefix+code.Spec.Service)
}

func (p *pass) hasVolume(ctx context.Context, m fleet.Member, name string) lifecycle.Presence {
	volume := &metav1.PartialObjectMetadata{}
	volume.SetGroupVersionKind(volumeKind)
	err := m.Cached.Get(ctx, types.NamespacedName{Namespace: p.run.GetNamespace(), Name: name}, volume)
	return presence(err == nil)
}
