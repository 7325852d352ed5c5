package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
)

// starter is what runs until its context ends.
type starter interface {
	Start(ctx context.Context) error
}

// build connects to the hub and puts the operator together.
func (o *operatorOptions) build(ctx context.Context) (starter, error) {
	hub, err := o.hub()
	if err != nil {
		return nil, err
	}
	return reconcilers.New(ctx, reconcilers.Options{
		Hub: hub, System: o.system, Namespaces: o.namespaces, LocalMember: o.localMember,
		LeaderElect: o.leaderElect, LeaseDuration: o.leaseDuration, RenewDeadline: o.renewDeadline, RetryPeriod: o.retryPeriod,
		RequestTimeout: o.requestTimeout, ProbeInterval: o.probeInterval,
		MetricsAddress: o.metrics, HealthAddress: o.health, Log: ctrl.Log,
		Collector: telemetry.Collector{Endpoint: o.otlpEndpoint, Protocol: o.otlpProtocol, Getenv: os.Getenv},
		Version:   thisBuild().Version, Pod: cmp.Or(os.Getenv("POD_NAME"), os.Getenv("HOSTNAME")),
	})
}

// hub finds the hub as kubectl would and, in a pod without a kubeconfig, by its service account.
func (o *operatorOptions) hub() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.context})
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// The hub's own priority and fairness is the limit; the client's would queue the urgent behind the rest.
	config.QPS = -1
	config.UserAgent = "runfleet-operator"
	return config, nil
}

// readable writes the type of what has no other text: controller-runtime logs the functions that it starts.
func readable(_ []string, a slog.Attr) slog.Attr {
	if v := a.Value.Any(); v != nil && reflect.TypeOf(v).Kind() == reflect.Func {
		a.Value = slog.StringValue(fmt.Sprintf("%T", v))
	}
	return a
}

// setLogger makes every library write structured lines to w.
func setLogger(w io.Writer, format string, verbosity int) {
	options := &slog.HandlerOptions{Level: slog.Level(-verbosity), ReplaceAttr: readable}
	var handler slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" {
		handler = slog.NewTextHandler(w, options)
	}
	logger := logr.FromSlogHandler(handler)
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
}
