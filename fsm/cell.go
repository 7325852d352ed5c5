package fsm

import (
	"maps"
	"slices"
)

// Cell is what a table says about one state and one trigger.
type Cell struct {
	State State
	On    Trigger
	Rows  []Row  // expanded, in the table's order
	Blank *Blank // set when there is no row, or when the rows leave a case open
}

// Cell looks a cell of the matrix up.
func (t Table) Cell(s State, on Trigger) Cell {
	c := Cell{State: s, On: on}
	for _, r := range t.Rows {
		if r.On == on && slices.Contains(r.From, s) {
			c.Rows = append(c.Rows, r.at(s))
		}
	}
	for i, b := range t.Blanks {
		if b.On == on && slices.Contains(b.In, s) {
			c.Blank = &t.Blanks[i]
			break
		}
	}
	return c
}

func (c Cell) guards() []Guard {
	var gs []Guard
	for _, r := range c.Rows {
		gs = append(gs, r.If)
	}
	return gs
}

// Valuations enumerates all answers that the guards of one cell can give together: each guard says yes or no, and of a
// group exactly one member says yes. A cell without guards has one valuation. Tests fire each of them.
func (t Table) Valuations(s State, on Trigger) []func(Guard) bool {
	all := []map[Guard]bool{{}}
	var seen []Guard
	for _, g := range t.Cell(s, on).guards() {
		g = bare(g)
		if g == "" || slices.Contains(seen, g) {
			continue
		}
		members := t.group(g)
		if members == nil {
			members = []Guard{g}
			all = cross(all, []map[Guard]bool{{g: true}, {g: false}})
		} else {
			all = cross(all, oneOf(members))
		}
		seen = append(seen, members...)
	}
	out := make([]func(Guard) bool, 0, len(all))
	for _, v := range all {
		out = append(out, func(g Guard) bool { return v[g] })
	}
	return out
}

// bare is the guard without its negation.
func bare(g Guard) Guard {
	if negated(g) {
		return Not(g)
	}
	return g
}

func negated(g Guard) bool { return g != "" && g[0] == '!' }

// group returns the declared group that a guard belongs to, or nil.
func (t Table) group(g Guard) []Guard {
	for _, members := range t.Groups {
		if slices.Contains(members, g) {
			return members
		}
	}
	return nil
}

func oneOf(members []Guard) []map[Guard]bool {
	var out []map[Guard]bool
	for _, yes := range members {
		v := map[Guard]bool{}
		for _, g := range members {
			v[g] = g == yes
		}
		out = append(out, v)
	}
	return out
}

// cross combines each valuation of a with each of b.
func cross(a, b []map[Guard]bool) []map[Guard]bool {
	var out []map[Guard]bool
	for _, x := range a {
		for _, y := range b {
			both := map[Guard]bool{}
			maps.Copy(both, x)
			maps.Copy(both, y)
			out = append(out, both)
		}
	}
	return out
}
