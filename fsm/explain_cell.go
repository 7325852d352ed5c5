package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// explainCell says all about one trigger in one state.
func (t Table) explainCell(p *Page, c Cell) {
	i := slices.IndexFunc(t.Triggers, func(d TriggerDef) bool { return d.Name == c.On })
	if i < 0 {
		return
	}
	p.Heading(fmt.Sprintf("%s in %s (%s)", c.On, c.State, t.Name))
	p.Paragraph(t.Triggers[i].Doc)
	for _, r := range c.Rows {
		p.Blank()
		t.explainRow(p, c, r)
	}
	if c.Blank != nil {
		p.Blank()
		t.explainBlank(p, c)
	}
	if first := t.outranking(c.State, i); len(first) > 0 {
		p.Blank()
		p.Heading("When several hold, these go first")
		p.Paragraph(strings.Join(first, ", "))
	}
}

func (t Table) explainRow(p *Page, c Cell, r Row) {
	head := "Row " + r.ID + ": → " + string(r.To)
	if r.To == c.State {
		head = "Row " + r.ID + ": stays in " + string(r.To)
	}
	if r.If != "" {
		head += ", " + condition(r.If)
	}
	p.Heading(head)
	p.Paragraph(r.Doc)
	var list []Entry
	if r.If != "" {
		list = append(list, Entry{Term: "asks", Sign: string(bare(r.If)), Text: t.guardDoc(bare(r.If)), Tone: Name})
	}
	for _, a := range r.Do {
		list = append(list, Entry{Term: "does", Sign: string(a), Text: t.actionDoc(a), Tone: Name})
	}
	p.Entries(list)
}

func (t Table) explainBlank(p *Page, c Cell) {
	head := "No row"
	if len(c.Rows) > 0 {
		head = "Otherwise no row"
	}
	for _, m := range marks {
		if m.sign == c.Blank.Mark {
			head += ": " + string(m.sign) + " " + m.doc
		}
	}
	p.Heading(head)
	p.Paragraph(c.Blank.Doc)
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
