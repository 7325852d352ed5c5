package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// A picture shows the shape of a machine, not all of it. So lines that hold in many states become words beside it, states
// that share lines get one frame whose arrows count for each of them, and rows between the same two ends become one arrow.
type picture struct {
	everywhere []Row     // lines told in words
	frames     [][]State // disjoint
	arrows     []arrow   // in the order of the rows
	loops      []arrow   // after which a state stays
	walked     []Step    // what is drawn over it; nil for the machine alone
}

// arrow leads from a state, or from a frame as a whole, to a state.
type arrow struct {
	from   []State
	to     State
	happy  bool     // part of the path that everybody hopes for
	labels []string // what fires it, one for each row
}

// framed is how many states a frame may hold; lines of more states are told in words.
const framed = 3

func (t Table) picture() *picture {
	p := &picture{frames: t.frames()}
	for _, r := range t.Rows {
		if len(r.From) > framed {
			p.everywhere = append(p.everywhere, r)
			continue
		}
		for _, from := range p.ends(r.From) {
			p.draw(t, from, r)
		}
	}
	return p
}

// frames finds the sets of states that share lines, the most used first, as long as they do not overlap.
func (t Table) frames() [][]State {
	var sets [][]State
	uses := map[string]int{}
	for _, r := range t.Rows {
		if len(r.From) < 2 || len(r.From) > framed {
			continue
		}
		if uses[list(r.From)] == 0 {
			sets = append(sets, r.From)
		}
		uses[list(r.From)]++
	}
	slices.SortStableFunc(sets, func(a, b []State) int { return uses[list(b)] - uses[list(a)] })
	var out [][]State
	for _, set := range sets {
		if !slices.ContainsFunc(out, func(other []State) bool { return overlap(set, other) }) {
			out = append(out, set)
		}
	}
	return out
}

func overlap(a, b []State) bool {
	return slices.ContainsFunc(a, func(s State) bool { return slices.Contains(b, s) })
}

// ends are where the arrows of a line begin: at its frame, or at each of its states.
func (p *picture) ends(from []State) [][]State {
	for _, frame := range p.frames {
		if slices.Equal(frame, from) {
			return [][]State{frame}
		}
	}
	var out [][]State
	for _, s := range from {
		out = append(out, []State{s})
	}
	return out
}

func (p *picture) draw(t Table, from []State, r Row) {
	if r.To == Same || slices.Equal(from, []State{r.To}) {
		for _, s := range from {
			p.loops = merge(p.loops, arrow{from: []State{s}, to: s, labels: []string{label(r)}})
		}
		return
	}
	p.arrows = merge(p.arrows, arrow{from: from, to: r.To, happy: t.happy(from, r.To), labels: []string{label(r)}})
}

// merge adds an arrow, or its labels to the arrow that is there already.
func merge(arrows []arrow, a arrow) []arrow {
	for i, b := range arrows {
		if a.to == b.to && slices.Equal(a.from, b.from) {
			arrows[i].labels = append(arrows[i].labels, a.labels...)
			return arrows
		}
	}
	return append(arrows, a)
}

// label reads "AgentFailed [not RetryDue]".
func label(r Row) string {
	switch {
	case r.If == "":
		return string(r.On)
	case negated(r.If):
		return fmt.Sprintf("%s [not %s]", r.On, Not(r.If))
	default:
		return fmt.Sprintf("%s [%s]", r.On, r.If)
	}
}

// frame is the number of the frame that holds all the states, or -1.
func (p *picture) frame(states []State) int {
	return slices.IndexFunc(p.frames, func(f []State) bool {
		return !slices.ContainsFunc(states, func(s State) bool { return !slices.Contains(f, s) })
	})
}

// lonely is true for a state that only lines told in words lead to.
func (p *picture) lonely(s State) bool {
	return s != Same && !slices.ContainsFunc(p.arrows, func(a arrow) bool { return a.to == s })
}

// happy is true when the arrow is a step of the happy path.
func (t Table) happy(from []State, to State) bool {
	i := slices.Index(t.Happy, to)
	return i > 0 && slices.Contains(from, t.Happy[i-1])
}

// words tells a line in words: "every active state: DeleteRequested → Terminating".
func (t Table) words(r Row) string {
	follows := "→ " + string(r.To)
	if r.To == Same {
		follows = "stays there"
	}
	return fmt.Sprintf("%s: %s %s", t.wherever(r.From), label(r), follows)
}

// wherever names a set of states as shortly as it can.
func (t Table) wherever(set []State) string {
	var missing, rest []State
	active, ended := true, true
	for _, s := range t.States {
		in := slices.Contains(set, s.Name)
		if !in {
			missing = append(missing, s.Name)
		}
		active = active && (in || s.Terminal || s.Last)
		ended = ended && (in || !s.Terminal)
	}
	switch {
	case len(missing) == 0:
		return "every state"
	case len(missing) <= 2 && len(missing) < len(set):
		return "every state but " + list(missing)
	}
	var parts []string
	for _, class := range []struct {
		words string
		whole bool
		is    func(StateDef) bool
	}{
		{"every active state", active, func(d StateDef) bool { return !d.Terminal && !d.Last }},
		{"every ended state", ended, func(d StateDef) bool { return d.Terminal }},
	} {
		if class.whole {
			parts = append(parts, class.words)
			set = slices.DeleteFunc(slices.Clone(set), func(s State) bool { d, _ := t.State(s); return class.is(d) })
		}
	}
	for _, s := range t.States {
		if slices.Contains(set, s.Name) {
			rest = append(rest, s.Name)
		}
	}
	if len(rest) > 0 {
		parts = append(parts, list(rest))
	}
	return strings.Join(parts, ", ")
}
