package operator

import (
	"errors"
	"fmt"
	"iter"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// pass is one look as a coroutine: it runs until it sends a request, and goes on when the answer has come.
type pass struct {
	entry  *entry
	answer error // to the request that it waits for
	result reconcile.Result
	err    error // of the whole look

	yield func(struct{}) bool
	next  func() bool
	stop  func()
	dead  bool
}

// errDead is what every request of a process that was killed gets. Nobody hears of it: it only lets the coroutine end.
var errDead = errors.New("the process was killed")

func newPass(e *entry, look func() (reconcile.Result, error)) *pass {
	p := &pass{entry: e}
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		p.yield = yield
		p.result, p.err = look()
	})
	p.next = func() bool { _, more := next(); return more }
	p.stop = stop
	return p
}

// wait hands control back until somebody resumes the pass. It is false when the process was killed meanwhile.
func (p *pass) wait() bool {
	if p.dead || !p.yield(struct{}{}) {
		p.dead = true
	}
	return !p.dead
}

// abandon is the end of a pass whose process was killed: it does nothing any more.
func (p *pass) abandon() {
	p.dead = true
	p.stop()
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
	b.o.say("%s/%s %s", run.GetNamespace(), run.GetName(), what)
}

func (o *Operator) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(o.Name, fmt.Sprintf(format, args...))
	}
}
