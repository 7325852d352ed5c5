package explain

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// arrival is the index of the history's entry that led to the state; -1 where none is there.
func (a asking) arrival() int {
	for i, t := range slices.Backward(a.s.History) {
		if t.To != a.s.Phase {
			return -1
		}
		if t.From != t.To {
			return i
		}
	}
	return -1
}

// since is when the run came to the state, as far as the history goes back.
func (a asking) since() time.Time {
	h := a.s.History
	switch i := a.arrival(); {
	case i >= 0:
		return h[i].Time.UTC()
	case len(h) > 0:
		return h[0].Time.UTC()
	case a.s.FinishedAt != nil:
		return a.s.FinishedAt.UTC()
	default:
		return a.f.Run.Created.UTC()
	}
}

// why tells the row that led to the state.
func (a asking) why() *Why {
	i := a.arrival()
	if i < 0 {
		return nil
	}
	t := a.s.History[i]
	row := a.row(t)
	w := &Why{Step: stepOf(row), Seq: t.Seq, Time: t.Time.UTC(), Facts: a.facts(t)}
	if g := row.If; g != "" {
		w.If = said(g)
		w.Asks = a.asks(g)
	}
	for _, then := range a.s.History[i+1:] {
		r := a.row(then)
		w.Then = append(w.Then, Stay{Time: then.Time.UTC(), On: then.On, Row: r.ID, Doc: r.Doc})
	}
	return w
}

// row is the row of a transition; one without an ID where another table was at work.
func (a asking) row(t v1.Transition) fsm.Row {
	from, on, to := fsm.State(t.From), fsm.Trigger(t.On), fsm.State(t.To)
	if rows := a.l.Table.Between(from, on, to); len(rows) > 0 {
		return rows[0]
	}
	return fsm.Row{From: []fsm.State{from}, On: on, To: to, Doc: "The table of this version has no such row: another one was at work."}
}

// asks is what a guard asks, whether it is negated or not.
func (a asking) asks(g fsm.Guard) string {
	answer, _ := a.l.Ask(bare(g), a.s, a.f)
	return answer.Guard.Doc
}

func bare(g fsm.Guard) fsm.Guard {
	if g != "" && g[0] == '!' {
		return fsm.Not(g)
	}
	return g
}

// said reads "RetryDue" or "not RetryDue".
func said(g fsm.Guard) string {
	if bare(g) != g {
		return "not " + string(bare(g))
	}
	return string(g)
}

// facts are what the row that led here wrote down of the attempt that it was about.
func (a asking) facts(t v1.Transition) []Fact {
	var out []Fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, Fact{name, value})
		}
	}
	i := slices.IndexFunc(a.s.Attempts, func(e v1.Attempt) bool { return e.Number == t.Attempt })
	if i < 0 {
		add("class", string(t.Class))
		return out
	}
	e := a.s.Attempts[i]
	field := func(name string) string { return fmt.Sprintf("attempts[%d].%s", e.Number, name) }
	switch t.To {
	case v1.PhaseProvisioning:
		add(field("cluster"), e.Cluster)
		add(field("contextVersion"), fmt.Sprint(e.ContextVersion))
	case v1.PhaseRunning:
		add(field("cluster"), e.Cluster)
		add(field("startSeenAt"), moment(e.StartSeenAt))
	case v1.PhaseStopping:
		add("stopCause", string(a.s.StopCause))
		add(field("stopRequestedAt"), moment(e.StopRequestedAt))
	default:
		add(field("class"), string(cmp.Or(t.Class, e.Class)))
		if e.ExitCode != nil {
			add(field("exitCode"), fmt.Sprint(*e.ExitCode))
		}
		add(field("endedBy"), string(e.EndedBy))
		if e.Message != a.s.Message { // that stands above
			add(field("message"), e.Message)
		}
	}
	return out
}

func moment(t *metav1.MicroTime) string {
	if t == nil {
		return ""
	}
	return stamp(t.Time)
}

// stamp is a time as manifests have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
