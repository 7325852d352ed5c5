package reconcilers

import (
	"context"
	"sync"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/source"
	mcreconcile "sigs.k8s.io/multicluster-runtime/pkg/reconcile"
)

type queue = workqueue.TypedRateLimitingInterface[mcreconcile.Request]

// Mailboxes are the work queues of both kinds. Whatever happens on any cluster ends here as "look at this run again".
type Mailboxes struct {
	Runs     client.Reader          // the hub's cache
	System   string                 // the operator's namespace
	Branches func() render.Branches // as they are configured now

	mu      sync.Mutex
	listens map[lifecycle.Kind]func(types.NamespacedName)
}

// source lets the queue of a kind listen when its controller starts.
func (m *Mailboxes) source(kind lifecycle.Kind) source.TypedSource[mcreconcile.Request] {
	return source.TypedFunc[mcreconcile.Request](func(_ context.Context, q queue) error {
		m.Listen(kind, func(key types.NamespacedName) {
			request := mcreconcile.Request{}
			request.NamespacedName = key
			q.Add(request)
		})
		return nil
	})
}

// Listen says who takes what is posted for a kind.
func (m *Mailboxes) Listen(kind lifecycle.Kind, take func(types.NamespacedName)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listens == nil {
		m.listens = map[lifecycle.Kind]func(types.NamespacedName){}
	}
	m.listens[kind] = take
}

// Post puts one run into its mailbox. Requests always name the run's home, the hub, wherever the event came from.
// Before the controllers start nobody listens, and nobody misses anything: each run is looked at once then.
func (m *Mailboxes) Post(kind lifecycle.Kind, key types.NamespacedName) {
	m.mu.Lock()
	take := m.listens[kind]
	m.mu.Unlock()
	if take != nil {
		take(key)
	}
}

// MemberChanged wakes the runs that a member concerns, and those that wait for one.
func (m *Mailboxes) MemberChanged(member string) {
	ctx := context.Background()
	m.postAll(ctx, client.MatchingFields{IndexConcerned: member})
	m.postAll(ctx, client.MatchingFields{IndexWaiting: v1.ReasonNoCandidate})
}

// HubChanged wakes every run: another incarnation of the hub began, a person changed what is waited for, or the configuration
// is another one, by which something may be due, such as the removal of what runs left that ended long ago.
func (m *Mailboxes) HubChanged() { m.postAll(context.Background()) }

// RunSettled wakes the runs that wait for a Lease of a run that ended or is gone.
func (m *Mailboxes) RunSettled(ctx context.Context, run v1.Run) {
	for _, l := range leasesOf(run, m.System, m.Branches()) {
		m.postAll(ctx, client.MatchingFields{IndexLease: l.Name})
	}
}

// AttemptEnded wakes the runs for which no member had room.
func (m *Mailboxes) AttemptEnded(ctx context.Context) {
	m.postAll(ctx, client.MatchingFields{IndexWaiting: v1.ReasonNoCandidate})
}

// NamespaceCame wakes the runs that no member took, perhaps since none had their namespace.
func (m *Mailboxes) NamespaceCame(ctx context.Context, namespace string) {
	m.postAll(ctx, client.MatchingFields{IndexWaiting: v1.ReasonNoCandidate}, client.InNamespace(namespace))
}

func (m *Mailboxes) postAll(ctx context.Context, which ...client.ListOption) {
	var docs v1.DocsRunList
	var code v1.CodeRunList
	for _, list := range []client.ObjectList{&docs, &code} {
		if err := m.Runs.List(ctx, list, append(which, client.UnsafeDisableDeepCopy)...); err != nil {
			log.FromContext(ctx).Error(err, "Listing the runs to wake")
			return
		}
	}
	for i := range docs.Items {
		m.Post(lifecycle.DocsRun, client.ObjectKeyFromObject(&docs.Items[i]))
	}
	for i := range code.Items {
		m.Post(lifecycle.CodeRun, client.ObjectKeyFromObject(&code.Items[i]))
	}
}

// activeRuns counts the runs of both kinds with an attempt out on the member, for its status.
func (m *Mailboxes) activeRuns(member string) int32 {
	n, err := countActive(context.Background(), m.Runs, member)
	if err != nil {
		return 0
	}
	return int32(n)
}
