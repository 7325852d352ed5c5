package reconcilers

import (
	"context"
	"fmt"
	"net/http"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// uncached is read from the API server alone: a Lease counts only as it is now (rule W).
var uncached = []client.Object{&coordinationv1.Lease{}}

// hubCache limits what is watched on the hub: runs where they are wanted, Secrets and ConfigMaps in our own namespace only.
func hubCache(system string, namespaces []string) cache.Options {
	own := cache.ByObject{Namespaces: map[string]cache.Config{system: {}}}
	o := cache.Options{
		DefaultTransform:            cache.TransformStripManagedFields(),
		ReaderFailOnMissingInformer: false,
		ByObject:                    map[client.Object]cache.ByObject{&corev1.Secret{}: own, &corev1.ConfigMap{}: own},
	}
	if len(namespaces) == 0 {
		return o
	}
	runs := cache.ByObject{Namespaces: map[string]cache.Config{}}
	for _, n := range namespaces {
		runs.Namespaces[n] = cache.Config{}
	}
	o.ByObject[&v1.DocsRun{}], o.ByObject[&v1.CodeRun{}] = runs, runs
	return o
}

// addChecks adds the probes, and the local member once this process leads.
func (o Options) addChecks(mgr manager.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("adding the health probe: %w", err)
	}
	synced := func(r *http.Request) error {
		if !mgr.GetCache().WaitForCacheSync(r.Context()) {
			return fmt.Errorf("the hub's runs are not read yet")
		}
		return nil
	}
	if err := mgr.AddReadyzCheck("hub", synced); err != nil {
		return fmt.Errorf("adding the readiness probe: %w", err)
	}
	if !o.LocalMember {
		return nil
	}
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error { return fleet.EnsureLocalMember(ctx, mgr.GetClient()) }))
}
