package reconcilers

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// observe turns one look at hub and members into facts. It never fails: what could not be looked at is Unknown.
func (p *pass) observe(ctx context.Context) lifecycle.Facts {
	s := *p.status()
	f := lifecycle.Facts{Now: p.now, Hub: p.hub.HubFacts, Run: p.runFacts(), Cluster: p.clusterFacts(s)}
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

// runFacts is what the person asks for, with the configuration's defaults filled in.
func (p *pass) runFacts() lifecycle.RunFacts {
	spec, meta := p.run.RunSpec(), client.Object(p.run)
	stamp, incarnation := parseStamp(meta.GetAnnotations()[v1.AnnotationStamp])
	r := lifecycle.RunFacts{
		Name: meta.GetName(), UID: meta.GetUID(), Generation: meta.GetGeneration(),
		Created: meta.GetCreationTimestamp().Time, Deleted: meta.GetDeletionTimestamp() != nil,
		Finalizer: slices.Contains(meta.GetFinalizers(), v1.Finalizer), StampUID: stamp, StampIncarnation: incarnation,
		ContextVersion: max(spec.ContextVersion, 1), Cancel: spec.Cancel, Suspend: spec.Suspend,
		Deadline:             p.config.Deadline(p.Kind, spec.DeadlineSeconds),
		ProvisioningDeadline: p.config.ProvisioningDeadline(spec.ProvisioningDeadlineSeconds),
		MaxRetries:           defaultMaxRetries, RetryAlsoOn: spec.Retry.AlsoOn, OnClusterLost: v1.ClusterLostWait,
		Retention:      p.config.Retention(spec.RetentionSeconds, p.status().Phase),
		Preserve:       meta.GetAnnotations()[v1.AnnotationPreserve] == "true",
		TemplateDigest: p.config.TemplateDigest,
	}
	if spec.TotalDeadlineSeconds != nil {
		r.TotalDeadline = seconds(*spec.TotalDeadlineSeconds)
	}
	if spec.TTLSecondsAfterFinished != nil {
		r.TTL = new(seconds(*spec.TTLSecondsAfterFinished))
	}
	if spec.Retry.MaxRetries != nil {
		r.MaxRetries = *spec.Retry.MaxRetries
	}
	if spec.Placement != nil && spec.Placement.OnClusterLost != "" {
		r.OnClusterLost = spec.Placement.OnClusterLost
	}
	if word, ok := meta.GetAnnotations()[v1.AnnotationAbandonRemote]; ok {
		r.Abandoned = parseAttempt(word)
	}
	return r
}

// parseAttempt reads the number of an attempt, -1 for what is none.
func parseAttempt(s string) int32 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return -1
	}
	return int32(n)
}

// defaultMaxRetries is the schema's default, for objects that were stored before it had one.
const defaultMaxRetries = 2

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// parseStamp reads "uid/incarnation".
func parseStamp(s string) (types.UID, int64) {
	uid, number, ok := strings.Cut(s, "/")
	if !ok {
		return types.UID(uid), 0
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return types.UID(uid), 0
	}
	return types.UID(uid), n
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
