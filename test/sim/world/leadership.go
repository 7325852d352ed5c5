package world

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/render"
	"github.com/runfleet/runfleet/test/sim/operator"
)

// lease is how long nobody leads when a leader does not say that it ends.
const lease = 15 * time.Second

// begin starts the first operator; the second one waits for the first one's end.
func (w *world) begin() {
	first := w.Start("op1")
	second := w.Start("op2")
	second.Crash() // it does not lead yet
	w.ops = []*operator.Operator{first, second}
	w.leader = first
}

// other is the process beside this one.
func (w *world) other(o *operator.Operator) *operator.Operator {
	if w.ops[0] == o {
		return w.ops[1]
	}
	return w.ops[0]
}

// crash is F1: the leader is killed, between any two of its writes or at any moment.
func (w *world) crash() {
	o := w.leader
	if o == nil {
		return
	}
	if w.Time.Chance(0.3) {
		w.kill(o)
		return
	}
	at := o.Writes + 1 + w.Time.Dice.IntN(8)
	o.OnWrite = func(o *operator.Operator) {
		if o.Writes >= at {
			o.OnWrite = nil
			w.kill(o)
		}
	}
}

// upgrade is a crash after which the leader has other templates: what the first one committed the next cannot render.
func (w *world) upgrade() {
	w.watched.upgrades++
	w.Config.Render.Model = fmt.Sprintf("model-%d", w.watched.upgrades)
	w.Config.TemplateDigest = render.Digest(w.Config.Render)
	w.hit("F1 operator upgraded")
	w.say("fault", "who begins from now on has other templates")
	w.crash()
}

func (w *world) kill(o *operator.Operator) {
	if w.leader != o {
		return
	}
	w.hit("F1 leader killed")
	w.say("fault", o.Name+" is killed")
	w.succeed(o)
}

// succeed ends the leader; the other process leads a little later.
func (w *world) succeed(o *operator.Operator) {
	o.Crash()
	w.leader = nil
	w.Time.After(w.Time.Between(time.Second, lease), func() { w.lead(w.other(o)) })
}

// lead makes a process the leader, unless there is one.
func (w *world) lead(o *operator.Operator) {
	if w.leader != nil {
		return
	}
	if o.Alive() { // a former leader that was stopped and does not know yet that it is none any more
		o = w.other(o)
	}
	if o.Alive() || w.Weather.Links["hub"].Hides() {
		w.Time.After(time.Second, func() { w.lead(o) })
		return
	}
	w.say("fault", o.Name+" leads")
	w.leader = o
	w.dullCaches()
	o.Restart()
}

// pause is F2: the leader is stopped in the middle of whatever it does. If that takes long another one leads meanwhile,
// and the old one goes on for a moment with its old view before it notices.
func (w *world) pause() {
	o := w.leader
	if o == nil {
		return
	}
	w.hit("F2 leader stopped")
	d, life := w.Time.Usually(10*time.Second, 2*time.Minute), o.Life()
	w.say("fault", o.Name+" is stopped for "+d.String())
	o.Pause()
	if d > lease {
		w.Time.After(w.Time.Between(lease/2, lease), func() {
			if w.leader == o && o.Life() == life {
				w.leader = nil
				w.lead(w.other(o))
			}
		})
	}
	w.Time.After(d, func() {
		if o.Life() != life {
			return
		}
		w.say("fault", o.Name+" goes on")
		o.Resume()
		w.Time.After(w.Time.Between(0, 5*time.Second), func() {
			if w.leader != o && o.Life() == life {
				w.say("fault", o.Name+" notices that it does not lead, and ends")
				o.Crash()
			}
		})
	})
}
