package reconcilers

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	mcbuilder "sigs.k8s.io/multicluster-runtime/pkg/builder"
	mcmanager "sigs.k8s.io/multicluster-runtime/pkg/manager"
	mcreconcile "sigs.k8s.io/multicluster-runtime/pkg/reconcile"
)

// Kinds are the two kinds, in the order in which they are set up and shown.
var Kinds = []lifecycle.Kind{lifecycle.DocsRun, lifecycle.CodeRun}

const (
	// workers per kind. Each spends its time waiting for API servers; a dead member costs none of them more than one request.
	workers = 16
	// FirstRetry is the back-off after the first error.
	FirstRetry = 200 * time.Millisecond
	// LastRetry is the longest back-off: a member that recovers is not waited for much longer.
	LastRetry = 30 * time.Second
)

// IndexRuns adds the indexes to the hub's cache. Through the local manager: the multicluster one would index the members.
func IndexRuns(ctx context.Context, mgr mcmanager.Manager, mail *Mailboxes) error {
	for _, run := range []client.Object{&v1.DocsRun{}, &v1.CodeRun{}} {
		for name, f := range Indexes(mail.System, mail.Branches) {
			if err := mgr.GetLocalManager().GetFieldIndexer().IndexField(ctx, run, name, f); err != nil {
				return fmt.Errorf("indexing %T by %s: %w", run, name, err)
			}
		}
	}
	return nil
}

// Setup adds the reconciler of one kind to the manager. Everything is set here and nothing by the manager's options, most
// of which multicluster-runtime v0.24.1 ignores (docs/decisions/0005).
func (r *Reconciler) Setup(mgr mcmanager.Manager) error {
	local := []mcbuilder.WatchesOption{mcbuilder.WithEngageWithLocalCluster(true), mcbuilder.WithEngageWithProviderClusters(false)}
	members := []mcbuilder.WatchesOption{mcbuilder.WithEngageWithLocalCluster(false), mcbuilder.WithEngageWithProviderClusters(true)}
	on := r.Handlers()
	return mcbuilder.ControllerManagedBy(mgr).
		Named(string(r.Kind)).
		Watches(newRun(r.Kind), everywhere(on.Runs), local...).
		Watches(&batchv1.Job{}, everywhere(on.Jobs), members...).
		Watches(&corev1.Pod{}, everywhere(on.Pods), members...).
		WatchesMetadata(&corev1.Namespace{}, everywhere(on.Namespaces), members...).
		WatchesRawSource(r.Mail.source(r.Kind)).
		WithOptions(controller.TypedOptions[mcreconcile.Request]{
			LogConstructor:          r.logger(mgr.GetLogger()), // here: WithOptions undoes WithLogConstructor
			MaxConcurrentReconciles: workers,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[mcreconcile.Request](FirstRetry, LastRetry),
			ReconciliationTimeout:   2 * time.Minute, // many requests, each bounded by itself
			CacheSyncTimeout:        2 * time.Minute,
		}).
		Complete(r)
}

// logger names the run on every line: the builder's own knows only requests of one cluster and would name nothing.
func (r *Reconciler) logger(base logr.Logger) func(*mcreconcile.Request) logr.Logger {
	base = base.WithValues("controller", r.Kind)
	return func(req *mcreconcile.Request) logr.Logger {
		if req == nil {
			return base
		}
		return base.WithValues(string(r.Kind), klog.KRef(req.Namespace, req.Name)) //nolint:loggercheck // the key is the kind, one of two
	}
}
