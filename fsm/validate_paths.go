package fsm

import (
	"slices"
	"strings"
)

// proveStates shows that each state is bounded or says why not, and that an ended run stays ended.
func (t Table) proveStates(f *findings) {
	for _, s := range t.States {
		bounds := 0
		if s.Deadline != "" {
			bounds++
		}
		if s.Waits != "" {
			bounds++
		}
		switch {
		case s.Terminal && s.Last:
			f.addf("state %s is Terminal and Last: the one means that the run may be asked anew, the other that it goes; choose", s.Name)
		case s.Terminal && bounds > 0:
			f.addf("state %s is Terminal, so there is nothing to wait for: remove its Deadline or Waits", s.Name)
		case !s.Terminal && bounds == 0:
			f.addf("state %s may last for ever: give it a Deadline, or say in Waits why it may", s.Name)
		case bounds == 2:
			f.addf("state %s has a Deadline and a reason to wait without one: choose one", s.Name)
		}
		if (s.Terminal || s.Last) && len(s.Ensure)+len(s.Release) > 0 {
			f.addf("state %s has ended, but creates or releases %s: nothing starts after the end",
				s.Name, list(slices.Concat(s.Ensure, s.Release)))
		}
	}
	for _, r := range t.Expand() {
		t.proveEnd(f, r)
	}
}

// proveEnd shows that a row out of a Terminal or Last state is one that may lead out.
func (t Table) proveEnd(f *findings, r Row) {
	from, _ := t.State(r.From[0])
	to, _ := t.State(r.To)
	switch {
	case from.Name == to.Name:
	case from.Last:
		f.addf("row %s leads out of %s, which is Last: the object itself goes there, so let the row stay (=) or remove it", r.ID, from.Name)
	case from.Terminal && !to.Last && len(t.raises(r)) == 0:
		f.addf("row %s leads from %s, which is Terminal, to %s and raises nothing: "+
			"an ended run starts again only when an action Raises a field",
			r.ID, from.Name, to.Name)
	}
}

// raises lists the status fields that a row's actions raise.
func (t Table) raises(r Row) []string {
	var fields []string
	for _, d := range t.Actions {
		if d.Raises != "" && slices.Contains(r.Do, d.Name) && !slices.Contains(fields, d.Raises) {
			fields = append(fields, d.Raises)
		}
	}
	return fields
}

// provePaths shows that each state can be reached, that each active one can end, and that the happy path exists.
func (t Table) provePaths(f *findings) {
	reached := t.reach(t.Initial, anyRow)
	for _, s := range t.States {
		if reached[s.Name] == nil && s.Name != t.Initial {
			f.addf("state %s cannot be reached from %s: add a row that leads there, or remove it", s.Name, t.Initial)
		}
		if !s.Terminal && !s.Last && !t.ends(s.Name) {
			f.addf("state %s has no path to a Terminal state: add a row that leads out", s.Name)
		}
	}
	for i := 1; i < len(t.Happy); i++ {
		from, to := t.Happy[i-1], t.Happy[i]
		if !slices.ContainsFunc(t.Expand(), func(r Row) bool { return r.From[0] == from && r.To == to }) {
			f.addf("Happy goes from %s to %s, but no row does: name the states of a path", from, to)
		}
	}
	if len(t.Happy) == 0 {
		return // a table without a picture
	}
	if t.Happy[0] != t.Initial {
		f.addf("Happy begins with %s: begin with the initial state %s", t.Happy[0], t.Initial)
	}
	if d, _ := t.State(t.Happy[len(t.Happy)-1]); !d.Terminal {
		f.addf("Happy ends with %s, which is not Terminal: end with the state that everybody hopes for", d.Name)
	}
}

func (t Table) ends(s State) bool {
	for to := range t.reach(s, anyRow) {
		if d, _ := t.State(to); d.Terminal {
			return true
		}
	}
	return false
}

func anyRow(Row) bool { return true }

// reach walks the rows that are allowed, breadth first, and returns a shortest path to each other state it comes to.
func (t Table) reach(from State, allowed func(Row) bool) map[State][]Row {
	paths := map[State][]Row{}
	rows := t.Expand()
	for queue := []State{from}; len(queue) > 0; queue = queue[1:] {
		for _, r := range rows {
			if r.From[0] != queue[0] || r.To == from || paths[r.To] != nil || !allowed(r) {
				continue
			}
			paths[r.To] = append(slices.Clone(paths[queue[0]]), r)
			queue = append(queue, r.To)
		}
	}
	return paths
}

// proveMonotone shows rule A4: once a state deletes or ends the objects of an attempt, no state creates or releases them
// again. A path may lead back only over a row that moves to a new attempt.
func (t Table) proveMonotone(f *findings) {
	for _, r := range t.Resources {
		if !r.PerAttempt {
			continue
		}
		for _, s := range t.States {
			if slices.Contains(slices.Concat(s.End, s.Delete), r.Name) {
				t.proveGone(f, r.Name, s)
			}
		}
	}
}

func (t Table) proveGone(f *findings, r Resource, gone StateDef) {
	if slices.Contains(slices.Concat(gone.Ensure, gone.Release), r) {
		f.addf("state %s creates or releases %s and also deletes or ends it: let one state do one of the two (A4)", gone.Name, r)
	}
	paths := t.reach(gone.Name, func(r Row) bool { return !t.startsAttempt(r) })
	for _, s := range t.States {
		path := paths[s.Name]
		if path != nil && slices.Contains(slices.Concat(s.Ensure, s.Release), r) {
			f.addf("state %s deletes or ends %s, and the way over %s leads to %s, which creates or releases it: "+
				"let an action on the way be a NewAttempt (A4)",
				gone.Name, r, ids(path), s.Name)
		}
	}
}

func (t Table) startsAttempt(r Row) bool {
	return slices.ContainsFunc(t.Actions, func(d ActionDef) bool { return d.NewAttempt && slices.Contains(r.Do, d.Name) })
}

func list[T ~string](names []T) string {
	var out []string
	for _, n := range names {
		out = append(out, string(n))
	}
	return strings.Join(out, ", ")
}
