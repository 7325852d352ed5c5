package explain

import (
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// awaits are the triggers that the state is there to see, but for those that were seen.
func (a asking) awaits(d fsm.StateDef) []Awaited {
	if a.quarantined() {
		return []Awaited{a.awaited(lifecycle.StrayFound)}
	}
	var out []Awaited
	for _, on := range d.Awaits {
		if !a.seen(on) {
			out = append(out, a.awaited(on))
		}
	}
	return out
}

// seen says that a trigger was recorded for this attempt and is not observed twice: only a Job is created once.
func (a asking) seen(on fsm.Trigger) bool {
	switch e := lifecycle.Open(a.s); on {
	case lifecycle.AgentCreated:
		return e != nil && e.JobUID != ""
	case lifecycle.AgentGone:
		return e == nil
	default:
		return false
	}
}

// idle says what goes on in a state that awaits nothing.
func idle(d fsm.StateDef) string {
	if d.Terminal {
		return "Nothing: the run has ended."
	}
	var names []string
	for _, r := range d.Delete {
		names = append(names, string(r))
	}
	return "Nothing but the removal of what is left: " + strings.Join(names, ", ") + "."
}

// also are the other triggers that may be seen in an active state and lead on.
func (a asking) also(d fsm.StateDef) []string {
	if d.Terminal || a.quarantined() {
		return nil
	}
	var out []string
	for _, on := range a.l.Table.Triggers {
		strays := on.Name == lifecycle.StrayFound // in quarantine only
		if on.By == fsm.World && !strays && !slices.Contains(d.Awaits, on.Name) && len(a.l.Table.Cell(a.state, on.Name).Rows) > 0 {
			out = append(out, string(on.Name))
		}
	}
	return out
}

func (a asking) awaited(on fsm.Trigger) Awaited {
	d, _ := a.l.Table.Trigger(on)
	c := a.l.Table.Cell(a.state, on)
	out := Awaited{On: string(on), Doc: d.Doc}
	for _, r := range c.Rows {
		out.Leads = append(out.Leads, Lead{To: string(r.To), If: said(r.If), Row: r.ID})
	}
	if len(c.Rows) == 0 && c.Blank != nil {
		out.Note = c.Blank.Doc
	}
	return out
}

// gate is what keeps the next attempt from starting.
func (a asking) gate() *Gate {
	if a.quarantined() {
		q := lifecycle.Quarantine
		return &Gate{Reason: q.Reasons[0], Must: q.Doc, Message: a.s.Message, How: a.fill(q.How), Operator: true}
	}
	if !a.gated() {
		return nil
	}
	g, message, shut := a.l.Shut(a.s, a.f)
	if !shut {
		return nil
	}
	reason := g.Reasons[0]
	if slices.Contains(g.Reasons, a.s.Reason) {
		reason = a.s.Reason
	}
	return &Gate{Reason: reason, Must: g.Doc, Message: message, How: a.fill(g.How), Operator: g.Live}
}

// fill names the run in a command, and the program as it was called.
func (a asking) fill(how string) string {
	return strings.NewReplacer("{name}", a.name, "runfleet ", a.program+" ").Replace(how)
}

// guards are the questions that what comes next depends on: of what the state awaits, of what holds already, and of what a
// clock brings. Of a group of which exactly one holds, it is that one.
func (a asking) guards(d fsm.StateDef, agenda []Event) []Guard {
	var out []Guard
	for _, on := range a.l.Table.Triggers {
		coming := slices.Contains(d.Awaits, on.Name) || on.By != fsm.World && a.holding(on.Name) ||
			slices.ContainsFunc(agenda, func(e Event) bool { return e.On == string(on.Name) })
		if !coming {
			continue
		}
		for _, r := range a.l.Table.Cell(a.state, on.Name).Rows {
			if g, ok := a.guard(r); ok && !slices.ContainsFunc(out, func(o Guard) bool { return o.Name == g.Name }) {
				out = append(out, g)
			}
		}
	}
	// What does not hold comes first: it is what somebody asks for.
	slices.SortStableFunc(out, func(x, y Guard) int {
		switch {
		case x.Holds == y.Holds:
			return 0
		case y.Holds:
			return -1
		default:
			return 1
		}
	})
	return out
}

// guard answers the guard of a row, where that is news.
func (a asking) guard(r fsm.Row) (Guard, bool) {
	if r.If == "" {
		return Guard{}, false
	}
	answer, ok := a.l.Ask(bare(r.If), a.s, a.f)
	grouped := a.grouped(r.If)
	switch {
	case !ok, grouped && !answer.Holds:
		return Guard{}, false
	case answer.Holds && answer.Open == "" && !grouped:
		return Guard{}, false // as it should be, and nothing asks
	}
	g := Guard{Name: string(answer.Guard.Name), Holds: answer.Holds, Asks: answer.Guard.Doc, Open: answer.Open}
	if grouped {
		g.Leads = string(r.To)
	}
	for _, i := range answer.Inputs {
		g.Inputs = append(g.Inputs, Fact{i.Name, i.Value})
	}
	return g, true
}

// forever is a time that nobody awaits: a retention without an end.
const forever = 10 * 365 * 24 * time.Hour

// agenda is what time alone does. What has passed and would have fired is due, and is told there.
func (a asking) agenda() []Event {
	var out []Event
	for _, m := range a.l.Moments(a.s, a.f) {
		e := Event{At: m.At.UTC(), On: string(m.On), Doc: m.Doc, Sure: m.Sure}
		c := a.l.Table.Cell(a.state, m.On)
		late := !m.At.After(a.f.Now)
		kept := a.f.Run.Preserve && (m.Name == lifecycle.Retention || m.Name == lifecycle.Expiry)
		switch {
		case m.Look, kept, m.At.Sub(a.f.Now) > forever, late && m.On != "":
			continue
		case m.On != "" && len(c.Rows) == 0 && (c.Blank == nil || c.Blank.Mark == fsm.Never || c.Blank.Mark == fsm.Ignored):
			continue
		case m.On != "" && len(c.Rows) == 0:
			e.Doc += " " + c.Blank.Doc
		}
		for _, r := range c.Rows {
			to := string(r.To)
			if r.To == a.state || slices.Contains(e.To, to) || !a.may(r) {
				continue
			}
			e.To = append(e.To, to)
		}
		e.Sure = e.Sure && (len(e.To) > 0 || len(c.Rows) == 0)
		out = append(out, e)
	}
	return out
}

// grouped says that a guard is one of several of which exactly one holds.
func (a asking) grouped(g fsm.Guard) bool {
	return slices.ContainsFunc(a.l.Table.Groups, func(group []fsm.Guard) bool { return slices.Contains(group, bare(g)) })
}

// may says that a row can fire as far as anybody knows: its guard holds, or may be answered otherwise when it is asked.
func (a asking) may(r fsm.Row) bool {
	if r.If == "" {
		return true
	}
	answer, _ := a.l.Ask(bare(r.If), a.s, a.f)
	if a.grouped(r.If) { // of which one holds so far
		return answer.Holds
	}
	return answer.Open != "" || answer.Holds == (bare(r.If) == r.If)
}

// earliest is when the first thing can happen by itself.
func (a asking) earliest(e Explanation) Bound {
	first := func(why string) Bound {
		for _, event := range e.Agenda {
			if event.At.After(a.f.Now) {
				return Bound{When: AtTime, At: new(event.At), Why: event.Doc}
			}
		}
		return Bound{When: Never, Why: why}
	}
	switch open := lifecycle.Open(a.s); {
	case e.Due != nil:
		return Bound{When: AtOnce, At: new(a.f.Now.UTC()), Why: e.Due.On}
	case e.Gate != nil && e.Gate.Reason == v1.ReasonSuspended:
		return first(e.Gate.Message)
	case e.Gate != nil && e.Gate.Reason == v1.ReasonBackOff:
		return first("")
	case len(e.Awaits) == 0:
		return first("")
	case open != nil && a.f.Cluster.Link != lifecycle.Answers:
		return first("")
	default:
		return Bound{When: AnyMoment, Why: "as soon as the operator sees it"}
	}
}

// latest is when something has happened by itself, whatever the world does.
func (a asking) latest(d fsm.StateDef, e Explanation) Bound {
	for _, event := range e.Agenda {
		if event.Sure && event.At.After(a.f.Now) {
			return Bound{When: AtTime, At: new(event.At), Why: event.Doc}
		}
	}
	switch {
	case e.Due != nil:
		return Bound{When: AtOnce, At: new(a.f.Now.UTC()), Why: e.Due.On}
	case a.quarantined():
		return Bound{When: Never, Why: "every member must have been counted first (rule Q)"}
	case d.Waits != "":
		return Bound{When: Never, Why: "it may wait for ever " + d.Waits}
	case d.Terminal:
		return Bound{When: Never, Why: "the run has ended"}
	default:
		return Bound{When: Never, Why: "nothing bounds it by time"}
	}
}
