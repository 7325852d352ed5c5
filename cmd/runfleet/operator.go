package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/api/v1"
)

// operatorOptions are the flags of the operator.
type operatorOptions struct {
	kubeconfig, context string
	namespaces          []string
	system              string
	localMember         bool

	leaderElect                               bool
	leaseDuration, renewDeadline, retryPeriod time.Duration
	requestTimeout, probeInterval             time.Duration

	metrics, health string
	logFormat       string
	otlpEndpoint    string
	otlpProtocol    string
	verbosity       int
}

func newOperatorCommand() *cobra.Command {
	o := &operatorOptions{}
	cmd := &cobra.Command{
		Use:   "operator",
		Short: "Run the operator against the hub",
		Long: `Run the operator against the hub: it places the runs on members, starts their agents there, follows, retries, stops
and cleans up, and reports on the runs.

Its configuration is the ConfigMap task-controller-config in its own namespace. Any number of replicas may run; one
leads. It ends on SIGINT and SIGTERM, hands the lead over at once, and leaves every agent running.`,
		Example: `  # one cluster is enough to start: the hub executes runs too
  runfleet operator --local-member

  # outside the cluster
  runfleet operator --kubeconfig hub.kubeconfig`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return o.run(ctx, cmd.ErrOrStderr())
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (o *operatorOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig of the hub (default: $KUBECONFIG, or the service account in a pod)")
	f.StringVar(&o.context, "context", "", "context in the kubeconfig (default: the current one)")
	f.StringSliceVar(&o.namespaces, "namespace", nil, "watch runs in this namespace only; may be repeated (default: all)")
	f.StringVar(&o.system, "system-namespace", envOr("POD_NAMESPACE", v1.SystemNamespace),
		"the operator's own namespace: configuration, kubeconfig Secrets, leader Lease (default: $POD_NAMESPACE or "+v1.SystemNamespace+")")
	f.BoolVar(&o.localMember, "local-member", false, "register the hub as a member of itself, named local")
	f.BoolVar(&o.leaderElect, "leader-elect", true, "act only while holding the leader Lease")
	f.DurationVar(&o.leaseDuration, "lease-duration", 15*time.Second, "how long a leader that is not heard of keeps the lead")
	f.DurationVar(&o.renewDeadline, "renew-deadline", 10*time.Second, "how long a leader tries to renew before it gives up")
	f.DurationVar(&o.retryPeriod, "retry-period", 2*time.Second, "time between two attempts to lead or to renew")
	f.DurationVar(&o.requestTimeout, "request-timeout", 5*time.Second, "time that one request may take; below the lease duration")
	f.DurationVar(&o.probeInterval, "probe-interval", 10*time.Second, "time between two probes of a member")
	f.StringVar(&o.metrics, "metrics-address", ":8080", `where to serve /metrics; "0" for nowhere`)
	f.StringVar(&o.health, "health-address", ":8081", `where to serve /healthz and /readyz; "0" for nowhere`)
	f.StringVar(&o.otlpEndpoint, "otlp-endpoint", "",
		"URL of the collector of traces (default: as OTEL_EXPORTER_OTLP_ENDPOINT says, or none)")
	f.StringVar(&o.otlpProtocol, "otlp-protocol", "",
		"grpc or http/protobuf (default: as OTEL_EXPORTER_OTLP_PROTOCOL says, or http/protobuf)")
	f.StringVar(&o.logFormat, "log-format", "json", "json or text")
	f.IntVarP(&o.verbosity, "verbosity", "v", 0, "0: transitions, 2: effects, 4: everything")
}

func envOr(name, value string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return value
}

// check refuses times that would break what the protocol rests on.
func (o *operatorOptions) check() error {
	var errs []error
	if o.requestTimeout <= 0 || o.requestTimeout >= o.leaseDuration {
		errs = append(errs, usagef("--request-timeout %v must be positive and below --lease-duration %v: a request of a leader that lost "+
			"its lease must not be under way when the next one begins", o.requestTimeout, o.leaseDuration))
	}
	if o.renewDeadline >= o.leaseDuration || o.retryPeriod >= o.renewDeadline {
		errs = append(errs, usagef("--lease-duration %v, --renew-deadline %v and --retry-period %v must fall in this order",
			o.leaseDuration, o.renewDeadline, o.retryPeriod))
	}
	if o.logFormat != "json" && o.logFormat != "text" {
		errs = append(errs, usagef("--log-format %q must be json or text", o.logFormat))
	}
	return errors.Join(errs...)
}

// run starts the operator and returns when ctx has ended and everything has stopped.
func (o *operatorOptions) run(ctx context.Context, stderr io.Writer) error {
	setLogger(stderr, o.logFormat, o.verbosity)
	op, err := o.build(ctx)
	if err != nil {
		return fmt.Errorf("starting the operator: %w", err)
	}
	if err := op.Start(ctx); err != nil {
		return fmt.Errorf("running the operator: %w", err)
	}
	return nil
}
