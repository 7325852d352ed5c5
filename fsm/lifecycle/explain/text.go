package explain

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm"
)

// Text is the explanation for people, on their local clock.
func (e Explanation) Text(paper fsm.Paper, clock *time.Location) string {
	w := writing{e: e, p: fsm.NewPage(paper), clock: clock}
	w.head()
	w.why()
	w.due()
	w.awaits()
	w.guards()
	w.agenda()
	w.left()
	w.options()
	w.unseen()
	return w.p.String()
}

type writing struct {
	e     Explanation
	p     *fsm.Page
	clock *time.Location
}

// stamps are the times within texts; they are told on the local clock like all others.
var stamps = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

func (w writing) local(text string) string {
	return stamps.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return s
		}
		return w.at(t)
	})
}

// section begins a part of the page.
func (w writing) section(title string) {
	w.p.Blank()
	w.p.Heading(title)
}

func (w writing) head() {
	e := w.e
	w.p.Heading(fmt.Sprintf("%s is %s since %s, for %s", e.Run, e.State, w.at(e.Since), between(e.Since, e.Now)))
	if e.Message != "" {
		reason := e.Reason
		if reason == e.State || reason == "" {
			w.p.Paragraph(w.local(e.Message))
		} else {
			w.p.Paragraph(w.local(reason + ": " + e.Message))
		}
	}
	for _, d := range e.Doubts {
		w.p.Entries([]fsm.Entry{{Sign: "!", Text: w.local(d), Tone: fsm.Bars}})
	}
	w.section(e.State + " means")
	w.p.Paragraph(e.Meaning)
}

func (w writing) why() {
	y := w.e.Why
	w.section("Why")
	if y == nil {
		w.p.Paragraph(w.e.Begun)
		return
	}
	w.p.Entries([]fsm.Entry{{Term: w.at(y.Time), Sign: w.fired(y.Step), Tone: fsm.Leads}})
	w.p.Paragraph(y.Doc)
	if y.If != "" {
		w.p.Paragraph(fmt.Sprintf("%s: %s", y.If, y.Asks))
	}
	w.p.Entries(w.facts(y.Facts))
	var list []fsm.Entry
	for _, t := range y.Then {
		list = append(list, fsm.Entry{Term: w.at(t.Time), Text: fmt.Sprintf("%s (row %s): %s", t.On, t.Row, t.Doc)})
	}
	w.p.Entries(list)
}

// fired reads "Provisioning → Running on AgentStarted (row 22)".
func (writing) fired(s Step) string {
	row := ""
	if s.Row != "" {
		row = " (row " + s.Row + ")"
	}
	return fmt.Sprintf("%s → %s on %s%s", s.From, s.To, s.On, row)
}

func (w writing) facts(list []Fact) []fsm.Entry {
	var out []fsm.Entry
	for _, f := range list {
		out = append(out, fsm.Entry{Term: f.Name, Text: w.local(f.Value)})
	}
	return out
}

func (w writing) due() {
	if d := w.e.Due; d != nil {
		w.section("Due now")
		w.p.Entries([]fsm.Entry{{Sign: w.fired(*d), Tone: fsm.Leads}})
		w.p.Paragraph(d.Doc + " It happens as soon as the operator looks; if it does not, look whether one is running.")
	}
}

func (w writing) awaits() {
	w.section("Waits for")
	if w.e.Idle != "" {
		w.p.Paragraph(w.e.Idle)
	}
	var list []fsm.Entry
	for _, a := range w.e.Awaits {
		list = append(list, fsm.Entry{Term: a.On, Text: strings.TrimSpace(a.Doc + " " + a.Note)})
		for _, lead := range a.Leads {
			list = append(list, fsm.Entry{Text: w.leads(lead)})
		}
	}
	w.p.Entries(list)
	if g := w.e.Gate; g != nil {
		text := g.Must
		if g.Message != "" && g.Message != w.e.Message {
			text += " (" + w.local(g.Message) + ")"
		}
		w.p.Entries([]fsm.Entry{{Term: g.Reason, Text: text, Sign: "not yet", Tone: fsm.Bars}})
	}
	list = nil
	for _, n := range w.e.Noted {
		list = append(list, fsm.Entry{Term: n.On, Sign: "holds", Text: n.Doc, Tone: fsm.Quiet})
	}
	w.p.Entries(list)
	if also := w.e.Also; len(also) > 0 {
		w.p.Paragraph(fmt.Sprintf("Also possible: %s (%s fsm explain %s).", strings.Join(also, ", "), w.e.Program, w.e.State))
	}
	if at := w.e.Looked; at != nil {
		w.p.Paragraph(fmt.Sprintf("Only the operator sees what is on %s; it last wrote what it saw at %s.", w.e.Cluster, w.at(*at)))
	}
}

// leads reads "→ Retrying if RetryDue", or "= stays".
func (w writing) leads(l Lead) string {
	to := "→ " + l.To
	if l.To == w.e.State {
		to = "= stays"
	}
	if l.If != "" {
		to += " if " + l.If
	}
	return to
}
