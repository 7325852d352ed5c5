package lifecycle

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// The model check explores a disobedient world around the production Decide, breadth first and exhaustively:
//
//	                     ┌──────────── state: a small comparable value ────────────┐
//	people ── edit ────► │ hub    the run object, the version before it (a stale    │
//	                     │        cache), a backup, a decision not committed yet    │
//	operator ─ Decide ─► │ msgs   requests under way: late, lost, or repeated       │ ◄── time
//	                     │ objs   Jobs and pods of both members, links, identities  │
//	members ─ act ─────► └──────────────────────────────────────────────────────────┘
//
// Every arrow is a nondeterministic step; a configuration says which faults may happen and how often. Time is counted
// in ticks and kept relative to now, so that states stay finite.
//
// What it leaves out: Leases and workspaces between two runs (rule W), quota, and clocks that run at
// different speeds. A restored hub is recognised at once (rule Q1 is the shell's work).

const (
	maxObjects  = 4
	maxMessages = 3
	maxAttempt  = 7
)

// view is one version of the run object as a cache may hold it.
type view struct {
	status statusID
	meta   meta
}

// meta is what of the run object is not status, packed: people's wishes, finalizer, stamp.
type meta uint16

const (
	cancelled meta = 1 << iota
	suspended
	deleted
	finalizer
	removed               // the object is gone
	version meta = 1 << 5 // two bits: spec.contextVersion - 1
	stamp   meta = 1 << 7 // two bits: the incarnation in the stamp, 0: none
)

func (m meta) has(b meta) bool { return m&b != 0 }
func (m meta) version() int32  { return int32(m/version%4) + 1 }
func (m meta) stamp() int64    { return int64(m / stamp % 4) }

type jobState uint8

// The states of a Job. Each change of state is a new resourceVersion.
const (
	jobNone jobState = iota // never there, or gone
	jobSuspended
	jobReleased // the Job controller has not made its pod yet
	jobActive
	jobEarly // Failed, with a pod that still terminates (older members, C14)
	jobComplete
	jobFailed
)

func (j jobState) finished() bool { return j == jobComplete || j == jobFailed }

type podState uint8

// The states of a pod.
const (
	podNone podState = iota // not made yet, or gone
	podPending
	podRunning
	podEndKeep // told to end by its own deadline: object and message stay
	podEndGone // being deleted: the agent lives on for its grace period
	podSucceeded
	podFailed
	podMissing // exit 0 without an outcome
	podLate    // started after startBefore: ended at once
	podEvicted
	podKilled // told to end before its agent had started
)

func (p podState) live() bool       { return p == podRunning || p == podEndKeep || p == podEndGone }
func (p podState) ended() bool      { return p >= podSucceeded }
func (p podState) ran() bool        { return p != podLate && p != podKilled }
func (p podState) unfinished() bool { return p != podNone && !p.ended() }

// object is one Job with its pod; either may be there without the other.
type object struct {
	attempt, member, ident, serial uint8
	job                            jobState
	pod                            podState
	left                           uint8 // not started: ticks to startBefore; started: ticks until the kubelet has ended it
	asked                          uint8 // the context version it executes
	flags                          flag
}

type flag uint8

const (
	deleting flag = 1 << iota // foreground deletion: the Job waits for its pod
	belated                   // the Job controller read the Job before it went, and is about to create its pod
	orphaned                  // deleted with orphan propagation: the garbage collector leaves the pod alone
	hadPod                    // its pod was created: the Job controller makes no second one
)

func (o object) uid() types.UID {
	return types.UID([]byte{'j', '0' + o.member, '0' + o.ident, '0' + o.attempt, '0' + o.serial})
}

func (o object) there() bool { return o.job != jobNone || o.pod != podNone || o.flags&belated != 0 }

func (o object) String() string {
	return fmt.Sprintf("%s/%d", memberNames[o.member], o.attempt)
}

var memberNames = [2]string{"a", "b"}

func clusterUID(member, ident uint8) types.UID {
	return types.UID([]byte{'c', '0' + member, '0' + ident})
}

type verb uint8

const (
	msgNone verb = iota
	msgCreate
	msgRelease
	msgEndPod
	msgDeleteJob
	msgDeletePod
	msgCreateInputs
	msgDeleteInputs
)

var verbNames = [...]string{"", "create", "release", "end pod", "delete", "delete pod", "create inputs", "delete inputs"}

// msg is a request under way to a member. It says what it means: member identity, UID and resourceVersion (A13).
type msg struct {
	verb                           verb
	member, ident, attempt, serial uint8
	version                        uint8 // the state of Job or pod that was decided on
	left, asked                    uint8 // of a create: ticks to startBefore, context version
	forgotten                      bool  // the hub was restored since: what it was decided on is lost
}

func (m msg) String() string {
	return fmt.Sprintf("%s %s/%d", verbNames[m.verb], memberNames[m.member], m.attempt)
}

// member is how the hub sees a member.
type member struct {
	silent uint8 // 0: answers; else ticks of silence + 1, or unregistered
	ident  uint8 // grows when the name comes to mean another cluster
}

// unregistered is the silence of a member whose MemberCluster is gone: it never ends.
const unregistered = 9

// lost says that nobody will reach the object any more: its cluster was replaced under its name, or unregistered.
func (s *state) lost(o object) bool {
	m := s.members[o.member]
	return m.ident != o.ident || m.silent == unregistered
}

// state is the whole world. Comparable: it is its own key.
type state struct {
	hub, old, backup view
	next             statusID // a decision that is not committed yet, with
	outbox           uint16   // its effects
	incarnation      uint8
	census           uint8  // of rule Q: 1 counted once, 2 settled since
	found            object // what the first count found, of the highest attempt
	runLeft          uint8  // ticks to the whole run's deadline
	abandoned        uint8  // the attempt that a person vouches for; that need not be true
	heard            bool   // and it was lost when the operator looked
	started          uint8  // bit n: the agent of attempt n started
	serials          [maxAttempt + 1]uint8
	members          [2]member
	inputs           [2]configMapSet // ConfigMaps on each member
	objs             [maxObjects]object
	msgs             [maxMessages]msg
	used             [faultKinds]uint8
}

// tidy brings a state to its canonical form: objects and messages sorted, the dead ones forgotten.
func (s *state) tidy() {
	for i := range s.objs {
		o := &s.objs[i]
		if !o.there() {
			*o = object{}
		}
		if o.pod.ended() || o.job == jobNone && o.pod == podNone && o.flags&belated == 0 {
			o.left = 0
		}
	}
	slices.SortFunc(s.objs[:], func(a, b object) int { return b.order() - a.order() })
	slices.SortFunc(s.msgs[:], func(a, b msg) int { return b.order() - a.order() })
}

func (o object) order() int {
	return int(o.attempt)<<12 | int(o.member)<<8 | int(o.ident)<<4 | int(o.serial)
}

func (m msg) order() int {
	return int(m.verb)<<24 | int(m.member)<<20 | int(m.attempt)<<16 | int(m.serial)<<12 | int(m.ident)<<8 | int(m.version)<<4 | int(m.left)
}

// visible says that the operator can see the object: its member answers with the identity that holds it.
func (s *state) visible(o object) bool {
	m := s.members[o.member]
	return o.there() && m.silent == 0 && m.ident == o.ident
}
