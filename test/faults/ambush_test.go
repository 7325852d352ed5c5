//go:build faults

package faults

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// ambush kills the operator at the points of plans: the requests that the gates show to it.
type ambush struct {
	keeper *keeper

	mu     sync.Mutex
	plans  map[string]*plan // by the namespace of their run
	stored map[string]int64 // by namespace: the newest row that the hub has
}

// plan is when the operator is killed for one run: around the commit of a row and after each effect that follows.
type plan struct {
	row    string // "" for what happens before the first
	stage  stage
	seq    int64           // of the commit
	struck map[string]bool // the effects that the operator did not survive
	notes  int             // writes of the status without a row among them
	kills  []string        // at which points the operator was killed: beforeCommit, afterCommit, or after which effect
}

type stage int

// The stages of a plan. In each the operator is killed once, in acting once for each effect.
const (
	waiting    stage = iota // for the row's commit, which must not reach the hub
	committing              // for it to be stored, which the operator must not learn
	acting                  // for effects
	over                    // the next commit is stored
)

const (
	beforeCommit = "before the commit"
	afterCommit  = "after the commit"
	// maxNotes is how many writes of the status without a row count as effects: what they note is not the same each time, so
	// that each of them could lead to another one.
	maxNotes = 3
)

// lay makes the plan for a run. It is the only one in its namespace, in which nothing has been stored yet, or not any more.
func (a *ambush) lay(namespace, row string) *plan {
	p := &plan{row: row, struck: map[string]bool{}}
	if row == "" {
		p.stage = acting
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plans[namespace] = p
	delete(a.stored, namespace)
	return p
}

// kills are the points of a plan at which the operator was killed.
func (a *ambush) kills(p *plan) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(p.kills)
}

// before says that the operator was killed, and the request must not be passed on.
func (a *ambush) before(q *request) bool {
	c, ok := q.commits()
	if !ok {
		return false
	}
	a.mu.Lock()
	p := a.plans[q.namespace]
	hit := p != nil && p.stage == waiting && c.row == p.row && c.seq > a.stored[q.namespace]
	if hit {
		p.stage = committing
		p.kills = append(p.kills, beforeCommit)
	}
	a.mu.Unlock()
	if hit {
		a.keeper.strike(q.life)
	}
	return hit
}

// after says that the operator was killed, and must not get the answer.
func (a *ambush) after(q *request, code int) bool {
	if code >= http.StatusMultipleChoices {
		return false
	}
	a.mu.Lock()
	hit := a.hits(q)
	a.mu.Unlock()
	if hit {
		a.keeper.strike(q.life)
	}
	return hit
}

func (a *ambush) hits(q *request) bool {
	c, isCommit := q.commits()
	if isCommit && c.seq > a.stored[q.namespace] {
		a.stored[q.namespace] = c.seq
		return a.plans[q.namespace].committed(c)
	}
	for namespace, p := range a.plans {
		if p.stage == acting && q.effect(namespace) {
			return p.acted(q)
		}
	}
	return false
}

// committed says whether the operator is killed after a row was stored.
func (p *plan) committed(c commit) bool {
	switch {
	case p == nil:
		return false
	case p.stage == committing && c.row == p.row:
		p.stage, p.seq = acting, c.seq
		p.kills = append(p.kills, afterCommit)
		return true
	case p.stage == acting:
		p.stage = over
	}
	return false
}

// acted says whether the operator is killed after an effect: the first time that it happens.
func (p *plan) acted(q *request) bool {
	effect := q.method + " " + q.resource
	key := effect + q.namespace + q.name
	if _, note := q.commits(); note {
		if p.notes == maxNotes {
			return false
		}
		p.notes++
		effect = "a note in the status"
		key = fmt.Sprint(effect, p.notes)
	}
	if p.struck[key] {
		return false
	}
	p.struck[key] = true
	p.kills = append(p.kills, effect)
	return true
}
