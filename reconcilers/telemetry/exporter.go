package telemetry

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	queueSize     = 4096 // spans; some three hundred runs that end at once
	batchSize     = 512
	batchEvery    = time.Second
	exportTimeout = 10 * time.Second
	// flushTimeout is what the spans that are left get when the operator ends. Below the manager's grace.
	flushTimeout = 3 * time.Second
)

// Exporter sends spans to a collector. Whoever has spans never waits for it: what does not fit into its queue is counted and
// lost.
type Exporter struct {
	client   otlptrace.Client
	resource []*commonpb.KeyValue
	version  string
	queue    chan story.Span
	dropped  *prometheus.CounterVec
}

// NewExporter registers runfleet_spans_dropped_total{reason}.
func NewExporter(
	registry prometheus.Registerer, client otlptrace.Client, resource []*commonpb.KeyValue, version string,
) (*Exporter, error) {
	dropped, err := counter(registry, spansDroppedTotal)
	if err != nil {
		return nil, err
	}
	for _, reason := range []string{"queue", "export"} {
		dropped.WithLabelValues(reason)
	}
	return &Exporter{client: client, resource: resource, version: version, queue: make(chan story.Span, queueSize), dropped: dropped}, nil
}

// Put takes spans, and never blocks.
func (e *Exporter) Put(spans []story.Span) {
	for _, s := range spans {
		select {
		case e.queue <- s:
		default:
			e.dropped.WithLabelValues("queue").Inc()
		}
	}
}

// NeedLeaderElection implements the manager's interface: it ends after those who have spans, and not with the lead.
func (*Exporter) NeedLeaderElection() bool { return false }

// Start exports until ctx ends, and then for a moment what is left.
func (e *Exporter) Start(ctx context.Context) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(flushTimeout, cancel) })()
	if err := e.client.Start(base); err != nil {
		log.FromContext(ctx).Error(err, "Connecting to the collector of traces") // each export tries again
	}
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			e.flush(base)
		}
	}
	e.flush(base)
	if err := e.client.Stop(base); err != nil {
		log.FromContext(ctx).Info("Closing the connection to the collector of traces", "error", err.Error())
	}
	return nil
}

// flush exports what is in the queue now.
func (e *Exporter) flush(ctx context.Context) {
	for {
		batch := e.take()
		if len(batch) == 0 {
			return
		}
		e.export(ctx, batch)
	}
}

func (e *Exporter) take() []story.Span {
	var batch []story.Span
	for len(batch) < batchSize {
		select {
		case s := <-e.queue:
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

func (e *Exporter) export(ctx context.Context, batch []story.Span) {
	bounded, cancel := context.WithTimeout(ctx, exportTimeout)
	defer cancel()
	if err := e.client.UploadTraces(bounded, OTLP(e.resource, e.version, batch)); err != nil {
		lost := lostOf(err, len(batch))
		e.dropped.WithLabelValues("export").Add(float64(lost))
		log.FromContext(ctx).Info("Exporting spans", "spans", len(batch), "lost", lost, "error", err.Error())
	}
}

// partial is what the clients make of a collector that took the others. They export no type for it.
var partial = regexp.MustCompile(`(?s)^OTLP partial success: .* \((\d+) spans rejected\)$`)

// lostOf is how many spans of a batch did not arrive, as far as is known: of one that timed out, all.
func lostOf(err error, batch int) int {
	if m := partial.FindStringSubmatch(err.Error()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return min(n, batch)
		}
	}
	return batch
}
