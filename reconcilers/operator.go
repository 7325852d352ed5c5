package reconcilers

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"github.com/runfleet/runfleet/render"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	mcmanager "sigs.k8s.io/multicluster-runtime/pkg/manager"
)

// Options say how the operator runs. Every field is a flag of `runfleet operator`.
type Options struct {
	Hub         *rest.Config
	System      string   // the operator's own namespace
	Namespaces  []string // of the runs; empty for all
	LocalMember bool     // register the hub as a member of itself

	LeaderElect                               bool
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
	RequestTimeout                            time.Duration // of one request; below LeaseDuration (A13)
	ProbeInterval                             time.Duration // between two probes of a member; 0 for the default

	MetricsAddress, HealthAddress string              // "0" serves nothing
	Collector                     telemetry.Collector // of traces
	Version, Pod                  string              // of the operator, as traces name it
	Log                           logr.Logger
	Now                           func() time.Time // nil for the clock
}

// Scheme knows every kind that the operator reads or writes.
func Scheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme} {
		if err := add(s); err != nil {
			return nil, fmt.Errorf("building the scheme: %w", err)
		}
	}
	return s, nil
}

// New builds the operator: hub, configuration, members, one reconciler for each kind. It asks the hub whether everything
// that it needs is there, and says what to do where it is not. The manager it returns is started once.
func New(ctx context.Context, o Options) (mcmanager.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	o.Hub = fleet.Attentive(o.Hub)
	live, err := client.New(o.Hub, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the hub: %w", err)
	}
	if err := o.checkVersion(); err != nil {
		return nil, err
	}
	uid, err := preflight(ctx, live)
	if err != nil {
		return nil, err
	}
	source, err := config.Load(ctx, live, o.System)
	if err != nil {
		return nil, err
	}
	mail := &Mailboxes{System: o.System, Branches: func() render.Branches { return source.Current().Render.Branches }}
	pulse := incarnation.New(incarnation.Options{
		Live: live, Writer: live, HubUID: uid, Namespace: o.System, RequestTimeout: o.RequestTimeout, Now: o.now(),
		OnChange: mail.HubChanged,
	})
	provider := o.provider(uid, mail, pulse) //nolint:contextcheck // what a member does later is not of this call
	pulse.Members = provider.Members
	mgr, err := mcmanager.New(o.Hub, provider, o.manager(scheme))
	if err != nil {
		return nil, fmt.Errorf("building the manager: %w", err)
	}
	mail.Runs = mgr.GetLocalManager().GetCache()
	pulse.Recorder = event.Of(mgr.GetLocalManager())
	if err := mgr.GetLocalManager().Add(pulse); err != nil {
		return nil, fmt.Errorf("adding the hub's sign of life: %w", err)
	}
	if err := o.assemble(ctx, mgr, provider, source, mail, pulse, uid); err != nil {
		return nil, err
	}
	return mgr, nil
}

// checkVersion refuses a hub that is too old. One that does not say is asked other things next.
func (o Options) checkVersion() error {
	hub := rest.CopyConfig(o.Hub)
	hub.Timeout = o.RequestTimeout
	asks, err := discovery.NewDiscoveryClientForConfig(hub)
	if err != nil {
		return fmt.Errorf("connecting to the hub: %w", err)
	}
	is, err := asks.ServerVersion()
	if err != nil {
		return nil //nolint:nilerr // who does not answer is told by preflight
	}
	refused, note := fleet.CheckVersion(is.GitVersion, true)
	if refused != "" {
		return fmt.Errorf("the hub: %s", refused)
	}
	if note != "" {
		o.Log.Info("Running on a hub of a version that was not tested", "note", note)
	}
	return nil
}

// preflight returns the hub's identity, and an error that says what is missing.
func preflight(ctx context.Context, live client.Client) (types.UID, error) {
	var system corev1.Namespace
	if err := live.Get(ctx, types.NamespacedName{Name: metav1.NamespaceSystem}, &system); err != nil {
		return "", fmt.Errorf("asking the hub for its identity, the namespace %s: %w", metav1.NamespaceSystem, err)
	}
	for _, list := range []client.ObjectList{&v1.MemberClusterList{}, &v1.DocsRunList{}, &v1.CodeRunList{}} {
		err := live.List(ctx, list, client.Limit(1))
		switch {
		case meta.IsNoMatchError(err) || apierrors.IsNotFound(err):
			return "", fmt.Errorf("the hub does not know Runfleet's kinds: run `runfleet crds | kubectl apply --server-side -f -` first")
		case err != nil && !apierrors.IsForbidden(err): // with --namespace the whole cluster may be out of reach
			return "", fmt.Errorf("asking the hub for its runs: %w", err)
		}
	}
	return system.UID, nil
}

