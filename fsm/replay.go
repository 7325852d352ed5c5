package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Committed is a step as a history keeps it.
type Committed struct {
	Step

	Seq     int64 // counts the rows of the object from 1
	Attempt int32 // the number of the newest attempt, after the row
}

// Divergence is the first step of a history that a table does not explain.
type Divergence struct {
	Step    int    // its index
	Why     string // a sentence
	Allowed []Row  // what the table would have allowed instead; nil where that cannot be said
}

// Replay walks a history, as far back as it goes, and then looks at where the object is now. It returns the row of each
// step, and the first step that is none of the table's: nil where all of them are. A divergence behind the last step is
// about where the object is now.
func (t Table) Replay(steps []Committed, now State) ([]Row, *Divergence) {
	var rows []Row
	for i, s := range steps {
		row, why := t.explains(s)
		if why == "" && i > 0 {
			why = t.follows(steps[i-1], s, row)
		}
		if why == "" && i == 0 && s.Seq == 1 && s.From != t.Initial {
			why = fmt.Sprintf("the first one begins in %s, and the table in %s", s.From, t.Initial)
		}
		if why != "" {
			return rows, &Divergence{Step: i, Why: why, Allowed: t.allowed(s.From)}
		}
		rows = append(rows, row)
	}
	if n := len(steps); n > 0 && steps[n-1].To != now {
		return rows, &Divergence{Step: n, Why: fmt.Sprintf("the history ends in %s, and the run is %s", steps[n-1].To, now)}
	}
	return rows, nil
}

// Between are the rows that lead from one state to another on a trigger.
func (t Table) Between(from State, on Trigger, to State) []Row {
	return slices.DeleteFunc(t.Cell(from, on).Rows, func(r Row) bool { return r.To != to })
}

// explains finds the row of one step.
func (t Table) explains(s Committed) (row Row, why string) {
	for _, name := range []State{s.From, s.To} {
		if _, ok := t.State(name); !ok {
			return Row{}, fmt.Sprintf("the table has no state %s", name)
		}
	}
	if _, ok := t.Trigger(s.On); !ok {
		return Row{}, fmt.Sprintf("the table has no trigger %s", s.On)
	}
	if rows := t.Between(s.From, s.On, s.To); len(rows) > 0 {
		return rows[0], ""
	}
	switch c := t.Cell(s.From, s.On); {
	case len(c.Rows) > 0:
		return Row{}, fmt.Sprintf("%s in %s does not lead to %s: %s", s.On, s.From, s.To, leads(c.Rows))
	case c.Blank != nil:
		return Row{}, fmt.Sprintf("%s leads nowhere from %s: %s", s.On, s.From, c.Blank.Doc)
	default:
		return Row{}, fmt.Sprintf("%s leads nowhere from %s", s.On, s.From)
	}
}

// leads reads "it leads to Retrying if RetryDue, to Failed if not RetryDue".
func leads(rows []Row) string {
	var to []string
	for _, r := range rows {
		one := "to " + string(r.To)
		if r.If != "" {
			one += " " + condition(r.If)
		}
		to = append(to, one)
	}
	return "it leads " + strings.Join(to, ", ")
}

// follows says why a step cannot come after another, "" where it can.
func (t Table) follows(before, s Committed, row Row) string {
	begins := slices.ContainsFunc(t.Actions, func(d ActionDef) bool { return d.NewAttempt && slices.Contains(row.Do, d.Name) })
	switch {
	case s.Seq != before.Seq+1:
		return fmt.Sprintf("entry %d follows entry %d", s.Seq, before.Seq)
	case s.From != before.To:
		return fmt.Sprintf("it begins in %s, and the one before ends in %s", s.From, before.To)
	case s.Attempt < before.Attempt:
		return fmt.Sprintf("the attempt falls from %d to %d", before.Attempt, s.Attempt)
	case s.Attempt != before.Attempt && !begins:
		return fmt.Sprintf("the attempt grows from %d to %d, and row %s begins none", before.Attempt, s.Attempt, row.ID)
	default:
		return ""
	}
}

// allowed are the rows out of a state, the most important trigger first.
func (t Table) allowed(s State) []Row {
	var out []Row
	for _, on := range t.Triggers {
		out = append(out, t.Cell(s, on.Name).Rows...)
	}
	return out
}
