package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// beats is the kind of the entry of the queue that gives the hub's signs of life (rule Q), as a pass.
const beats lifecycle.Kind = "beat"

// The times of package incarnation.
const (
	beatEvery = 30 * time.Second
	lookEvery = 5 * time.Second
)

// pulse gives the hub's signs of life in stories in which it is restored. In the others they would be half of all that
// happens. Nothing is looked at before the members said whether the hub was restored.
type pulse struct {
	*incarnation.Pulse
	known bool
	due   time.Time
	waits []*entry // what would be looked at
}

func (o *Operator) newPulse() *pulse {
	if !o.Pulses {
		return &pulse{known: true}
	}
	return &pulse{Pulse: incarnation.New(incarnation.Options{
		Live: o.hub, Writer: o.hub, HubUID: o.Hub.UID, Namespace: System, Members: registry{o}.Members, RequestTimeout: RequestTimeout,
		OnChange: o.mail.HubChanged, Recorder: event.To(told{o}), Now: o.Time.Now, OneByOne: true,
	})}
}

// incarnation is what production asks in every pass.
func (o *Operator) incarnation(ctx context.Context) (incarnation.State, error) {
	if o.pulse.Pulse == nil {
		return incarnation.State{HubFacts: lifecycle.HubFacts{Incarnation: 1}, Counted: true}, nil
	}
	return o.pulse.State(ctx)
}

// quarantined is what the sweeper asks.
func (o *Operator) quarantined() bool {
	if !o.pulse.known {
		return true
	}
	s, err := o.incarnation(quiet)
	return err != nil || !s.Counted
}

// Beat gives a sign of life if it is time, or if a member changed. The story asks after everything that happens: by the
// clock it would never end.
func (o *Operator) Beat(changed bool) {
	if p := o.pulse; o.Leads && !o.paused && p.Pulse != nil && (changed || !o.Time.Now().Before(p.due)) {
		p.due = o.Time.Now().Add(beatEvery)
		o.add(o.entry(beats, types.NamespacedName{}), 0)
	}
}

func (o *Operator) beat() reconcile.Result {
	p := o.pulse
	if err := p.Turn(quiet, true); err != nil {
		o.sayf("gives no sign of life: %v", err)
		return reconcile.Result{RequeueAfter: lookEvery}
	}
	if !p.known {
		p.known = true
		for _, e := range p.waits {
			o.add(e, 0)
		}
		p.waits = nil
	}
	return reconcile.Result{}
}

// told tells the transcript of events about the hub.
type told struct{ o *Operator }

// Eventf implements events.EventRecorder.
func (t told) Eventf(_, _ runtime.Object, _, reason, _, note string, args ...any) {
	t.o.sayf("event %s: %s", reason, fmt.Sprintf(note, args...))
}
