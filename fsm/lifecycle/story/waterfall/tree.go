package waterfall

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"k8s.io/apimachinery/pkg/types"
)

// node is a span among the others.
type node struct {
	Span

	said     story.Said
	children []*node // but transitions, in the order of time
	rows     []*node // transitions
	onPath   []Interval
	hidden   int // how many it stands for
}

// tree is what hangs together.
type tree struct {
	runs  []*node // spans of the run itself, the first of which is the root
	tops  []*node // states and attempts
	moves []*node // all transitions, in their order
}

// attemptsOf are the identifiers of the attempts that a run may have: a file may lack their spans.
func attemptsOf(uid string) map[story.SpanID]bool {
	const most = 1000
	ids := map[story.SpanID]bool{}
	for i := range int32(most) {
		ids[story.AttemptID(types.UID(uid), i+1)] = true
	}
	return ids
}

// grow makes a tree of spans. What hangs from nothing that is here belongs to the run if it says so, or if it hangs from an
// attempt that has no span yet; anything else is of a trace that the run only joined, and is left out.
func grow(uid string, spans []Span) tree {
	nodes := map[story.SpanID]*node{}
	var all []*node
	for _, s := range spans {
		n := &node{Span: s, said: s.Said()}
		nodes[s.ID] = n
		all = append(all, n)
	}
	slices.SortFunc(all, byTime)
	attempts := sync.OnceValue(func() map[story.SpanID]bool { return attemptsOf(uid) })
	var t tree
	for _, n := range all {
		ours := n.Run == uid
		switch above := nodes[n.Parent]; {
		case n.Role == story.RoleRun:
			if ours {
				t.runs = append(t.runs, n)
			}
		case n.Role == story.RoleTransition:
			if ours {
				t.moves = append(t.moves, n)
				if above != nil {
					above.rows = append(above.rows, n)
				}
			}
		case above != nil && above.Role != story.RoleRun && !tooDeep(nodes, n):
			above.children = append(above.children, n)
		case ours && (above == nil || above.Role != "") || attempts()[n.Parent]:
			t.tops = append(t.tops, n)
		}
	}
	slices.SortStableFunc(t.moves, func(a, b *node) int { return int(a.said.Seq - b.said.Seq) })
	slices.SortStableFunc(t.runs, func(a, b *node) int { return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End)) })
	t.adopt()
	return t
}

// adopt hangs what agents told from the states that their attempts were in when it began: an agent's time is spent in them. One
// that did not take up its TRACEPARENT told it without a parent of ours.
func (t *tree) adopt() {
	var strays []*node
	t.tops, strays = apart(t.tops)
	for _, a := range t.tops {
		var told []*node
		a.children, told = apart(a.children)
		for _, n := range told {
			hang(n, a)
		}
	}
	for _, n := range strays {
		if a := around(t.tops, n); a != nil {
			hang(n, a)
		} else {
			t.tops = append(t.tops, n)
		}
	}
	slices.SortStableFunc(t.tops, byTime)
}

// hang hangs what an agent told from an attempt, or better from the state that the attempt was in.
func hang(n, from *node) {
	if state := around(from.children, n); state != nil {
		from = state
	}
	from.children = append(from.children, n)
	slices.SortFunc(from.children, byTime)
}

// apart separates what is ours from what agents told.
func apart(all []*node) (ours, theirs []*node) {
	for _, n := range all {
		if n.Role == "" {
			theirs = append(theirs, n)
		} else {
			ours = append(ours, n)
		}
	}
	return ours, theirs
}

// around is the attempt or state that shares most time with a span, since the clock of a member may differ from the hub's; nil
// where none does.
func around(all []*node, n *node) *node {
	var best *node
	var most time.Duration
	for _, a := range all {
		start, end := a.Start, a.End
		if n.Start.After(start) {
			start = n.Start
		}
		if n.End.Before(end) {
			end = n.End
		}
		shared := end.Sub(start)
		if shared == 0 && n.Start.Equal(n.End) {
			shared = 1 // a moment within it
		}
		if (a.Role == story.RoleAttempt || a.Role == story.RoleState) && shared > most {
			best, most = a, shared
		}
	}
	return best
}

// deepest is how far down spans are drawn; a broken file may have one that hangs from itself.
const deepest = 100

func tooDeep(nodes map[story.SpanID]*node, n *node) bool {
	for at, steps := nodes[n.Parent], 0; at != nil; at, steps = nodes[at.Parent], steps+1 {
		if steps > deepest {
			return true
		}
	}
	return false
}

// ends are when the first of some nodes begins, and the last of them ends.
func ends(nodes []*node) (start, end time.Time) {
	for i, n := range nodes {
		if i == 0 || n.Start.Before(start) {
			start = n.Start
		}
		if n.End.After(end) {
			end = n.End
		}
	}
	return start, end
}
