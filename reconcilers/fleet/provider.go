package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"
)

// Options configure a Provider. The zero value serves, but HubConfig is needed for members with the connection Hub.
type Options struct {
	// Namespace is the only one that kubeconfig Secrets are read from. Defaults to runfleet-system.
	Namespace string
	// HubConfig is how the hub is reached as a member of itself.
	HubConfig *rest.Config
	// HubUID is the identity of the hub, the UID of its kube-system namespace. With it a member with the connection Hub
	// has the hub to itself from the beginning; without it, from its first answer.
	HubUID types.UID

	// SyncTimeout bounds how long the caches of a new connection may take to fill. Defaults to 20 s.
	SyncTimeout time.Duration
	// ProbeInterval is the time between two probes of a member that answers. After a miss the next one follows within a tenth
	// of it, and then later each time; attempts to connect do the same, up to three of it. Defaults to 10 s.
	ProbeInterval time.Duration
	// WatchIdle is how long a watch may say nothing, not even a bookmark, before it is begun anew. Defaults to WatchIdle.
	WatchIdle time.Duration
	// ProbeTimeout is how long an answer to a probe may take. Defaults to 5 s.
	ProbeTimeout time.Duration
	// RequestTimeout bounds every other request, to a member or to the hub. Defaults to 10 s.
	RequestTimeout time.Duration

	// ActiveRuns counts the runs with an attempt on a member that has not ended, for the member's status; it is asked once in
	// each ProbeInterval, from several goroutines. Defaults to none.
	ActiveRuns func(member string) int32
	// OnChange is called whenever something changed that may matter to a run: a member is added or removed, begins or ceases
	// to answer or to take runs, has another identity or a new connection, or its labels, scheduling or maxRuns changed.
	// It is called from several goroutines and must not wait. Members already says the new state. Defaults to nothing.
	OnChange func(member string)
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
}

func (o Options) withDefaults() Options {
	o.Namespace = cmp.Or(o.Namespace, v1.SystemNamespace)
	o.SyncTimeout = cmp.Or(o.SyncTimeout, 20*time.Second)
	o.ProbeInterval = cmp.Or(o.ProbeInterval, 10*time.Second)
	o.WatchIdle = cmp.Or(o.WatchIdle, WatchIdle)
	o.ProbeTimeout = cmp.Or(o.ProbeTimeout, 5*time.Second)
	o.RequestTimeout = cmp.Or(o.RequestTimeout, 10*time.Second)
	if o.ActiveRuns == nil {
		o.ActiveRuns = func(string) int32 { return 0 }
	}
	if o.OnChange == nil {
		o.OnChange = func(string) {}
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return o
}

// Provider is the registry of members, and the provider of their clusters for multicluster-runtime.
type Provider struct {
	Options

	hub     client.Client // the local manager's: reads from its cache, writes to the hub
	secrets client.Reader // those of Namespace
	events  event.Recorder

	started chan struct{} // closed by Start; what stands in this group is set before and never changes
	aware   multicluster.Aware
	ctx     context.Context //nolint:containedctx // of Start: its end ends every keeper
	running sync.WaitGroup  // every goroutine of this package

	mu      sync.Mutex
	ended   bool // no keeper begins any more
	keepers map[string]*keeper
	claims  map[string]claim
	indexes []index

	snapshot atomic.Pointer[[]Member] // sorted by name; nil until Start has listed the MemberClusters
}

var (
	_ multicluster.Provider         = (*Provider)(nil)
	_ multicluster.ProviderRunnable = (*Provider)(nil)
)

// New makes a Provider. It needs SetupWithManager, and is started by the manager that it is the provider of.
func New(o Options) *Provider {
	return &Provider{
		Options: o.withDefaults(), started: make(chan struct{}), keepers: map[string]*keeper{}, claims: map[string]claim{},
	}
}

// Members returns every member, sorted by name. It is cheap; the slice is shared and must not be changed.
func (p *Provider) Members() []Member {
	if s := p.snapshot.Load(); s != nil {
		return *s
	}
	return p.unseen()
}

// unseen are the members before the first look at any of them: a member that nobody looked at is silent, not gone.
func (p *Provider) unseen() []Member {
	var list v1.MemberClusterList
	if p.hub == nil || p.hub.List(context.Background(), &list) != nil {
		return nil
	}
	members := make([]Member, 0, len(list.Items))
	for i := range list.Items {
		members = append(members, stranger(&list.Items[i], p.Clock.Now()))
	}
	slices.SortFunc(members, byName)
	return members
}

// stranger is a member that was asked nothing yet.
func stranger(o *v1.MemberCluster, now time.Time) Member {
	return Member{
		Name: o.Name, Recorded: o.Status.ClusterUID, Labels: o.Labels, MaxRuns: o.Spec.MaxRuns,
		Cordoned: o.Spec.Scheduling == v1.SchedulingCordoned, SilentSince: now,
		NotReady: v1.ReasonUnobserved, Message: "it is being connected to", SecretLookup: looksUp(o),
	}
}

// looksUp says that Secrets are looked up on the member.
func looksUp(o *v1.MemberCluster) bool { return o.Spec.SecretLookup == v1.SecretLookupEnabled }

func byName(a, b Member) int { return cmp.Compare(a.Name, b.Name) }

// Member returns one member. It is false when there is no MemberCluster of that name (any more).
func (p *Provider) Member(name string) (Member, bool) {
	members := p.Members()
	i, found := slices.BinarySearchFunc(members, name, func(m Member, name string) int { return cmp.Compare(m.Name, name) })
	if !found {
		return Member{}, false
	}
	return members[i], true
}

// Get returns the cluster of an engaged member, also while it does not answer.
func (p *Provider) Get(_ context.Context, name multicluster.ClusterName) (cluster.Cluster, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.keepers[name.String()]; k != nil && k.serving != nil {
		return k.serving.cluster, nil
	}
	return nil, multicluster.ErrClusterNotFound
}

// IndexField adds an index to the caches of all members, present and future.
func (p *Provider) IndexField(ctx context.Context, o client.Object, field string, extract client.IndexerFunc) error {
	i := index{o, field, extract}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.indexes = append(p.indexes, i)
	for name, k := range p.keepers {
		if k.serving == nil {
			continue
		}
		if err := addIndexes(ctx, k.serving.cluster, []index{i}); err != nil {
			return fmt.Errorf("on %s: %w", name, err)
		}
	}
	return nil
}

// Start keeps the members until ctx ends. Nothing that it waits for at its end depends on a member.
func (p *Provider) Start(ctx context.Context, aware multicluster.Aware) error {
	if p.hub == nil {
		return errors.New("the fleet was not set up: call SetupWithManager first")
	}
	var list v1.MemberClusterList
	switch err := p.hub.List(ctx, &list); {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // told to end before it began
	case err != nil:
		return fmt.Errorf("listing the MemberClusters: %w", err)
	}
	p.ctx, p.aware = ctx, aware
	for i := range list.Items {
		p.keeper(&list.Items[i]) //nolint:contextcheck // it lives in p.ctx, which is ctx
	}
	p.refresh()
	close(p.started)
	<-ctx.Done()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.running.Wait()
	return nil
}

// refresh makes the snapshot anew from what the keepers published.
func (p *Provider) refresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	members := make([]Member, 0, len(p.keepers))
	for _, k := range p.keepers {
		members = append(members, k.published)
	}
	slices.SortFunc(members, byName)
	p.snapshot.Store(&members)
}
