package reconcilers

import (
	"fmt"

	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// addSweeper adds what deletes the objects of runs that are gone, and lets the fleet tell it of members that change.
func (o Options) addSweeper(mgr manager.Manager, provider *fleet.Provider, pulse *incarnation.Pulse, hub types.UID) error {
	sweeps, err := telemetry.NewSweeps(metrics.Registry, event.Of(mgr))
	if err != nil {
		return err
	}
	sweeper := garbage.New(garbage.Options{
		Members: provider.Members, HubUID: hub, Cached: mgr.GetCache(), Live: mgr.GetAPIReader(), Namespaces: o.Namespaces,
		Quarantined: func() bool { return !pulse.Counted() }, Observer: sweeps, RequestTimeout: o.RequestTimeout,
	})
	wake := provider.OnChange
	provider.OnChange = func(member string) {
		wake(member)
		sweeper.MemberChanged(member)
	}
	if err := mgr.Add(sweeper); err != nil {
		return fmt.Errorf("adding the sweeper: %w", err)
	}
	return nil
}
