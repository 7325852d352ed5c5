package explain

import (
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm"
)

func (w writing) guards() {
	if len(w.e.Guards) == 0 {
		return
	}
	w.section("Guards")
	for _, g := range w.e.Guards {
		e := fsm.Entry{Term: g.Name, Sign: "no", Tone: fsm.Bars}
		if g.Holds {
			e.Sign, e.Tone = "yes", fsm.Leads
		}
		if g.Open != "" {
			e.Sign += ", so far"
		}
		if g.Leads != "" {
			e.Text = "→ " + g.Leads
		}
		w.p.Entries([]fsm.Entry{e})
		w.p.Entries([]fsm.Entry{{Text: g.Asks + " " + g.Open}})
		w.p.Entries(w.facts(g.Inputs))
	}
}

func (w writing) agenda() {
	w.section("By itself")
	var list []fsm.Entry
	e := w.e
	if e.Early.When == AnyMoment {
		list = append(list, fsm.Entry{Term: "any moment", Text: w.awaited() + e.Early.Why})
	}
	for _, v := range e.Agenda {
		lead := ""
		if len(v.To) > 0 {
			lead = "→ " + strings.Join(v.To, " or ")
		}
		if e.Late.At != nil && v.Sure && v.At.Equal(*e.Late.At) {
			if lead += ", at the latest"; len(v.To) == 0 {
				lead = "At the latest"
			}
		}
		doc := v.Doc
		if lead != "" {
			doc = lead + ". " + doc
		}
		list = append(list, fsm.Entry{Term: w.at(v.At), Sign: w.off(v.At), Text: doc, Tone: fsm.Name})
	}
	if e.Due != nil && len(list) == 0 {
		list = append(list, fsm.Entry{Term: "at once", Text: e.Due.On})
	}
	if e.Late.When == Never {
		list = append(list, fsm.Entry{Term: "no latest", Text: e.Late.Why})
	}
	w.p.Entries(list)
}

// awaited reads "AgentSucceeded or AgentFailed".
func (w writing) awaited() string {
	var names []string
	for _, a := range w.e.Awaits {
		names = append(names, a.On)
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, " or ") + ", "
}

// off is how far a time is off.
func (w writing) off(t time.Time) string {
	if t.After(w.e.Now) {
		return "in " + between(w.e.Now, t)
	}
	return between(t, w.e.Now) + " ago"
}

// at is a time on the local clock, with its day where that is another than today.
func (w writing) at(t time.Time) string {
	local, now := t.In(w.clock), w.e.Now.In(w.clock)
	switch {
	case t.IsZero():
		return "ever"
	case local.Format(time.DateOnly) == now.Format(time.DateOnly):
		return local.Format(time.TimeOnly)
	case local.Year() == now.Year():
		return local.Format("Mon 2 Jan 15:04")
	default:
		return local.Format("2 Jan 2006 15:04")
	}
}

func (w writing) left() {
	if len(w.e.Left) == 0 {
		return
	}
	w.section("Left")
	var list []fsm.Entry
	for _, q := range w.e.Left {
		list = append(list, fsm.Entry{Term: q.Name, Sign: q.Left, Text: q.Note})
	}
	w.p.Entries(list)
}

func (w writing) options() {
	if len(w.e.Options) == 0 {
		return
	}
	w.section("You can")
	for _, o := range w.e.Options {
		if o.Words {
			w.p.Paragraph(o.Do)
			continue
		}
		e := fsm.Entry{Term: o.Do}
		if o.To != "" {
			e.Text = "→ " + o.To
		}
		w.p.Entries([]fsm.Entry{e})
		if o.Doc != "" {
			w.p.Entries([]fsm.Entry{{Text: o.Doc}})
		}
	}
}

func (w writing) unseen() {
	if len(w.e.Unseen) == 0 {
		return
	}
	w.section("Not seen from here")
	for _, u := range w.e.Unseen {
		w.p.Paragraph(u)
	}
}
