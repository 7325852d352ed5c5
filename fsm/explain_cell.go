package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// explainCell says all about one trigger in one state.
func (t Table) explainCell(p *page, c Cell) {
	i := slices.IndexFunc(t.Triggers, func(d TriggerDef) bool { return d.Name == c.On })
	if i < 0 {
		return
	}
	p.heading(fmt.Sprintf("%s in %s (%s)", c.On, c.State, t.Name))
	p.paragraph(t.Triggers[i].Doc)
	for _, r := range c.Rows {
		p.blank()
		t.explainRow(p, c, r)
	}
	if c.Blank != nil {
		p.blank()
		t.explainBlank(p, c)
	}
	if first := t.outranking(c.State, i); len(first) > 0 {
		p.blank()
		p.heading("When several hold, these go first")
		p.paragraph(strings.Join(first, ", "))
	}
}

func (t Table) explainRow(p *page, c Cell, r Row) {
	head := "Row " + r.ID + ": → " + string(r.To)
	if r.To == c.State {
		head = "Row " + r.ID + ": stays in " + string(r.To)
	}
	if r.If != "" {
		head += ", " + condition(r.If)
	}
	p.heading(head)
	p.paragraph(r.Doc)
	var list []entry
	if r.If != "" {
		list = append(list, entry{term: "asks", sign: string(bare(r.If)), text: t.guardDoc(bare(r.If)), tone: Name})
	}
	for _, a := range r.Do {
		list = append(list, entry{term: "does", sign: string(a), text: t.actionDoc(a), tone: Name})
	}
	p.entries(list)
}

func (t Table) explainBlank(p *page, c Cell) {
	head := "No row"
	if len(c.Rows) > 0 {
		head = "Otherwise no row"
	}
	for _, m := range marks {
		if m.sign == c.Blank.Mark {
			head += ": " + string(m.sign) + " " + m.doc
		}
	}
	p.heading(head)
	p.paragraph(c.Blank.Doc)
}

// outranking lists the more important triggers that have a row in the state.
func (t Table) outranking(s State, rank int) []string {
	var out []string
	for _, on := range t.Triggers[:rank] {
		if len(t.Cell(s, on.Name).Rows) > 0 {
			out = append(out, string(on.Name))
		}
	}
	return out
}
