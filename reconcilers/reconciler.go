package reconcilers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
	"github.com/runfleet/runfleet/reconcilers/original"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	mcreconcile "sigs.k8s.io/multicluster-runtime/pkg/reconcile"
)

// Hub is the cluster that holds the runs.
type Hub struct {
	Cached client.Reader // with the indexes of indexes.go
	Live   client.Reader
	Writer interface {
		client.Writer
		client.StatusClient
	}
	UID       types.UID // of its kube-system namespace
	Namespace string    // the operator's own, for Leases that no namespace of a run owns
}

// Fleet is the registry of members.
type Fleet interface {
	Members() []fleet.Member                 // all, sorted by name
	Member(name string) (fleet.Member, bool) // false: there is no MemberCluster of that name
}

// Observer is told what happened, after it was committed (A6), and never before.
type Observer interface {
	Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision)
}

// Reconciler moves the runs of one kind. One value serves all workers.
type Reconciler struct {
	Kind    lifecycle.Kind
	Machine lifecycle.Lifecycle // its settings are replaced by the configuration's in every pass
	Hub     Hub
	Fleet   Fleet
	Config  func() config.Config
	Mail    *Mailboxes // shared by both kinds, as the next two
	Placed  *Ledger
	Census  *Census
	// Incarnation is what is known of the hub's past (rule Q). It may wait, and only fails when its context ends.
	Incarnation func(context.Context) (incarnation.State, error)
	// Original looks for the controller of the system that came before; nil where there never was one.
	Original *original.Watch
	Observer Observer
	Effects  func(v1.Run, story.Done) // is told each effect on a member, once it is done; nil: nobody
	Sample   func(story.TraceID) bool // whether a run's own trace is sampled; nil: always
	Now      func() time.Time
	// RequestTimeout bounds one request to a member or the hub. Shorter than the leader's lease (A13): no request of a
	// leader that lost its lease is still under way when the next one begins.
	RequestTimeout time.Duration
}

const (
	// again is when to look after something that a newer view will decide differently.
	again = 100 * time.Millisecond
	// askAgain is when to ask a member again that did not answer: what was asked decides, and no event will tell.
	askAgain = 5 * time.Second
	// turns bounds how often one pass decides. Each turn but the last found a Lease or a refusal, of which there are few.
	turns = 5
)

// Reconcile is Look, for a controller.
func (r *Reconciler) Reconcile(ctx context.Context, req mcreconcile.Request) (reconcile.Result, error) {
	return r.Look(ctx, req.NamespacedName)
}

// Look looks, thinks, writes once, acts. Where a newer view decides, it is looked again soon, and less soon each time that
// the view is still the same: the hub's watch may say nothing for minutes.
func (r *Reconciler) Look(ctx context.Context, key types.NamespacedName) (reconcile.Result, error) {
	run := newRun(r.Kind)
	if err := r.Hub.Cached.Get(ctx, key, run); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	result, err := r.look(ctx, run)
	if err == nil && result.RequeueAfter == again {
		result.RequeueAfter = r.Placed.patience(run)
	}
	return result, err
}

func (r *Reconciler) look(ctx context.Context, run v1.Run) (reconcile.Result, error) {
	if r.Placed.outdated(run, r.Now()) {
		return reconcile.Result{RequeueAfter: blind}, nil // the event of our own write looks again, long before that
	}
	hub, err := r.Incarnation(ctx)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("waiting for the members to say whether the hub was restored: %w", err)
	}
	p := r.begin(run, hub)
	if result, handled := p.inherit(ctx); handled {
		return result, nil
	}
	facts := p.observe(ctx)
	for range turns {
		d := p.machine.Decide(*run.RunStatus(), facts)
		if d.Changed {
			if err := p.commit(ctx, d); err != nil {
				return onCommit(err)
			}
		}
		found, err := p.execute(ctx, d.Effects)
		if err != nil {
			return reconcile.Result{}, errors.Join(err, p.tell(ctx, d, found.addTo(facts)))
		}
		if d.Changed || found.nothing() {
			found.soon = found.soon || !found.nothing() || d.Row.ID != "" && p.restless(facts)
			p.unanswered = p.unanswered || p.unseen(facts, d.Row.ID != "")
			return p.wakeAt(d.Wake, found), nil
		}
		facts = found.addTo(facts)
	}
	return reconcile.Result{RequeueAfter: again}, nil
}

// tell lets the run say why an object of its attempt cannot be created yet, such as a quota. The error brings the next pass.
func (p *pass) tell(ctx context.Context, d lifecycle.Decision, facts lifecycle.Facts) error {
	if d.Changed || facts.Agent.Warning == "" {
		return nil // one write in a pass (A2): the next one tells
	}
	if d = p.machine.Decide(*p.status(), facts); !d.Changed || d.Row.ID != "" {
		return nil
	}
	_, err := onCommit(p.commit(ctx, d))
	return err
}

