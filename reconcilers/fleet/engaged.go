package fleet

import (
	"context"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
)

// engaged is a member's cluster as controllers get it. multicluster-runtime v0.24.1 starts a controller's sources under
// a lock that all members share, waits there for the cache without a bound, and ends the whole manager when a source that
// is started with its controller fails. Here nothing is left to wait for, since every informer was synced before Engage,
// and a source that starts after its member has gone finds an empty cache instead of an error. So neither can happen,
// whatever a member does and whichever kinds a controller watches.
type engaged struct {
	cluster.Cluster
	cache cache.Cache
}

func engage(c cluster.Cluster) *engaged {
	return &engaged{Cluster: c, cache: patientCache{c.GetCache()}}
}

func (e *engaged) GetCache() cache.Cache { return e.cache }

// patientCache never makes its caller wait.
type patientCache struct{ cache.Cache }

func (c patientCache) WaitForCacheSync(context.Context) bool { return true }

func (c patientCache) GetInformer(ctx context.Context, o client.Object, opts ...cache.InformerGetOption) (cache.Informer, error) {
	i, err := c.Cache.GetInformer(ctx, o, append(opts, cache.BlockUntilSynced(false))...)
	if err != nil {
		return nil, err
	}
	return patientInformer{i}, nil
}

// patientInformer takes handlers even when it has ended: they hear nothing any more.
type patientInformer struct{ cache.Informer }

type (
	eventHandler        = toolscache.ResourceEventHandler
	handlerOptions      = toolscache.HandlerOptions
	handlerRegistration = toolscache.ResourceEventHandlerRegistration
)

func (i patientInformer) AddEventHandler(h eventHandler) (handlerRegistration, error) {
	return i.AddEventHandlerWithOptions(h, handlerOptions{})
}

func (i patientInformer) AddEventHandlerWithResyncPeriod(h eventHandler, every time.Duration) (handlerRegistration, error) {
	return i.AddEventHandlerWithOptions(h, handlerOptions{ResyncPeriod: &every})
}

func (i patientInformer) AddEventHandlerWithOptions(h eventHandler, o handlerOptions) (handlerRegistration, error) {
	r, err := i.Informer.AddEventHandlerWithOptions(h, o)
	if err != nil && i.IsStopped() {
		return ended(i), nil
	}
	return r, err
}

func (i patientInformer) RemoveEventHandler(r handlerRegistration) error {
	if _, ok := r.(ended); ok {
		return nil
	}
	return i.Informer.RemoveEventHandler(r)
}

// ended is the registration with an informer that had ended before.
type ended struct{ cache.Informer }
