package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// options are what a person can do: against what is in the way, and then whatever the table lets a person ask for here.
func (a asking) options(e Explanation) []Option {
	var out []Option
	if g := e.Gate; g != nil && g.How != "" && a.s.ObservedGeneration > 0 {
		o := Option{Do: g.How, Words: !strings.HasPrefix(g.How, a.program+" ")}
		if !o.Words {
			o.Doc = "So that it holds: " + g.Must
		}
		out = append(out, o)
	}
	out = append(out, a.advice()...)
	out = append(out, a.abandon()...)
	for _, d := range a.l.Table.Triggers {
		if d.By == fsm.Person && !a.holding(d.Name) {
			out = append(out, a.asked(d)...)
		}
	}
	// The end of the object is what a person comes to last.
	slices.SortStableFunc(out, func(x, y Option) int { return strings.Compare(a.last(x), a.last(y)) })
	return out
}

// last is "z" for what the run does not survive.
func (a asking) last(o Option) string {
	if d, ok := a.l.Table.State(fsm.State(o.To)); ok && d.Last {
		return "z"
	}
	return ""
}

// asked is what comes of a person's asking, where anything does.
func (a asking) asked(d fsm.TriggerDef) []Option {
	c := a.l.Table.Cell(a.state, d.Name)
	if a.quarantined() {
		return nil // nothing but the count is looked at
	}
	for _, r := range c.Rows {
		if a.may(r) {
			return []Option{{Do: a.fill(d.How), To: string(r.To), Doc: r.Doc}}
		}
	}
	if c.Blank != nil && slices.Contains([]fsm.Mark{fsm.Gate, fsm.Verdict}, c.Blank.Mark) {
		return []Option{{Do: a.fill(d.How), Doc: c.Blank.Doc}}
	}
	return nil
}

// advice is what the class table says of a run that has failed, or of an attempt that cannot start.
func (a asking) advice() []Option {
	if a.s.Phase != v1.PhaseFailed && a.s.Phase != v1.PhaseProvisioning {
		return nil
	}
	for _, d := range lifecycle.Classes {
		if string(d.Class) == a.s.Reason && d.Advice != "" {
			return []Option{{Do: d.Advice, Doc: d.Doc, Words: true}}
		}
	}
	return nil
}

// abandon is a person's word that an attempt has ended, where it counts: for one that must end, on a member that is lost.
func (a asking) abandon() []Option {
	e := lifecycle.Open(a.s)
	ending := slices.Contains([]v1.Phase{v1.PhaseStopping, v1.PhaseTerminating}, a.s.Phase)
	if e == nil || !ending || a.f.Cluster.Link == lifecycle.Answers || a.f.Run.Abandoned == e.Number {
		return nil
	}
	return []Option{{
		Do: fmt.Sprintf("kubectl annotate %s %s=%d", a.name, v1.AnnotationAbandonRemote, e.Number),
		Doc: fmt.Sprintf("Only if you know for certain that attempt %d has ended: it then counts as ended once its member was silent for "+
			"timing.clusterLostGraceSeconds.", e.Number),
	}}
}
