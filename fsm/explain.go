package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Explain says in words what a state means for the world and what each trigger does there; or, with a trigger, all about
// that one cell. An empty trigger means all of them. Names that the table does not know explain nothing.
func (t Table) Explain(s State, on Trigger, paper Paper) string {
	p := newPage(paper)
	d, ok := t.State(s)
	switch {
	case !ok:
	case on == "":
		t.explainState(p, d)
	default:
		t.explainCell(p, t.Cell(s, on))
	}
	return p.text.String()
}

func (t Table) explainState(p *page, d StateDef) {
	p.heading(fmt.Sprintf("%s (%s): %s", d.Name, t.Name, d.class()))
	p.paragraph(d.Doc)
	p.blank()
	if world := t.effects(d); len(world) > 0 {
		p.heading("On the world")
		p.entries(world)
		p.blank()
	}
	p.heading("Triggers, most important first")
	var list []entry
	used := map[Mark]bool{}
	for _, on := range t.Triggers {
		c := t.Cell(d.Name, on.Name)
		list = append(list, c.entries()...)
		if c.Blank != nil {
			used[c.Blank.Mark] = true
		}
	}
	p.entries(list)
	p.blank()
	p.heading("Marks")
	p.entries(legend(used))
	if from := t.sources(d.Name); len(from) > 0 {
		p.blank()
		p.heading("Reached from")
		p.entries(from)
	}
}

// class reads "active", "ended for this context version" or "the last state".
func (d StateDef) class() string {
	switch {
	case d.Last:
		return "the object itself goes here"
	case d.Terminal:
		return "ended for this context version"
	default:
		return "active"
	}
}

// effects lists what a state does to the world, and what bounds it.
func (t Table) effects(d StateDef) []entry {
	var out []entry
	for _, verb := range []struct {
		name      string
		resources []Resource
	}{{"creates", d.Ensure}, {"releases", d.Release}, {"ends", d.End}, {"deletes", d.Delete}} {
		for i, r := range verb.resources {
			e := entry{term: verb.name, sign: string(r), text: t.resourceDoc(r), tone: Name}
			if i > 0 {
				e.term = ""
			}
			out = append(out, e)
		}
	}
	if d.Deadline != "" {
		out = append(out, entry{term: "ends by", sign: string(d.Deadline), text: t.timerDoc(d.Deadline), tone: Name})
	}
	if d.Waits != "" {
		out = append(out, entry{term: "waits", text: d.Waits})
	}
	return out
}

// entries explains a cell in one line for each row and one for the blank.
func (c Cell) entries() []entry {
	var out []entry
	for _, r := range c.Rows {
		e := entry{sign: "→ " + string(r.To), text: fmt.Sprintf("%s (row %s)", r.Doc, r.ID), tone: Leads}
		if r.To == c.State {
			e.sign = "= stays"
		}
		if r.If != "" {
			e.text = condition(r.If) + ": " + e.text
		}
		out = append(out, e)
	}
	if c.Blank != nil {
		e := entry{sign: string(c.Blank.Mark), text: c.Blank.Doc, tone: Quiet}
		if len(c.Rows) > 0 {
			e.text = "otherwise: " + e.text
		}
		out = append(out, e)
	}
	if len(out) > 0 {
		out[0].term = string(c.On)
	}
	return out
}

// condition reads "if RetryDue" or "if not RetryDue".
func condition(g Guard) string {
	if negated(g) {
		return "if not " + string(Not(g))
	}
	return "if " + string(g)
}

func legend(used map[Mark]bool) []entry {
	var out []entry
	for _, m := range marks {
		if used[m.sign] {
			out = append(out, entry{term: string(m.sign), text: m.doc})
		}
	}
	return out
}

// sources lists the other states that lead to s, and by which triggers.
func (t Table) sources(s State) []entry {
	var out []entry
	for _, from := range t.States {
		var on []string
		for _, r := range t.Expand() {
			if r.From[0] == from.Name && r.To == s && from.Name != s && !slices.Contains(on, string(r.On)) {
				on = append(on, string(r.On))
			}
		}
		if len(on) > 0 {
			out = append(out, entry{term: string(from.Name), text: "on " + strings.Join(on, ", ")})
		}
	}
	return out
}
