package lifecycle

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// look is one observation: what a pass reads, and nothing else. Comparable, so that a decision is made once per look.
type look struct {
	view        view
	incarnation uint8
	counted     bool
	found       object
	runLeft     uint8
	abandoned   uint8
	members     [2]member
	inputs      [2]configMapSet
	objs        [maxObjects]object
	candidate   uint8 // 0 none, else member + 1
	mode        lookMode
}

type lookMode uint8

const (
	lookWhole    lookMode = iota
	lookEarly             // the pods' cache lags behind the Jobs': nothing is known of any pod
	lookRefused           // the member refuses the Job for good
	lookUpgraded          // the operator is another one than committed the attempt, with other templates
)

// observe is what an operator that holds this view sees now.
func (s *state) observe(v view, candidate uint8, mode lookMode) look {
	k := look{
		view: v, incarnation: s.incarnation, runLeft: s.runLeft, abandoned: s.abandoned,
		members: s.members, candidate: candidate, mode: mode,
	}
	k.counted = s.census == 2 && s.everyMemberAnswers()
	if k.counted {
		k.found = s.found
	}
	for i, m := range s.members {
		if m.silent == 0 {
			k.inputs[i] = s.inputs[i]
		}
	}
	for i, o := range s.objs {
		if !s.visible(o) || o.job == jobNone && o.pod == podNone {
			continue
		}
		o.flags &= deleting
		if !k.counted {
			o.left = 0
		}
		k.objs[i] = o
	}
	return k
}

// everyMemberAnswers is asked for the census; a member that is not registered is not asked.
func (s *state) everyMemberAnswers() bool {
	for _, m := range s.members {
		if m.silent != 0 && m.silent != unregistered {
			return false
		}
	}
	return true
}

// facts are what the shell would make of a look.
func (m *model) facts(k look) Facts {
	s := m.get(k.view.status)
	f := Facts{
		Now: origin, Hub: HubFacts{Incarnation: int64(k.incarnation), Since: origin.Add(-time.Hour)},
		Run: m.runFacts(k), Candidate: Candidate{Why: "none is ready"},
		Workspace: Absent, Inputs: Present,
	}
	if k.candidate > 0 {
		c := k.candidate - 1
		f.Candidate = Candidate{Cluster: memberNames[c], ClusterUID: clusterUID(c, k.members[c].ident)}
	}
	for i, name := range memberNames {
		seen := slices.ContainsFunc(k.objs[:], func(o object) bool { return o.attempt > 0 && int(o.member) == i })
		if seen || slices.Contains(s.Members, name) {
			f.Members = append(f.Members, memberFacts(k, s, uint8(i)))
		}
	}
	if e := current(s); e != nil {
		f.Cluster = clusterFacts(k, e)
		f.Agent = agentFacts(k, e, f.Cluster.Link == Answers)
		if f.Cluster.Link != Answers {
			f.Workspace = Unknown
		}
		if k.mode == lookRefused {
			f.Agent.Refusal = Refusal{Reason: "Forbidden", Message: "forbidden"}
		}
	}
	f.Others = others(k, current(s))
	if m.config.inputs {
		addInputs(&f, k, s)
	}
	if k.counted {
		f.Census = Census{Complete: true, Stray: m.findStray(k, s)}
	}
	return f
}

func (m *model) runFacts(k look) RunFacts {
	v, c := k.view.meta, m.config
	r := RunFacts{
		Name: "run", UID: "1a2b3c4d", Generation: 1, Created: origin.Add(-10 * time.Hour), Deleted: v.has(deleted),
		Finalizer: v.has(finalizer), StampIncarnation: v.stamp(), ContextVersion: v.version(), Cancel: v.has(cancelled), Suspend: v.has(suspended),
		Deadline: c.times.deadline, ProvisioningDeadline: c.times.provisioning, MaxRetries: c.retries, RetryAlsoOn: c.alsoOn,
		OnClusterLost: c.onLost, Retention: c.retention, RetentionFailed: c.retention, Abandoned: int32(k.abandoned),
	}
	if r.StampIncarnation > 0 {
		r.StampUID = r.UID
	}
	if k.mode == lookUpgraded {
		r.TemplateDigest = "of the upgrade"
	}
	if c.runLeft > 0 {
		r.TotalDeadline = 10*time.Hour + time.Duration(k.runLeft)*tick
	}
	return r
}

func memberIndex(name string) uint8 {
	if name == memberNames[1] {
		return 1
	}
	return 0
}

func clusterFacts(k look, e *v1.Attempt) ClusterFacts {
	i := memberIndex(e.Cluster)
	m := k.members[i]
	c := ClusterFacts{Name: e.Cluster, Link: Answers}
	switch {
	case m.silent == unregistered:
		c.Link = Unregistered
	case m.silent > 0:
		c.Link, c.SilentSince = Silent, origin.Add(-time.Duration(m.silent-1)*tick)
	case e.ClusterUID != clusterUID(i, m.ident):
		c.Link = Foreign
	}
	return c
}

func memberFacts(k look, s v1.RunStatus, i uint8) MemberFacts {
	f := MemberFacts{Name: memberNames[i], Link: Foreign, Leftover: Absent}
	if !slices.Contains(s.Members, f.Name) {
		f.Link = Answers // no attempt recorded an identity
	}
	for j := range s.Attempts {
		if s.Attempts[j].ClusterUID == clusterUID(i, k.members[i].ident) {
			f.Link = Answers
		}
	}
	if silent := k.members[i].silent; silent > 0 {
		f.Link, f.Leftover = Silent, Unknown
		if silent == unregistered {
			f.Link = Unregistered
		}
	}
	for _, o := range k.objs {
		if o.attempt > 0 && o.member == i {
			f.Leftover = Present
		}
	}
	return f
}
