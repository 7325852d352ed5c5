package bed

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// Follow lets somebody see every object of some kinds, by watches of its own and until ctx ends: as it is added and changed,
// and as it was when it had gone. It returns when it knows what is there. note is called from several goroutines.
func (c *Cluster) Follow(ctx context.Context, o cache.Options, note func(o client.Object, gone bool), kinds ...client.Object) error {
	o.Scheme = Kinds
	informers, err := cache.New(c.Admin, o)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		informer, err := informers.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watching %T on %s: %w", kind, c.Name(), err)
		}
		hear := func(seen any, gone bool) {
			if last, ok := seen.(toolscache.DeletedFinalStateUnknown); ok {
				seen = last.Obj
			}
			if o, ok := seen.(client.Object); ok {
				note(o, gone)
			}
		}
		if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { hear(o, false) },
			UpdateFunc: func(_, o any) { hear(o, false) },
			DeleteFunc: func(o any) { hear(o, true) },
		}); err != nil {
			return err
		}
	}
	go func() { _ = informers.Start(ctx) }()
	if !informers.WaitForCacheSync(ctx) {
		return fmt.Errorf("watching %s: %w", c.Name(), ctx.Err())
	}
	return nil
}

// Ours limits Follow to what Runfleet made.
func Ours() cache.Options {
	return cache.Options{DefaultLabelSelector: labels.SelectorFromSet(labels.Set{v1.LabelManaged: "true"})}
}
