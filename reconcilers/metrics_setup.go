package reconcilers

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// metricsServer serves the registry as controller-runtime does, and in OpenMetrics to those who ask for it: only there are
// exemplars. (Its own handler, of v0.24.1, cannot be told to.)
func metricsServer(address string) metricsserver.Options {
	serve := promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.HTTPErrorOnError, EnableOpenMetrics: true,
	})
	return metricsserver.Options{
		BindAddress: address,
		FilterProvider: func(*rest.Config, *http.Client) (metricsserver.Filter, error) {
			return func(logr.Logger, http.Handler) (http.Handler, error) { return serve, nil }, nil
		},
	}
}

// counting adds what counts what happens, and what tells the state of runs and members once this operator leads.
func (o Options) counting(local manager.Manager, provider *fleet.Provider, source *config.Source, traces telemetry.Traces, hub types.UID,
) (*telemetry.Metrics, error) {
	counts, err := telemetry.NewMetrics(metrics.Registry, traces.Put != nil)
	if err != nil {
		return nil, err
	}
	if err := telemetry.Configuration(metrics.Registry, source.Healthy); err != nil {
		return nil, err
	}
	w := Witness{HubUID: hub, Hub: local.GetCache(), Fleet: provider}
	all := &tallying{runs: local.GetCache(), tally: telemetry.NewTally()}
	state := &telemetry.State{
		Kinds: Kinds, Tally: all.tally, Members: w.Members, Agents: w.Agents, Leads: all.complete.Load, Now: o.now(),
	}
	if err := state.Register(metrics.Registry); err != nil {
		return nil, err
	}
	if err := local.Add(all); err != nil {
		return nil, fmt.Errorf("adding the tally of runs: %w", err)
	}
	wake, names := provider.OnChange, namesOf(provider.Members)
	provider.OnChange = func(member string) {
		counts.Roster(names)
		wake(member)
	}
	return counts, nil
}

func namesOf(members func() []fleet.Member) func() []string {
	return func() (all []string) {
		for _, m := range members() {
			all = append(all, m.Name)
		}
		return all
	}
}

// tallying lets a tally hear of every run from when this operator leads.
type tallying struct {
	runs     cache.Informers
	tally    *telemetry.Tally
	complete atomic.Bool // it has heard of all
}

// NeedLeaderElection implements the manager's interface.
func (*tallying) NeedLeaderElection() bool { return true }

// Start implements the manager's interface. Who no longer leads ends as a process, so nothing is taken back.
func (t *tallying) Start(ctx context.Context) error {
	var heard []toolscache.InformerSynced
	for kind, run := range map[lifecycle.Kind]client.Object{lifecycle.DocsRun: &v1.DocsRun{}, lifecycle.CodeRun: &v1.CodeRun{}} {
		informer, err := t.runs.GetInformer(ctx, run)
		if err != nil {
			return fmt.Errorf("watching %s for the metrics: %w", kind, err)
		}
		registration, err := informer.AddEventHandler(t.tally.Of(kind))
		if err != nil {
			return fmt.Errorf("watching %s for the metrics: %w", kind, err)
		}
		heard = append(heard, registration.HasSynced)
	}
	t.complete.Store(toolscache.WaitForCacheSync(ctx.Done(), heard...))
	return nil
}
