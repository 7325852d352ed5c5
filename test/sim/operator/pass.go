package operator

import (
	"errors"
	"fmt"
	"iter"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// pass is one look: it runs until it sends a request, and goes on when the answer has come.
type pass struct {
	entry  *entry
	answer error // to the request that it waits for
	result reconcile.Result
	err    error // of the whole look
	dead   bool  // its process was killed
	worker *worker
}

// errDead is what every request of a process that was killed gets. Nobody hears of it: it only lets the look end.
var errDead = errors.New("the process was killed")

// wait hands control back until somebody resumes the pass. It is false when the process was killed meanwhile.
func (p *pass) wait() bool {
	if !p.dead {
		p.worker.yield(false)
	}
	return !p.dead
}

// worker is a coroutine that does one look after the other. Stories use the same few again and again: a new one would have
// to grow its stack first.
type worker struct {
	look  func() (reconcile.Result, error)
	pass  *pass
	yield func(done bool) bool
	next  func() (done, more bool)
	stop  func()
}

// Workers are the coroutines of one story.
type Workers struct {
	idle, all []*worker
}

// take hands a look to a worker; resume begins it.
func (w *Workers) take(p *pass, look func() (reconcile.Result, error)) {
	if len(w.idle) == 0 {
		w.idle = append(w.idle, w.hire())
	}
	last := len(w.idle) - 1
	p.worker = w.idle[last]
	w.idle = w.idle[:last]
	p.worker.pass, p.worker.look = p, look
}

func (w *Workers) hire() *worker {
	k := &worker{}
	k.next, k.stop = iter.Pull(func(yield func(bool) bool) {
		k.yield = yield
		for more := true; more; more = yield(true) {
			k.pass.result, k.pass.err = k.look()
		}
	})
	w.all = append(w.all, k)
	return k
}

// resume lets a pass go on until it waits again, and says whether it is done.
func (w *Workers) resume(p *pass) bool {
	done, _ := p.worker.next()
	if done {
		w.idle = append(w.idle, p.worker)
	}
	return done
}

// Dismiss ends the coroutines. No look may be under way.
func (w *Workers) Dismiss() {
	for _, k := range w.all {
		k.stop()
	}
}

// observer tells the transcript what was committed.
type observer struct{ o *Operator }

// Committed implements reconcilers.Observer.
func (b observer) Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision) {
	if b.o.Say == nil {
		return
	}
	what := fmt.Sprintf("notes %s (%s)", d.Status.Phase, d.Status.Reason)
	if d.Row.ID != "" {
		what = fmt.Sprintf("knows %s -> %s, row %s %s", was.Phase, d.Status.Phase, d.Row.ID, d.Row.On)
	}
	b.o.sayf("%s/%s %s", run.GetNamespace(), run.GetName(), what)
}

func (o *Operator) sayf(format string, args ...any) {
	if o.Say != nil {
		o.Say(o.Name, fmt.Sprintf(format, args...))
	}
}
