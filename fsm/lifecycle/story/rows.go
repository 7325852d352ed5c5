package story

import (
	"slices"
	"sync"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// rows finds the row of a table by what the history keeps of it; a test proves that this is enough.
type rows map[move]row

type move struct {
	from, to fsm.State
	on       fsm.Trigger
}

type row struct {
	fsm.Row

	attempt bool // it takes up another attempt
}

var docsRows, codeRows = sync.OnceValue(func() rows { return index(lifecycle.DocsTable()) }),
	sync.OnceValue(func() rows { return index(lifecycle.CodeTable()) })

func index(t fsm.Table) rows {
	all := rows{}
	for _, r := range t.Rows {
		begins := slices.ContainsFunc(t.Actions, func(d fsm.ActionDef) bool { return d.NewAttempt && slices.Contains(r.Do, d.Name) })
		for _, from := range r.From {
			m := move{from: from, to: r.To, on: r.On}
			if r.To == fsm.Same {
				m.to = from
			}
			if _, taken := all[m]; !taken {
				all[m] = row{r, begins}
			}
		}
	}
	return all
}

// of is zero for a row of another version.
func (r rows) of(tr v1.Transition) row {
	return r[move{from: fsm.State(tr.From), to: fsm.State(tr.To), on: fsm.Trigger(tr.On)}]
}
