package incarnation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// beatEvery is the time between two beats: a backup of the hub that is older than this is recognised as one. An hour would
	// be the same price in requests as nothing, and miss what people restore most, the backup of some minutes ago.
	beatEvery = 30 * time.Second
	// lookEvery is how soon what a person wrote into the record is seen.
	lookEvery = 5 * time.Second
	// startPatience is how long a new leader waits for members that neither answer nor say why, before it lets anything happen.
	startPatience = 5 * time.Second
)

// Options are what a Pulse needs.
type Options struct {
	Live      client.Reader // of the hub, and no cache: it must show a restored store
	Writer    client.Writer
	HubUID    types.UID // of its kube-system namespace
	Namespace string    // the operator's own, where the record is kept
	Members   func() []fleet.Member
	// RequestTimeout bounds each request, to the hub or to a member.
	RequestTimeout time.Duration
	// OnChange is called when an incarnation began or a person changed what is waited for: every run has to look again.
	OnChange func()
	// OneByOne asks the members one after the other. For simulations, in which order must not be chance.
	OneByOne bool
	Recorder event.Recorder
	Now      func() time.Time
}

// Pulse gives the hub's beats and compares what the members remember. The manager runs it on the leader.
type Pulse struct {
	Options

	wake  chan struct{}
	known chan struct{} // closed when the first comparison is done

	mu    sync.Mutex
	state State

	// What follows belongs to the goroutine of Start.
	term   string
	given  *Copy            // what this process gave last
	holds  map[string]int64 // the incarnation that each member remembers
	beatAt time.Time
}

// New returns a Pulse that beats once it is started.
func New(o Options) *Pulse {
	return &Pulse{Options: o, wake: make(chan struct{}, 1), known: make(chan struct{}), term: rand.String(10), holds: map[string]int64{}}
}

// NeedLeaderElection is true: a standby gives no sign of life.
func (p *Pulse) NeedLeaderElection() bool { return true }

// MemberChanged lets a member that has just begun to answer be compared at once. It does not wait.
func (p *Pulse) MemberChanged() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Start beats until ctx ends.
func (p *Pulse) Start(ctx context.Context) error {
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithName("incarnation"))
	p.awaitMembers(ctx)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for woken := false; ; {
		if err := p.Turn(ctx, woken); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "Giving a sign of life")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			woken = false
		case <-p.wake:
			woken = true
		}
	}
}

// awaitMembers gives the members a moment to answer before the first comparison. One that does not answer, or says why it
// cannot be asked, is compared when it does: a dead member must not keep the others' runs from going on.
func (p *Pulse) awaitMembers(ctx context.Context) {
	late := time.NewTimer(startPatience)
	defer late.Stop()
	connecting := func(m fleet.Member) bool { return !m.Answers && m.NotReady == v1.ReasonUnobserved }
	for slices.ContainsFunc(p.Members(), connecting) {
		select {
		case <-ctx.Done():
			return
		case <-late.C:
			return
		case <-p.wake:
		}
	}
}

// Turn reads the record, and beats when it is time, or when it is woken. Start calls it every few seconds; nobody else does
// but a simulation, which has no clock to wait for.
func (p *Pulse) Turn(ctx context.Context, woken bool) error {
	if woken {
		p.beatAt = time.Time{}
	}
	stored, err := p.read(ctx)
	if err != nil {
		return err
	}
	if p.Now().Before(p.beatAt) && (p.given == nil || !p.given.refutes(stored.Record)) {
		p.publish(stored)
		return nil
	}
	members := p.Members()
	copies := p.ask(ctx, members)
	raised := p.compare(&stored, copies)
	if raised {
		p.term = rand.String(10) // the old one would soon give numbers that members remember from the time that was lost
	}
	names := make([]string, 0, len(members))
	for _, m := range members {
		names = append(names, m.Name)
	}
	stored.Record = stored.beat(p.Now(), p.term, names)
	if err := p.write(ctx, &stored, raised); err != nil {
		return err
	}
	given := stored.copyFor(p.HubUID)
	p.given, p.beatAt = &given, p.Now().Add(beatEvery)
	if raised {
		p.tell(ctx, stored)
	}
	p.hand(ctx, members, copies, given)
	p.publish(stored)
	return nil
}

// compare raises the incarnation if somebody remembers more than the hub.
func (p *Pulse) compare(stored *stored, copies map[string]*kept) (raised bool) {
	witness := func(name string, c Copy) {
		lost := !stored.knows(c.Beat)
		if c.refutes(stored.Record) {
			stored.Record = stored.restore(p.Now(), name, c)
			raised = true
		}
		if lost {
			stored.Record = stored.missing(c)
		}
	}
	if p.given != nil {
		witness("", *p.given)
	}
	for _, name := range sortedKeys(copies) {
		if c := copies[name]; c.object != nil {
			witness(name, c.Copy)
		}
	}
	return raised
}

// tell says that the hub was restored. The runs themselves say what that means for them.
func (p *Pulse) tell(ctx context.Context, s stored) {
	note := fmt.Sprintf("the hub was restored from a backup: %s remembers beat %d, the hub only knew %d. Every run waits until all "+
		"members were counted; `runfleet recover` shows how far that is", s.Restored.who(), s.Restored.Heard.Number, s.Restored.Known)
	log.FromContext(ctx).Info("The hub was restored", "incarnation", s.Incarnation, "witness", s.Restored.Witness,
		"heard", s.Restored.Heard.Number, "known", s.Restored.Known)
	p.Recorder.Say(s.object, nil, event.HubRestored, "Quarantine", note)
}

func (r Restored) who() string {
	if r.Witness == "" {
		return "the operator"
	}
	return "member " + r.Witness
}
