package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fsm"
)

// event is one step as a trace tells it.
type event struct {
	what      string
	on        fsm.Trigger
	row       string
	to        statusID
	msg       msg
	obj       object
	fault     bool   // a step that healing does not take
	violation string // the property that the step breaks
}

type emitter func(state, event)

// result is what the exploration of one configuration found.
type result struct {
	states    int
	fired     map[string]bool // the rows of the table
	violation string
	trace     []string
	full      bool // the bound on states was reached: not exhaustive
}

// lines are the trace, one step below the other.
func (r result) lines() string { return "\n  " + strings.Join(r.trace, "\n  ") }

// explorer walks a model breadth first, so that the first violation has the shortest trace.
type explorer struct {
	*model
	index  map[state]int32
	states []state
	parent []int32
	heals  [][2]int32 // fault-free steps, for progress
	limit  int
}

func (m *model) start() state {
	s := state{incarnation: 1, runLeft: m.config.runLeft}
	first := m.put(statusPending())
	s.hub = view{status: first}
	return s
}

// successors emits every step from a state.
func (m *model) successors(s *state, emit emitter) {
	m.operate(s, emit)
	m.live(s, emit)
	m.heal(s, emit)
	m.faults(s, emit)
}

// explore visits every state within the configuration's bounds, then asks whether each can still reach an end.
func (m *model) explore(limit int) result {
	x := &explorer{model: m, index: map[state]int32{}, limit: limit}
	first := m.start()
	x.add(first, -1)
	for i := 0; i < len(x.states); i++ { //nolint:intrange // the list grows while it is walked
		s := x.states[i]
		if bad := m.violated(&s); bad != "" {
			return x.found(int32(i), bad, nil)
		}
		var bad *event
		m.successors(&s, func(n state, e event) {
			if bad != nil {
				return
			}
			if e.violation = m.sought(e.violation); e.violation != "" {
				bad = &e
				return
			}
			n.settle(m.config)
			if n == s {
				return
			}
			j := x.add(n, int32(i))
			if !e.fault && j >= 0 {
				x.heals = append(x.heals, [2]int32{int32(i), j})
			}
		})
		if bad != nil {
			return x.found(int32(i), bad.violation, bad)
		}
		if len(x.states) >= limit {
			return result{states: len(x.states), full: true}
		}
	}
	return x.progress()
}

// settle forgets what the configuration does not look at and brings the state to its canonical form.
func (s *state) settle(c config) {
	if !c.stale {
		s.old = view{}
	}
	if s.old == s.hub {
		s.old = view{}
	}
	s.tidy()
}

func (x *explorer) add(s state, parent int32) int32 {
	if i, ok := x.index[s]; ok {
		return i
	}
	i := int32(len(x.states))
	x.index[s] = i
	x.states = append(x.states, s)
	x.parent = append(x.parent, parent)
	return i
}

// progress walks the fault-free steps backwards from every end; a state that is not met can never end (I12, I9).
func (x *explorer) progress() result {
	n := len(x.states)
	first := make([]int32, n+1)
	for _, e := range x.heals {
		first[e[1]+1]++
	}
	for i := range n {
		first[i+1] += first[i]
	}
	back, fill := make([]int32, len(x.heals)), slices.Clone(first)
	for _, e := range x.heals {
		back[fill[e[1]]] = e[0]
		fill[e[1]]++
	}
	met := make([]bool, n)
	var queue []int32
	for i := range x.states {
		if x.idle(&x.states[i]) {
			met[i] = true
			queue = append(queue, int32(i))
		}
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, j := range back[first[i]:first[i+1]] {
			if !met[j] {
				met[j] = true
				queue = append(queue, j)
			}
		}
	}
	for i := range x.states {
		if met[i] {
			continue
		}
		property := "I12: no final state can be reached any more"
		if x.states[i].hub.meta.has(deleted) || x.states[i].hub.meta.has(removed) {
			property = "I9: a deleted run never goes, or leaves something behind for ever"
		}
		return x.found(int32(i), property, nil)
	}
	return result{states: n}
}

// found tells the shortest way to a violation.
func (x *explorer) found(i int32, violation string, last *event) result {
	var path []int32
	for j := i; j >= 0; j = x.parent[j] {
		path = append(path, j)
	}
	slices.Reverse(path)
	var trace []string
	for k := 1; k < len(path); k++ {
		trace = append(trace, x.tell(path[k-1], path[k]))
	}
	if last != nil {
		trace = append(trace, x.line(*last))
	}
	return result{states: len(x.states), violation: violation, trace: trace}
}

// tell finds the step again that led from one state to the next.
func (x *explorer) tell(from, to int32) string {
	line := "?"
	s := x.states[from]
	x.successors(&s, func(n state, e event) {
		n.settle(x.config)
		if line == "?" && n == x.states[to] {
			line = x.line(e)
		}
	})
	return line
}

func (x *explorer) line(e event) string {
	var b strings.Builder
	switch {
	case e.to != 0:
		s := x.get(e.to)
		fmt.Fprintf(&b, "· commit %s", s.Phase)
		if s.Attempt > 0 {
			fmt.Fprintf(&b, " n=%d@%s", s.Attempt, s.Cluster)
		}
		if s.StopCause != "" {
			fmt.Fprintf(&b, " (%s)", s.StopCause)
		}
	default:
		b.WriteString(e.what)
	}
	if e.on != "" {
		fmt.Fprintf(&b, " [row %s, %s]", e.row, e.on)
	}
	if e.obj.attempt > 0 {
		fmt.Fprintf(&b, " %s", e.obj)
	}
	if e.msg.verb != msgNone {
		fmt.Fprintf(&b, " → %s", e.msg)
	}
	return b.String()
}
