package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Mermaid draws the table as a stateDiagram-v2, as GitHub shows it. It knows no frames, so each state has its own arrows;
// the lines that hold in many states stand in a note, as in [Table.DOT].
func (t Table) Mermaid() string {
	p := t.picture()
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n  direction TB\n")
	for _, s := range t.States {
		fmt.Fprintf(&b, "  state %s\n", s.Name)
	}
	fmt.Fprintf(&b, "\n  [*] --> %s\n", t.Initial)
	for _, a := range t.mermaidArrows(p) {
		fmt.Fprintf(&b, "  %s --> %s: %s\n", a.from[0], a.to, strings.Join(a.labels, "<br/>"))
	}
	for _, s := range t.States {
		if s.Terminal || s.Last {
			fmt.Fprintf(&b, "  %s --> [*]\n", s.Name)
		}
	}
	if len(p.everywhere) > 0 {
		fmt.Fprintf(&b, "\n  note right of %s\n", p.everywhereAt(t))
		for _, r := range p.everywhere {
			fmt.Fprintf(&b, "    %s\n", t.words(r))
		}
		b.WriteString("  end note\n")
	}
	if len(t.Happy) > 0 {
		fmt.Fprintf(&b, "\n  classDef happy stroke:%s,stroke-width:3px\n", inkHappy)
		fmt.Fprintf(&b, "  class %s happy\n", strings.ReplaceAll(list(t.Happy), ", ", ","))
	}
	return b.String()
}

// mermaidArrows are the arrows of the picture, one for each pair of states; the happy path comes first, since Mermaid
// places states in the order of their arrows.
func (t Table) mermaidArrows(p *picture) []arrow {
	var out []arrow
	for _, a := range append(slices.Clone(p.arrows), p.loops...) {
		for _, s := range a.from {
			happy := a.happy && t.happy([]State{s}, a.to)
			out = merge(out, arrow{from: []State{s}, to: a.to, labels: slices.Clone(a.labels), happy: happy})
		}
	}
	slices.SortStableFunc(out, func(a, b arrow) int { return t.step(a) - t.step(b) })
	return out
}

// step is the number of a happy arrow on its path; the others come after it.
func (t Table) step(a arrow) int {
	if a.happy {
		return slices.Index(t.Happy, a.to)
	}
	return len(t.Happy)
}

// everywhereAt is the state beside which the note stands: one that has room, since no arrow is drawn to it.
func (p *picture) everywhereAt(t Table) State {
	for _, r := range p.everywhere {
		if p.lonely(r.To) {
			return r.To
		}
	}
	return t.Initial
}
