package reconcilers

import (
	"context"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// observe turns one look at hub and members into facts. It never fails: what could not be looked at is Unknown.
func (p *pass) observe(ctx context.Context) lifecycle.Facts {
	s := *p.status()
	f := lifecycle.Facts{Now: p.now, Hub: p.hub.HubFacts, Run: RunFacts(p.Kind, p.run, p.config), Cluster: p.clusterFacts(s)}
	f.Run.TraceParent = p.traceParent()
	for _, m := range p.members {
		if !m.Answers {
			continue
		}
		looks, err := p.lookAt(ctx, m)
		if err != nil {
			// A cache that cannot be read says nothing, so neither do we.
			log.FromContext(ctx).Error(err, "Reading a member's cache", "cluster", m.Name)
			continue
		}
		p.sort(&f, s, m, looks)
	}
	f.Members = p.memberFacts(ctx, s, f)
	if lifecycle.Open(s) != nil && p.machine.Kind == lifecycle.CodeRun {
		f.Workspace = p.workspaceFacts(ctx, s.Cluster)
	}
	if p.machine.Quarantined(s, f) {
		f.Census = p.Census.of(ctx, p)
		return f
	}
	if lifecycle.Waiting(s) {
		f.Leases = p.leases()
		f.Candidate = p.candidate(ctx, s, f)
	}
	return f
}

// sort puts what was seen on one member where the machine looks for it: the newest attempt, or the others.
func (p *pass) sort(f *lifecycle.Facts, s v1.RunStatus, m fleet.Member, looks []lifecycle.AgentFacts) {
	for _, a := range looks {
		newest := a.Attempt == s.Attempt && m.Name == s.Cluster && f.Cluster.Link == lifecycle.Answers
		if newest && f.Agent.Attempt == 0 {
			f.Agent = a
			f.Inputs = a.Inputs
			continue
		}
		f.Others = append(f.Others, a)
	}
}

// clusterFacts is how the member of the newest attempt stands to us. Whether a member that is not registered was ever
// there does not matter: nothing can be asked of it.
func (p *pass) clusterFacts(s v1.RunStatus) lifecycle.ClusterFacts {
	if s.Cluster == "" {
		return lifecycle.ClusterFacts{}
	}
	var identity types.UID
	for _, e := range s.Attempts {
		if e.Number == s.Attempt {
			identity = e.ClusterUID
		}
	}
	c := lifecycle.ClusterFacts{Name: s.Cluster, Link: lifecycle.Unregistered}
	if m, ok := p.member(s.Cluster); ok {
		c.Link, c.SilentSince = link(m, identity), m.SilentSince
	}
	return c
}

// link judges a member by the identity that an attempt recorded. A stranger under its name is one even while it has no
// cache (rule A13).
func link(m fleet.Member, identity types.UID) lifecycle.Link {
	switch {
	case identity != "" && m.UID != "" && m.UID != identity:
		return lifecycle.Foreign
	case !m.Answers:
		return lifecycle.Silent
	default:
		return lifecycle.Answers
	}
}

func (p *pass) member(name string) (fleet.Member, bool) {
	for _, m := range p.members {
		if m.Name == name {
			return m, true
		}
	}
	return fleet.Member{}, false
}

// memberFacts is one entry for each member this run ever touched and for each other one on which an object of it was seen.
func (p *pass) memberFacts(ctx context.Context, s v1.RunStatus, f lifecycle.Facts) []lifecycle.MemberFacts {
	names := slices.Clone(s.Members)
	seen := map[string]bool{}
	for _, a := range append([]lifecycle.AgentFacts{f.Agent}, f.Others...) {
		if a.Attempt == 0 || !visible(a) {
			continue
		}
		seen[a.Cluster] = true
		if !slices.Contains(names, a.Cluster) {
			names = append(names, a.Cluster)
		}
	}
	out := make([]lifecycle.MemberFacts, 0, len(names))
	for _, name := range names {
		out = append(out, p.memberFact(ctx, s, name, seen[name]))
	}
	return out
}

func (p *pass) memberFact(ctx context.Context, s v1.RunStatus, name string, seen bool) lifecycle.MemberFacts {
	m, registered := p.member(name)
	f := lifecycle.MemberFacts{Name: name, Link: lifecycle.Unregistered}
	if registered {
		f.Link = p.linkOf(s, m)
	}
	switch {
	case f.Link != lifecycle.Answers:
	case seen:
		f.Leftover = lifecycle.Present
	case p.run.GetDeletionTimestamp() != nil: // only then is it asked, and only a live list may say that nothing is left
		f.Leftover = p.leftover(ctx, m)
		// What only the member shows the cache is about to, and no event tells of inputs.
		p.unanswered = p.unanswered || f.Leftover == lifecycle.Present
	}
	return f
}

// linkOf is the link to a member for all attempts on it: it is the one it was if any of them recorded its identity.
func (p *pass) linkOf(s v1.RunStatus, m fleet.Member) lifecycle.Link {
	var foreign bool
	for _, e := range s.Attempts {
		if e.Cluster != m.Name {
			continue
		}
		if l := link(m, e.ClusterUID); l != lifecycle.Foreign {
			return l
		}
		foreign = true
	}
	if foreign {
		return lifecycle.Foreign
	}
	return link(m, "")
}

// visible says that something of the attempt is there, as far as one can see.
func visible(a lifecycle.AgentFacts) bool {
	const there = lifecycle.Present
	return a.Job.Presence == there || a.Pod.Presence == there || a.Ended.Pod == there || a.Inputs == there
}
