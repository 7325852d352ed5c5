package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// asking is one explanation in the making.
type asking struct {
	l       lifecycle.Lifecycle
	s       v1.RunStatus
	f       lifecycle.Facts
	state   fsm.State
	sees    []fsm.Trigger // what holds, most important first
	program string
	name    string
}

// Of explains a run as far as the hub shows it. program is how the one who asks called it, such as "kubectl runfleet", and name
// is how commands call the run, such as "coderun/auth-7 -n team-a"; its first word is the run. Of the facts only those of [Hub]
// count. It is an error if the table does not know the run's phase: another version wrote it.
func Of(l lifecycle.Lifecycle, program, name string, s v1.RunStatus, f lifecycle.Facts) (Explanation, error) {
	f = Hub(s, f)
	a := asking{l: l, s: s, f: f, state: fsm.State(s.Phase), program: program, name: name}
	if s.Phase == "" {
		a.state = l.Table.Initial
		a.s.Phase = v1.Phase(a.state)
	}
	d, ok := l.Table.State(a.state)
	if !ok {
		return Explanation{}, fmt.Errorf(
			"phase %q is not in the table of %s: another version of Runfleet wrote it, and that one explains it",
			s.Phase, l.Table.Name)
	}
	a.sees = l.Sense(a.s, f)
	run, _, _ := strings.Cut(name, " ")
	e := Explanation{
		Program: program, Run: run, Kind: string(l.Kind), Now: f.Now.UTC(), State: string(a.state), Meaning: d.Doc, Since: a.since(),
		Reason: s.Reason, Message: s.Message, Attempt: s.Attempt, Cluster: s.Cluster,
		Doubts: a.doubts(), Why: a.why(), Due: a.due(),
	}
	if e.Why == nil {
		e.Begun = a.begun()
	}
	e.Awaits, e.Gate, e.Also = a.awaits(d), a.gate(), a.also(d)
	if len(e.Awaits) == 0 {
		e.Idle = idle(d)
	}
	if s.LastUpdate != nil && lifecycle.Open(s) != nil {
		e.Looked = new(s.LastUpdate.UTC())
	}
	e.Noted, e.Agenda = a.noted(), a.agenda()
	e.Guards = a.guards(d, e.Agenda)
	e.Early, e.Late = a.earliest(e), a.latest(d, e)
	e.Left, e.Options = a.left(), a.options(e)
	return e, nil
}

// quarantined says that nothing fires (rule Q).
func (a asking) quarantined() bool { return a.l.Quarantined(a.s, a.f) }

// doubts say why the status may not be how it is.
func (a asking) doubts() []string {
	var out []string
	switch {
	case a.s.ObservedGeneration == 0 && a.s.Transitions == 0:
		out = append(out, "No operator has looked at the run yet: is one running?")
	case a.f.Run.Generation > a.s.ObservedGeneration && a.s.ObservedGeneration > 0 && !final(a.state, a.l.Table):
		out = append(out, fmt.Sprintf("The run was changed (generation %d), and the operator has not looked at it since (%d).",
			a.f.Run.Generation, a.s.ObservedGeneration))
	}
	if lifecycle.Open(a.s) == nil {
		return out
	}
	switch c := a.f.Cluster; c.Link {
	case lifecycle.Answers:
	case lifecycle.Foreign:
		out = append(out, fmt.Sprintf("Member %s is another cluster than the one that has the attempt: nothing is sent there.", c.Name))
	case lifecycle.Unregistered:
		out = append(out, fmt.Sprintf("Member %s has no MemberCluster any more: nobody can be asked about the attempt.", c.Name))
	default:
		said := fmt.Sprintf("Member %s does not answer", c.Name)
		if !c.SilentSince.IsZero() {
			said += fmt.Sprintf(", since %s", stamp(c.SilentSince))
		}
		out = append(out, said+": what is known of the attempt is of before.")
	}
	return out
}

func final(s fsm.State, t fsm.Table) bool {
	d, _ := t.State(s)
	return d.Terminal
}

// begun says why no row is known that led to the state.
func (a asking) begun() string {
	switch {
	case a.state == a.l.Table.Initial && a.s.Transitions == 0:
		return "Every run begins so."
	case len(a.s.History) == 0:
		return "It has no history: it was converted from the original system, or its history was taken away."
	default:
		return fmt.Sprintf("Its history no longer tells: it begins with entry %d.", a.s.History[0].Seq)
	}
}

// due is the row that fires as soon as the operator looks.
func (a asking) due() *Step {
	row := a.l.Decide(a.s, a.f).Row
	if row.ID == "" {
		return nil
	}
	return new(stepOf(row))
}

func stepOf(r fsm.Row) Step {
	return Step{From: string(r.From[0]), On: string(r.On), To: string(r.To), Row: r.ID, Doc: r.Doc}
}

// noted are the triggers that hold and have no row here, for a reason that a person may want to know.
func (a asking) noted() []Noted {
	var out []Noted
	for _, on := range a.sees {
		d, _ := a.l.Table.Trigger(on)
		c := a.l.Table.Cell(a.state, on)
		told := slices.ContainsFunc(a.s.History, func(t v1.Transition) bool { return t.On == string(on) }) ||
			on == lifecycle.ContextRaised && a.s.ContextVersion == 0 || on == lifecycle.SuspendRequested && a.gated()
		if d.By == fsm.World || told || c.Blank == nil || slices.ContainsFunc(c.Rows, a.may) {
			continue
		}
		if matters := c.Blank.Mark == fsm.Gate || c.Blank.Mark == fsm.Verdict; d.By == fsm.Person || matters {
			out = append(out, Noted{On: string(on), Doc: c.Blank.Doc})
		}
	}
	return out
}

// gated says that what is waited for is a gate.
func (a asking) gated() bool {
	return a.state == lifecycle.Pending || a.state == lifecycle.Retrying
}

// holding says that a trigger holds now.
func (a asking) holding(on fsm.Trigger) bool { return slices.Contains(a.sees, on) }