// restless says that the state just committed leads on by itself: it waits for nothing that would bring an event.
func (p *pass) restless(f lifecycle.Facts) bool {
	s := *p.status()
	if lifecycle.Waiting(s) {
		return s.NextAttemptAt == nil || !f.Now.Before(s.NextAttemptAt.Time)
	}
	if s.Phase == v1.PhaseStopping && f.Agent.Pod.Presence == lifecycle.Unknown {
		return true // while it ran nobody asked whether there is a pod; when to give it up depends on that
	}
	return p.machine.Decide(s, f).Row.ID != ""
}

// unseen says that the run has just ended and that objects of its attempt were not in sight: they may have been created a
// moment ago and no event tells of inputs, and whether a Job is there was not asked while it was to be created. Every look
// says so for a while: an event takes the place of the look that was to come.
func (p *pass) unseen(f lifecycle.Facts, now bool) bool {
	s := *p.status()
	lately := now || s.FinishedAt != nil && p.now.Sub(s.FinishedAt.Time) < askAgain
	out := f.Agent.Inputs == lifecycle.Present && f.Agent.Job.Presence == lifecycle.Present
	return s.Attempt > 0 && lifecycle.Settled(s) && lately && !out
}

// onCommit says what the answer to a commit means. A conflict means "my view was old": nothing was done, and the
// newer object is to be looked at. (Writes to the status alone wake nobody, so its event may not come; see events.go.)
func onCommit(err error) (reconcile.Result, error) {
	switch {
	case apierrors.IsConflict(err):
		return reconcile.Result{RequeueAfter: again}, nil
	case client.IgnoreNotFound(err) == nil:
		return reconcile.Result{}, nil
	default:
		return reconcile.Result{}, fmt.Errorf("writing the status: %w", err)
	}
}

// wakeAt is when to look again if nothing else happens.
func (p *pass) wakeAt(at time.Time, found findings) reconcile.Result {
	after := time.Duration(math.MaxInt64)
	if !at.IsZero() {
		after = max(at.Sub(p.now), time.Millisecond)
	}
	if p.unanswered {
		after = min(after, askAgain)
	}
	if found.soon {
		after = min(after, again)
	}
	if after == math.MaxInt64 {
		return reconcile.Result{}
	}
	return reconcile.Result{RequeueAfter: after}
}

// pass is one run being looked at once.
type pass struct {
	*Reconciler
	run     v1.Run
	hub     incarnation.State
	config  config.Config
	machine lifecycle.Lifecycle
	now     time.Time
	members []fleet.Member

	unanswered bool       // a member was asked, and did not say
	rendering  *rendering // what was rendered last
	lookup     *lookup    // what was looked up last
	tellTaken  func()     // what to say once the status that was taken over is committed
}

func (r *Reconciler) begin(run v1.Run, hub incarnation.State) *pass {
	p := &pass{
		Reconciler: r, run: run, hub: hub, config: r.Config(), machine: r.Machine, now: r.Now(), members: r.Fleet.Members(),
	}
	p.machine.Settings = p.config.Lifecycle
	return p
}

func (p *pass) status() *v1.RunStatus { return p.run.RunStatus() }

// commit writes the decided status, once and optimistically, and then says what happened. The run keeps the version that
// the API server returned.
func (p *pass) commit(ctx context.Context, d lifecycle.Decision) error {
	was := *p.status()
	next, ok := p.run.DeepCopyObject().(v1.Run)
	if !ok {
		return fmt.Errorf("copying a %s", p.Kind)
	}
	*next.RunStatus() = d.Status
	bounded, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	p.Placed.note(next, p.now) // before the write: others choose meanwhile
	if err := p.Hub.Writer.Status().Update(bounded, next); err != nil {
		p.Placed.takeBack(next)
		if lifecycle.Open(was) == nil && lifecycle.Open(d.Status) != nil {
			p.Mail.AttemptEnded(ctx) // who asked meanwhile found no room
		}
		return err
	}
	if d.Row.ID != "" {
		log.FromContext(ctx).WithValues(transitionIDs(next)...).Info("Committed a transition",
			"trigger", d.Row.On, "from", was.Phase, "to", d.Status.Phase,
			"attempt", d.Status.Attempt, "cluster", d.Status.Cluster, "reason", d.Status.Reason)
	}
	p.run = next
	p.Observer.Committed(next, was, d)
	if p.tellTaken != nil {
		p.tellTaken()
	}
	return nil
}
