package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
)

// ConfigMaps are explored in configurations of their own: they run nothing, but they may be left behind. A member holds
// at most one for each attempt.

// configMapSet is the set of attempts whose ConfigMap a member holds: bit n for attempt n.
type configMapSet uint8

func (i configMapSet) has(n int32) bool { return i>>n&1 == 1 }

// receiveInputs applies a create or delete of a ConfigMap. One that was sent to another cluster of that name is lost.
func (s *state) receiveInputs(r msg) {
	if s.members[r.member].ident != r.ident {
		return
	}
	bit := configMapSet(1) << r.attempt
	if r.verb == msgCreateInputs {
		s.inputs[r.member] |= bit
	} else {
		s.inputs[r.member] &^= bit
	}
}

// addInputs completes the facts with what is seen of ConfigMaps.
func addInputs(f *Facts, k look, s v1.RunStatus) {
	if f.Agent.Attempt > 0 {
		f.Inputs = Unknown
		if f.Cluster.Link == Answers {
			f.Inputs = Absent
			if k.inputs[memberIndex(f.Agent.Cluster)].has(f.Agent.Attempt) {
				f.Inputs = Present
			}
		}
		f.Agent.Inputs = f.Inputs
	}
	for i, held := range k.inputs {
		name := memberNames[i]
		for n := int32(1); n <= maxAttempt; n++ {
			if held.has(n) && (n != f.Agent.Attempt || name != f.Agent.Cluster) {
				f.Others = withInputs(f.Others, n, name)
			}
		}
		if held == 0 {
			continue
		}
		j := slices.IndexFunc(f.Members, func(m MemberFacts) bool { return m.Name == name })
		if j < 0 {
			f.Members = append(f.Members, memberFacts(k, s, uint8(i)))
			j = len(f.Members) - 1
		}
		f.Members[j].Leftover = Present
	}
}

func withInputs(others []AgentFacts, n int32, name string) []AgentFacts {
	for i := range others {
		if others[i].Attempt == n && others[i].Cluster == name {
			others[i].Inputs = Present
			return others
		}
	}
	a := AgentFacts{Attempt: n, Cluster: name, Inputs: Present}
	a.Job.Presence, a.Pod.Presence, a.Ended.Pod = Absent, Absent, Absent
	return append(others, a)
}

// sweepInputs is rule O for ConfigMaps.
func (m *model) sweepInputs(s *state, emit emitter) {
	for i := range s.inputs {
		if s.inputs[i] != 0 && s.members[i].silent == 0 {
			n := *s
			n.inputs[i] = 0
			emit(n, event{what: "the sweeper deletes ConfigMaps on " + memberNames[i]})
		}
	}
}

// strewn says that a ConfigMap is left where it should not be in the end: below the last attempt, or of a run that is gone.
func (s *state) strewn(status v1.RunStatus) bool {
	keep := configMapSet(1) << status.Attempt
	if s.incarnation > 1 { // as for suspended Jobs, a number above may be one that was under way during the restore
		keep = ^(keep - 1)
	}
	if s.hub.meta.has(removed) {
		keep = 0
	}
	for i, held := range s.inputs {
		if held&^keep != 0 && s.members[i].silent != unregistered {
			return true
		}
	}
	return false
}
