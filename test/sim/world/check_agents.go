package world

import (
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
	"k8s.io/apimachinery/pkg/types"
)

// truth is what the invariants need to remember.
type truth struct {
	starts    map[attemptID]int
	late      map[types.UID]bool // what operators created when nobody expected it any more
	hours     int                // for which only the sweeper went on
	restores  int                // of the hub
	upgrades  int                // of the operator
	settings  int                // that came after others
	restoring bool               // right now
	unnoticed bool               // and nobody knows yet
	doomed    string             // what the request that lands now would break, if it is carried out
	collector bool               // somebody takes finished Jobs away
	ambush    bool               // somebody takes the next Job away
	fog       int                // how many faults hide the world from caches
	foggy     bool               // whether one ever did
	budget    map[budgetID]int32
	wrong     map[attemptID]bool              // attempts that a person abandoned without knowing
	meddled   map[*operator.Registration]bool // names that lead elsewhere at present, or nowhere
	haggled   map[*operator.Registration]bool // members that take other runs at present
}

type attemptID struct {
	run     types.UID
	attempt int32
}

type budgetID struct {
	run     types.UID
	version int32
}

func newTruth() *truth {
	return &truth{
		starts: map[attemptID]int{}, late: map[types.UID]bool{}, budget: map[budgetID]int32{}, wrong: map[attemptID]bool{},
		meddled: map[*operator.Registration]bool{}, haggled: map[*operator.Registration]bool{},
	}
}

// agentStarted is told when an agent starts, not when anybody sees it.
func (w *world) agentStarted(a *member.Agent) {
	w.say(a.Member, fmt.Sprintf("the %s starts (it %s)", a, a.Fate))
	id := attemptID{a.Run, a.Attempt}
	w.watched.starts[id]++
	if w.watched.starts[id] > 1 && w.watched.restores == 0 { // of what left no evidence a restored hub cannot know
		w.failf("ONCE: the %s starts a second time", a)
	}
	w.checkAgents()
}

func (w *world) agentEnded(a *member.Agent) {
	w.say(a.Member, fmt.Sprintf("the %s ends", a))
	switch a.Fate {
	case member.RunsOutOfRAM:
		w.hit("F16 out of memory")
	case member.IsEvicted:
		w.hit("F16 evicted")
	default:
	}
	w.collect(w.member(a.Member), a)
}

// checkAgents holds every agent that lives against what is committed, and against the others.
func (w *world) checkAgents() {
	var live []*member.Agent
	for _, m := range w.Members {
		for _, a := range m.Agents {
			if a.Alive && !w.misjudged(a) {
				live = append(live, a)
			}
		}
	}
	for i, a := range live {
		s := w.subjectOf(a.Run)
		if s == nil {
			w.failf("I4: the %s lives and belongs to nobody", a)
			continue
		}
		for _, b := range live[:i] {
			switch other := w.subjectOf(b.Run); {
			case b.Run == a.Run:
				w.failf("I1: two agents of %s live at once, of attempts %d and %d", s, b.Attempt, a.Attempt)
			case other != nil && shared(s, other) != "" && w.watched.restores == 0: // a restored Lease fences nobody (rule W)
				w.failf("I1: the agents of %s and %s live at once in one %s", other, s, shared(other, s))
			}
		}
		if bad := w.allowed(s, a); bad != "" {
			w.failf("%s (%s)", bad, a)
		}
	}
}

func shared(a, b *subject) string {
	for _, x := range a.shares {
		if slices.Contains(b.shares, x) {
			return x
		}
	}
	return ""
}

func (w *world) subjectOf(uid types.UID) *subject {
	for _, s := range w.runs {
		if s.uid == uid {
			return s
		}
	}
	return nil
}

// allowed says what forbids an agent to live, "" for nothing.
func (w *world) allowed(s *subject, a *member.Agent) string {
	run := w.run(s)
	if run == nil && w.watched.restores > 0 {
		return "" // the hub has forgotten it; the sweeper tells of its agent
	}
	if run == nil {
		return "I9: the run is gone and its agent lives"
	}
	status := *run.RunStatus()
	e := apiserver.Attempt(status, a.Attempt)
	switch {
	case w.unsure(status):
		return ""
	case e == nil:
		return "I4: an agent lives and the status does not know its attempt"
	case e.JobUID != a.Job:
		return "I4: an agent lives and its Job was never authorised"
	case lifecycle.Settled(status):
		return "FINAL: an agent lives in a final state"
	case e.EndedAt != nil:
		return "I1: an agent lives though the end of its attempt is recorded, so that a next one may start"
	case e.FencedUntil == nil || w.Time.Now().After(e.FencedUntil.Time):
		return "I6: an agent lives beyond its fence"
	default:
		return ""
	}
}

// delivered says that an agent did what its run asked for.
func delivered(run v1.Run, a *member.Agent) bool {
	_, docs := run.(*v1.DocsRun)
	return a.Succeeded && (docs || a.Fate != member.OpensNoPull && a.Fate != member.ChangesNone)
}