func (o Options) now() func() time.Time {
	if o.Now != nil {
		return o.Now
	}
	return time.Now
}

func (o Options) provider(hub types.UID, mail *Mailboxes, pulse *incarnation.Pulse) *fleet.Provider {
	return fleet.New(fleet.Options{
		Namespace: o.System, HubConfig: o.Hub, HubUID: hub, ProbeInterval: o.ProbeInterval, RequestTimeout: o.RequestTimeout,
		ActiveRuns: mail.activeRuns,
		OnChange: func(member string) {
			pulse.MemberChanged() // before its runs: perhaps it remembers more than the hub
			mail.MemberChanged(member)
		},
	})
}

// manager are the options of the hub's manager. The leader's Lease has a client of its own: it must not queue behind work.
func (o Options) manager(scheme *runtime.Scheme) manager.Options {
	const grace = 20 * time.Second
	lease := rest.CopyConfig(o.Hub)
	return manager.Options{
		Scheme: scheme, Logger: o.Log,
		Cache:          hubCache(o.System, o.Namespaces),
		Client:         client.Options{Cache: &client.CacheOptions{DisableFor: uncached}},
		LeaderElection: o.LeaderElect, LeaderElectionID: "runfleet", LeaderElectionNamespace: o.System, LeaderElectionConfig: lease,
		LeaderElectionReleaseOnCancel: true, // a successor need not wait for the lease to end
		LeaseDuration:                 &o.LeaseDuration, RenewDeadline: &o.RenewDeadline, RetryPeriod: &o.RetryPeriod,
		Metrics: metricsServer(o.MetricsAddress), HealthProbeBindAddress: o.HealthAddress,
		GracefulShutdownTimeout: new(grace),
	}
}

// assemble adds everything that runs to the manager.
func (o Options) assemble(ctx context.Context, mgr mcmanager.Manager, provider *fleet.Provider, source *config.Source, mail *Mailboxes,
	pulse *incarnation.Pulse, uid types.UID,
) error {
	if err := IndexRuns(ctx, mgr, mail); err != nil {
		return err
	}
	if err := provider.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the fleet: %w", err)
	}
	local := mgr.GetLocalManager()
	recorder := event.Of(local)
	for _, watch := range source.Watches(o.Hub, recorder, mail.HubChanged) {
		if err := local.Add(watch); err != nil {
			return fmt.Errorf("watching the configuration: %w", err)
		}
	}
	traces, sample, err := o.tracing(ctx, local)
	if err != nil {
		return err
	}
	counts, err := o.counting(local, provider, source, traces, uid)
	if err != nil {
		return err
	}
	allowance := func() int32 { return source.Current().Lifecycle.InfraAllowance }
	placed, census := NewLedger(), NewCensus()
	before, err := o.addOriginal(local, mail)
	if err != nil {
		return err
	}
	for _, kind := range Kinds {
		machine, err := lifecycle.New(kind, source.Current().Lifecycle)
		if err != nil {
			return fmt.Errorf("building the machine of %s: %w", kind, err)
		}
		r := &Reconciler{
			Kind: kind, Machine: machine, Fleet: provider, Config: source.Current, Mail: mail, Placed: placed, Census: census,
			Incarnation: pulse.State, Original: before,
			Hub: Hub{
				Cached: local.GetCache(), Live: local.GetAPIReader(), Writer: local.GetClient(), UID: uid, Namespace: o.System,
			},
			Observer: telemetry.Observers{telemetry.Events{Recorder: recorder}, counts.Of(machine, allowance), traces},
			Effects:  telemetry.Acts{counts.Acted, traces.Effects()}.Acted, Sample: sample,
			Now: o.now(), RequestTimeout: o.RequestTimeout,
		}
		if err := r.Setup(mgr); err != nil {
			return fmt.Errorf("setting up the reconciler of %s: %w", kind, err)
		}
	}
	if err := o.addSweeper(local, provider, pulse, uid); err != nil {
		return err
	}
	return o.addChecks(local)
}
