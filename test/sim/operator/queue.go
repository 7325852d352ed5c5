package operator

import (
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// entry is one run in the work queue, or one member that is to be swept, or the hub's next sign of life. As in
// controller-runtime's priority queue an item is there once: it is due at some moment, the earliest that was asked for, and
// the look that takes it also takes any later moment away.
type entry struct {
	kind     lifecycle.Kind
	key      types.NamespacedName
	look     func() (reconcile.Result, error)
	due      time.Time // zero: not in the queue
	pass     *pass     // the look that is under way
	failures int
}

// taker takes what production posts for a kind.
func (o *Operator) taker(kind lifecycle.Kind) func(types.NamespacedName) {
	return func(key types.NamespacedName) {
		if o.Plant.LoseWakeUp != nil && o.Plant.LoseWakeUp(o) {
			return
		}
		o.add(o.entry(kind, key), 0)
	}
}

func (o *Operator) entry(kind lifecycle.Kind, key types.NamespacedName) *entry {
	for _, e := range o.entries {
		if e.kind == kind && e.key == key {
			return e
		}
	}
	e := &entry{kind: kind, key: key}
	switch kind {
	case lifecycle.DocsRun, lifecycle.CodeRun:
		e.look = func() (reconcile.Result, error) { return o.recs[kind].Look(quiet, key) }
	case swept:
		e.look = o.sweeping(key.Name)
	case beats:
		e.look = func() (reconcile.Result, error) { return o.beat(), nil }
	}
	o.entries = append(o.entries, e)
	return e
}

func (o *Operator) add(e *entry, after time.Duration) {
	due := o.Time.Now().Add(after)
	if !e.due.IsZero() && !e.due.After(due) {
		return
	}
	e.due = due
	o.arm(e)
}

// arm lets a worker take the entry when it is due.
func (o *Operator) arm(e *entry) {
	due := e.due
	wait := max(0, due.Sub(o.Time.Now())) + o.Time.Usually(time.Millisecond, 50*time.Millisecond)
	o.after(wait, func() {
		if e.due.Equal(due) && e.pass == nil {
			e.due = time.Time{}
			o.look(e)
		}
	})
}

// look begins a pass.
func (o *Operator) look(e *entry) {
	if !o.pulse.known && e.kind != beats {
		o.pulse.waits = append(o.pulse.waits, e)
		return
	}
	e.pass = &pass{entry: e}
	o.Workers.take(e.pass, e.look)
	o.resume(e)
}

// resume lets a pass go on until it waits again, or is done.
func (o *Operator) resume(e *entry) {
	p := e.pass
	o.running = p
	done := o.Workers.resume(p)
	o.running = nil
	if !done {
		return
	}
	e.pass = nil
	o.done(e, p.result, p.err)
}

// done puts the entry back as a controller does.
func (o *Operator) done(e *entry, result reconcile.Result, err error) {
	if !e.due.IsZero() { // asked for while the pass went on
		defer o.arm(e)
	}
	switch {
	case err != nil:
		o.sayf("a look at %s %s ends with: %v", e.kind, e.key, err)
		back := min(reconcilers.FirstRetry<<min(e.failures, 20), reconcilers.LastRetry)
		e.failures++
		o.add(e, back)
	case result.RequeueAfter > 0:
		e.failures = 0
		o.add(e, result.RequeueAfter)
	default:
		e.failures = 0
	}
}

var kindOf = map[apiserver.Kind]lifecycle.Kind{apiserver.DocsRun: lifecycle.DocsRun, apiserver.CodeRun: lifecycle.CodeRun}

// LooksWithin says that the run is being looked at, or will be soon, or is tried again after an error.
func (o *Operator) LooksWithin(k apiserver.Kind, key types.NamespacedName, soon time.Duration) bool {
	e := o.entry(kindOf[k], key)
	return !o.pulse.known || e.pass != nil || e.failures > 0 || !e.due.IsZero() && e.due.Sub(o.Time.Now()) <= soon
}

// Ask lets production look at a run although nobody asked for it. Probe answers what it would write.
func (o *Operator) Ask(k apiserver.Kind, key types.NamespacedName) {
	_, _ = o.recs[kindOf[k]].Look(quiet, key) // only what it would write matters
}
