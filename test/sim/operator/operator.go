package operator

import (
	"context"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/render"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/timeline"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// System is the operator's own namespace.
const System = v1.SystemNamespace

// RequestTimeout bounds one request, as the operator's default does.
const RequestTimeout = 8 * time.Second

// World is what an operator works in.
type World struct {
	Time     *timeline.Timeline
	Hub      *apiserver.Server
	Members  []*member.Member // every cluster that there ever was, registered or not
	Registry []*Registration  // by name
	Config   config.Config
	Machines map[lifecycle.Kind]lifecycle.Lifecycle
	Weather  *Weather
	Workers  *Workers
	Plant    Plant
	Pulses   bool // the hub gives signs of life
	// Say writes one line of the transcript. Nil: nobody listens.
	Say func(who, what string)
}

// Operator is one process. It is nothing between two lives: whatever it knew is gone.
type Operator struct {
	*World
	Name string

	// Leads says that it does, or believes to do, the work.
	Leads bool
	// Writes counts the requests that it ever sent to change something.
	Writes int
	// OnWrite is told of each, when it has landed.
	OnWrite func(*Operator)
	// Probe answers what a look would write that nobody asked for.
	Probe func(*Request) error

	config    config.Config // in force here
	life      int           // which of its lives this is; what was meant for another one is lost
	paused    bool
	held      []func() // what arrived while it was paused
	informers []*informer
	entries   []*entry
	running   *pass
	recs      map[lifecycle.Kind]*reconcilers.Reconciler
	mail      *reconcilers.Mailboxes
	hub       *connection
	keepers   []*keeper
	sweeper   *garbage.Sweeper
	pulse     *pulse
}

// Start begins a life as the leader: caches are read, every run is looked at once.
func (w *World) Start(name string) *Operator {
	o := &Operator{World: w, Name: name, Leads: true}
	o.begin()
	return o
}

// defaultBranches: no story configures others.
func defaultBranches() render.Branches { return render.Branches{} }

func (o *Operator) begin() {
	o.life++
	o.paused, o.held, o.running = false, nil, nil
	o.informers, o.entries, o.keepers = nil, nil, nil
	o.recs = map[lifecycle.Kind]*reconcilers.Reconciler{}
	o.hub = o.connect(o.Hub)
	o.mail = &reconcilers.Mailboxes{Runs: o.hub.cache, System: System, Branches: defaultBranches}
	placed, census := reconcilers.NewLedger(), reconcilers.NewCensus()
	o.config = o.Config
	for _, kind := range reconcilers.Kinds {
		o.recs[kind] = &reconcilers.Reconciler{
			Kind: kind, Machine: o.Machines[kind],
			Hub:   reconcilers.Hub{Cached: o.hub.cache, Live: o.hub, Writer: o.hub, UID: o.Hub.UID, Namespace: System},
			Fleet: registry{o}, Config: func() config.Config { return o.config },
			Mail: o.mail, Placed: placed, Census: census, Observer: observer{o}, Now: o.Time.Now, RequestTimeout: RequestTimeout,
			Incarnation: o.incarnation,
		}
		o.mail.Listen(kind, o.taker(kind))
	}
	o.pulse, o.sweeper = o.newPulse(), o.newSweeper()
	o.watchHub()
	for _, r := range o.Registry {
		k := &keeper{o: o, registration: r}
		o.keepers = append(o.keepers, k)
		k.review()
		o.Sweep(r.Name)
	}
	o.Beat(true)
}

// Configure lets the process hear that the configuration changed, as package config does.
func (o *Operator) Configure() {
	o.after(0, func() {
		o.config = o.Config.After(o.config)
		o.mail.HubChanged()
	})
}

// Crash ends this life at once. Requests under way land or not, as they will.
func (o *Operator) Crash() {
	o.life++
	o.Leads, o.paused, o.held = false, false, nil
	for _, e := range o.entries {
		if p := e.pass; p != nil {
			e.pass = nil
			p.dead = true
			o.running = p // so that what it still tries is known to be a dead one's
			o.Workers.resume(p)
			o.running = nil
		}
	}
	o.informers, o.entries = nil, nil
}

// Restart begins another life as the leader.
func (o *Operator) Restart() {
	o.Leads = true
	o.begin()
}

// Alive says that the process is there, if only stopped.
func (o *Operator) Alive() bool { return o.Leads }

// Life tells this life of the process from its others.
func (o *Operator) Life() int { return o.life }

// Paused says that the process is stopped.
func (o *Operator) Paused() bool { return o.paused }

// Pause stops the process (SIGSTOP): nothing reaches it, what it sent travels on.
func (o *Operator) Pause() { o.paused = true }

// Resume continues it in the middle of whatever it did, with the view that it had.
func (o *Operator) Resume() {
	if !o.paused {
		return
	}
	o.paused = false
	held := o.held
	o.held = nil
	for _, f := range held {
		o.after(o.Time.Between(0, 50*time.Millisecond), f)
	}
}

// after lets something reach the process later: not after its end, and not while it is paused.
func (o *Operator) after(d time.Duration, f func()) {
	if !o.Leads {
		return // it is ending
	}
	life := o.life
	o.Time.After(d, func() {
		switch {
		case o.life != life:
		case o.paused:
			o.held = append(o.held, f)
		default:
			f()
		}
	})
}

// Idle says that nothing is under way in the process, to it or from it, but timed looks.
func (o *Operator) Idle() bool {
	return o.Leads && !o.paused && len(o.held) == 0 &&
		!slices.ContainsFunc(o.informers, func(i *informer) bool { return !i.settled() }) &&
		!slices.ContainsFunc(o.entries, func(e *entry) bool { return e.pass != nil })
}

// quiet is the context of every pass: without it the library complains on standard error that nobody set a logger.
var quiet = log.IntoContext(context.Background(), logr.Discard())
