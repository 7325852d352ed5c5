package fsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate proves a table. It returns all findings at once, joined; each names the row or the state at fault and says
// what to do. What it proves:
//
//   - Names: each one is declared once, documented and used; each one used is declared.
//   - Cells: the guards of one state and trigger are disjoint, and what they leave open is explained by one Blank. What a
//     state awaits has a row there, or is a gate.
//   - Paths: each state can be reached; each active one leads to a Terminal one and has a bound, or a reason for having
//     none; a Terminal one is left only when something is raised, or for a Last one; a Last one is never left.
//   - Resources: what a state deletes or ends, no later state creates or releases again, unless for a new attempt (A4).
//
// After it the panics of the machine's library (two guards that hold at once) are unreachable.
func (t Table) Validate() error {
	var f findings
	t.proveNames(&f)
	if len(f) > 0 {
		// The other proofs follow names; over unknown ones they would only say the same again, less clearly.
		return errors.Join(f...)
	}
	t.proveGroups(&f)
	t.proveCells(&f)
	t.proveAwaits(&f)
	t.proveStates(&f)
	t.provePaths(&f)
	t.proveMonotone(&f)
	return errors.Join(f...)
}

// findings collects what is wrong with a table.
type findings []error

func (f *findings) addf(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

// proveGroups shows that "exactly one of the group" can be true for every group at once.
func (t Table) proveGroups(f *findings) {
	in := map[Guard]int{}
	for i, members := range t.Groups {
		if len(members) < 2 {
			f.addf("group %d has %d members: exactly one of them holds at any time, so it needs two or more", i+1, len(members))
		}
		for _, g := range members {
			if first, ok := in[g]; ok {
				f.addf("guard %s is a member of groups %d and %d: let it be in one place", g, first, i+1)
			}
			in[g] = i + 1
		}
	}
}

// proveAwaits shows that what a state awaits means something there.
func (t Table) proveAwaits(f *findings) {
	for _, s := range t.States {
		for _, on := range s.Awaits {
			if c := t.Cell(s.Name, on); len(c.Rows) == 0 && c.Blank != nil && c.Blank.Mark != Gate {
				f.addf("state %s awaits %s, which has no row there and is no gate: leave it out", s.Name, on)
			}
		}
	}
}

// proveCells shows that each cell of the matrix is complete, partial with a reason, or blank with a reason.
func (t Table) proveCells(f *findings) {
	for _, s := range t.States {
		for _, on := range t.Triggers {
			t.proveCell(f, t.Cell(s.Name, on.Name))
		}
	}
}

func (t Table) proveCell(f *findings, c Cell) {
	at := fmt.Sprintf("state %s on %s", c.State, c.On)
	if n := t.blanks(c.State, c.On); n > 1 {
		f.addf("%s: %d blanks explain the cell: keep one", at, n)
	}
	guards := c.guards()
	if !t.disjoint(guards) {
		f.addf("%s: %s can fire together (guards %s): use a guard and its negation, or members of one group, each once",
			at, ids(c.Rows), guardList(guards))
		return
	}
	complete := t.covers(guards)
	switch {
	case len(c.Rows) == 0 && c.Blank == nil:
		f.addf("%s: no row and no blank: say what happens, or why nothing does", at)
	case len(c.Rows) > 0 && !complete && c.Blank == nil:
		f.addf("%s: a case is open beside %s (guards %s): add the row for the rest, or a blank that explains it",
			at, ids(c.Rows), guardList(guards))
	case complete && c.Blank != nil:
		f.addf("%s: all cases have a row (%s), so the blank %q is never true: remove it", at, ids(c.Rows), c.Blank.Doc)
	}
}

func (t Table) blanks(s State, on Trigger) int {
	n := 0
	for _, b := range t.Blanks {
		if b.On == on {
			for _, in := range b.In {
				if in == s {
					n++
				}
			}
		}
	}
	return n
}

// disjoint is true when no two of the guards can hold at once: there is only one, or they are a guard and its negation,
// or different members of one group.
func (t Table) disjoint(gs []Guard) bool {
	switch {
	case len(gs) < 2:
		return true
	case len(gs) == 2 && gs[0] != "" && gs[1] == Not(gs[0]):
		return true
	}
	members := t.group(gs[0])
	for i, g := range gs {
		if !slices.Contains(members, g) || slices.Contains(gs[:i], g) {
			return false
		}
	}
	return true
}

// covers is true when one of the disjoint guards always holds.
func (t Table) covers(gs []Guard) bool {
	switch {
	case len(gs) == 0:
		return false
	case slices.Contains(gs, ""):
		return true
	case len(gs) == 2 && gs[1] == Not(gs[0]):
		return true
	}
	return len(gs) == len(t.group(gs[0]))
}

// ids lists rows for a message: "row 10", "rows 10, 11".
func ids(rows []Row) string {
	var list []string
	for _, r := range rows {
		list = append(list, r.ID)
	}
	if len(list) == 1 {
		return "row " + list[0]
	}
	return "rows " + strings.Join(list, ", ")
}

func guardList(gs []Guard) string {
	var list []string
	for _, g := range gs {
		if g == "" {
			g = "always"
		}
		list = append(list, string(g))
	}
	return strings.Join(list, ", ")
}
