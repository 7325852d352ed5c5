package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Explain says in words what a state means for the world and what each trigger does there; or, with a trigger, all about
// that one cell. An empty trigger means all of them. Names that the table does not know explain nothing.
func (t Table) Explain(s State, on Trigger, paper Paper) string {
	p := NewPage(paper)
	d, ok := t.State(s)
	switch {
	case !ok:
	case on == "":
		t.explainState(p, d)
	default:
		t.explainCell(p, t.Cell(s, on))
	}
	return p.String()
}

func (t Table) explainState(p *Page, d StateDef) {
	p.Heading(fmt.Sprintf("%s (%s): %s", d.Name, t.Name, d.class()))
	p.Paragraph(d.Doc)
	p.Blank()
	if world := t.effects(d); len(world) > 0 {
		p.Heading("On the world")
		p.Entries(world)
		p.Blank()
	}
	p.Heading("Triggers, most important first")
	var list []Entry
	used := map[Mark]bool{}
	for _, on := range t.Triggers {
		c := t.Cell(d.Name, on.Name)
		list = append(list, c.entries()...)
		if c.Blank != nil {
			used[c.Blank.Mark] = true
		}
	}
	p.Entries(list)
	p.Blank()
	p.Heading("Marks")
	p.Entries(legend(used))
	if from := t.sources(d.Name); len(from) > 0 {
		p.Blank()
		p.Heading("Reached from")
		p.Entries(from)
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
func (t Table) effects(d StateDef) []Entry {
	var out []Entry
	for _, verb := range []struct {
		name      string
		resources []Resource
	}{{"creates", d.Ensure}, {"releases", d.Release}, {"ends", d.End}, {"deletes", d.Delete}} {
		for i, r := range verb.resources {
			e := Entry{Term: verb.name, Sign: string(r), Text: t.resourceDoc(r), Tone: Name}
			if i > 0 {
				e.Term = ""
			}
			out = append(out, e)
		}
	}
	if d.Deadline != "" {
		out = append(out, Entry{Term: "ends by", Sign: string(d.Deadline), Text: t.timerDoc(d.Deadline), Tone: Name})
	}
	if d.Waits != "" {
		out = append(out, Entry{Term: "waits", Text: d.Waits})
	}
	return out
}

// entries explains a cell in one line for each row and one for the blank.
func (c Cell) entries() []Entry {
	var out []Entry
	for _, r := range c.Rows {
		e := Entry{Sign: "→ " + string(r.To), Text: fmt.Sprintf("%s (row %s)", r.Doc, r.ID), Tone: Leads}
		if r.To == c.State {
			e.Sign = "= stays"
		}
		if r.If != "" {
			e.Text = condition(r.If) + ": " + e.Text
		}
		out = append(out, e)
	}
	if c.Blank != nil {
		e := Entry{Sign: string(c.Blank.Mark), Text: c.Blank.Doc, Tone: Quiet}
		if len(c.Rows) > 0 {
			e.Text = "otherwise: " + e.Text
		}
		out = append(out, e)
	}
	if len(out) > 0 {
		out[0].Term = string(c.On)
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

func legend(used map[Mark]bool) []Entry {
	var out []Entry
	for _, m := range marks {
		if used[m.sign] {
			out = append(out, Entry{Term: string(m.sign), Text: m.doc})
		}
	}
	return out
}

// sources lists the other states that lead to s, and by which triggers.
func (t Table) sources(s State) []Entry {
	var out []Entry
	for _, from := range t.States {
		var on []string
		for _, r := range t.Expand() {
			if r.From[0] == from.Name && r.To == s && from.Name != s && !slices.Contains(on, string(r.On)) {
				on = append(on, string(r.On))
			}
		}
		if len(on) > 0 {
			out = append(out, Entry{Term: string(from.Name), Text: "on " + strings.Join(on, ", ")})
		}
	}
	return out
}
