package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/timeline"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Weather is how requests fare on their way.
type Weather struct {
	Links map[string]*Link // by cluster
	// Hit counts what was done to requests.
	Hit func(fault string)
	// Landed is told of every request of an operator that changed something, before and after it did.
	Landing, Landed func(*Request)
}

// Link is the way to one cluster.
type Link struct {
	Down    bool          // nothing passes
	Gone    bool          // nobody listens there: who asks is refused, and who waits for an answer is cut off
	Ends    int           // how often it went: what was under way then never arrives
	Expired bool          // the credentials are not accepted any more
	Errors  float64       // this share is answered with an error and not carried out
	Lost    float64       // this share gets no answer and is carried out, or not, or later; as many are carried out twice
	Refuses bool          // an admission webhook says no to what operators create
	Lag     time.Duration // by which watches are behind
}

// Hides says that nothing is seen through the link.
func (l *Link) Hides() bool { return l.broken() != nil }

// broken is the answer to a probe, nil when the link works.
func (l *Link) broken() error {
	switch {
	case l.Down:
		return context.DeadlineExceeded
	case l.Gone:
		return errGone
	case l.Expired:
		return errExpired
	default:
		return nil
	}
}

var (
	errGone    = errors.New("connect: connection refused")
	errExpired = apierrors.NewUnauthorized("Unauthorized")
)

func (w *Weather) link(name string) *Link {
	if w.Links[name] == nil {
		w.Links[name] = &Link{}
	}
	return w.Links[name]
}

func (w *Weather) refuses(s *apiserver.Server, r *Request) error {
	if !w.link(s.Name).Refuses {
		return nil
	}
	w.Hit("refused")
	return apierrors.NewForbidden(r.Kind.Resource(), r.Object.GetName(), fmt.Errorf("denied by webhook policy.example.com"))
}

// send sends a request and lets the pass wait for its answer.
func (c *connection) send(r *Request) error {
	o := c.o
	r.Server, r.from, r.life = c.server, o, o.life
	p := o.running
	switch {
	case p == nil:
		return c.look(r)
	case p.dead:
		return errDead
	}
	if r.Writes() {
		o.Writes++
	}
	if o.Plant.Request != nil {
		o.Plant.Request(r)
	}
	c.dispatch(p, r)
	if !p.wait() {
		return errDead
	}
	return p.answer
}

// look answers a request outside of any pass: a probe that asks whether somebody would have something to do.
func (c *connection) look(r *Request) error {
	if c.o.Probe != nil && r.Writes() {
		return c.o.Probe(r)
	}
	return r.land()
}

// dispatch decides how the request and its answer travel.
func (c *connection) dispatch(p *pass, r *Request) {
	t := c.o.Time
	there, back := t.Usually(3*time.Millisecond, 300*time.Millisecond), t.Usually(3*time.Millisecond, 300*time.Millisecond)
	switch l := c.link; {
	case l.Down:
		c.answerAfter(p, r, RequestTimeout, nil)
	case l.broken() != nil:
		c.answerAfter(p, r, there+back, l.broken())
	case t.Chance(l.Errors):
		err := c.refusal(r)
		c.o.Weather.Hit("error")
		c.answerAfter(p, r, there+back, err)
	case t.Chance(l.Lost):
		c.lose(p, r)
	case r.Writes() && t.Chance(l.Lost):
		c.o.Weather.Hit("request repeated")
		c.landAfter(there, r, func(err error) { c.answerAfter(p, r, back, err) })
		again := r.again()
		c.landAfter(there+t.Usually(5*time.Second, 5*time.Minute), again, func(error) {})
	default:
		c.landAfter(there, r, func(err error) { c.answerAfter(p, r, back, err) })
	}
}

// refusal is an error that means nothing.
func (c *connection) refusal(r *Request) error {
	name := r.Object.GetName()
	switch c.o.Time.Dice.IntN(4) {
	case 0:
		return apierrors.NewTooManyRequests("too many requests, please try again later", 1)
	case 1:
		return apierrors.NewInternalError(fmt.Errorf("etcdserver: leader changed"))
	case 2:
		if r.Verb == "commit" || r.Verb == "update" || r.Verb == "patch" {
			return apierrors.NewConflict(r.Kind.Resource(), name, fmt.Errorf("the object has been modified"))
		}
		return apierrors.NewServiceUnavailable("the server is currently unable to handle the request")
	default:
		return apierrors.NewServerTimeout(r.Kind.Resource(), r.Verb, 1)
	}
}

// lose lets the sender wait in vain. The request is carried out in time, or not at all, or when nobody expects it.
func (c *connection) lose(p *pass, r *Request) {
	t := c.o.Time
	fate := timeline.Pick(t, "applied", "dropped", "late")
	if !r.Writes() {
		fate = "dropped"
	}
	c.o.Weather.Hit("time-out, " + fate)
	switch fate {
	case "applied":
		c.landAfter(t.Between(0, RequestTimeout), r, func(error) {})
	case "late":
		c.landAfter(RequestTimeout+t.Usually(20*time.Second, 10*time.Minute), r, func(error) {})
	}
	c.answerAfter(p, r, RequestTimeout, nil)
}

// landAfter carries the request out a little later, whatever becomes of its sender.
func (c *connection) landAfter(d time.Duration, r *Request, then func(error)) {
	o, ends := c.o, c.link.Ends
	o.Time.After(d, func() {
		if c.link.Gone || c.link.Ends != ends {
			then(errGone)
			return
		}
		if !r.Writes() {
			then(r.land())
			return
		}
		o.Weather.Landing(r)
		err := r.land()
		if o.Say != nil {
			o.sayf("%s", r.told(err))
		}
		if err == nil {
			o.Weather.Landed(r)
		}
		then(err)
		if o.OnWrite != nil && r.life == o.life {
			o.OnWrite(o)
		}
	})
}

// answerAfter resumes the pass. A nil error after RequestTimeout is a time-out.
func (c *connection) answerAfter(p *pass, r *Request, d time.Duration, err error) {
	sent := c.o.Time.Now()
	if d >= RequestTimeout {
		err = context.DeadlineExceeded
	}
	c.o.after(d, func() {
		if p.entry.pass != p {
			return
		}
		if d >= RequestTimeout {
			r.late = true
		} else if c.o.Time.Now().Sub(sent) > RequestTimeout && c.o.Time.Chance(0.5) {
			err = context.DeadlineExceeded // the process was stopped: its clock ran, and the answer was there
		}
		if err == nil && c.link.Gone {
			err = errGone // it was carried out
		}
		p.answer = err
		c.o.resume(p.entry)
	})
}

// told is the request as the transcript shows it.
func (r *Request) told(err error) string {
	result := "ok"
	if err != nil {
		result = err.Error()
	}
	late := ""
	if r.Late() {
		late = " (late)"
	}
	return fmt.Sprintf("%-6s %s %s on %s%s: %s", r.Verb, r.Kind, client.ObjectKeyFromObject(r.Object), r.Server.Name, late, result)
}
