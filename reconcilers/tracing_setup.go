package reconcilers

import (
	"context"
	"fmt"
	"os"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// tracing adds what exports spans, where somebody said whereto. Whether runs are sampled is decided in any case: their agents
// may export their own.
func (o Options) tracing(ctx context.Context, local manager.Manager) (telemetry.Traces, func(story.TraceID) bool, error) {
	nowhere := telemetry.Traces{}
	c := o.Collector
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	sample, err := c.Sampler()
	if err != nil || !c.Wanted() {
		return nowhere, sample, err
	}
	sink, err := c.Client()
	if err != nil {
		return nowhere, nil, err
	}
	resource, err := telemetry.Resource(ctx, o.Version, o.Pod, o.System)
	if err != nil {
		return nowhere, nil, err
	}
	exporter, err := telemetry.NewExporter(metrics.Registry, sink, resource, o.Version)
	if err != nil {
		return nowhere, nil, err
	}
	traces := telemetry.Traces{Put: exporter.Put}
	for _, part := range []manager.Runnable{exporter, retelling{local.GetCache(), traces, o.now()}} {
		if err := local.Add(part); err != nil {
			return nowhere, nil, fmt.Errorf("adding the export of traces: %w", err)
		}
	}
	return traces, sample, nil
}
