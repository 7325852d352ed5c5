package otlp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	logscollectorpb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metricscollectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Signal is a kind of telemetry.
type Signal string

// The signals.
const (
	Traces  Signal = "traces"
	Metrics Signal = "metrics"
	Logs    Signal = "logs"
)

// Receiver remembers every span, of metrics and logs who sent them, and the headers of all requests.
type Receiver struct {
	endpoint string
	server   *http.Server

	mu      sync.Mutex
	spans   []*tracepb.ResourceSpans
	senders map[Signal][]map[string]string
	headers []http.Header
}

// Listen receives on a free port of loopback until ctx ends.
func Listen(ctx context.Context) (*Receiver, error) { return ListenOn(ctx, "127.0.0.1") }

// ListenOn is Listen on another address of this machine, such as one that containers reach.
func ListenOn(ctx context.Context, address string) (*Receiver, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, fmt.Errorf("listening for telemetry: %w", err)
	}
	r := &Receiver{endpoint: "http://" + l.Addr().String(), senders: map[Signal][]map[string]string{}}
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	r.server = &http.Server{Handler: r.handler(), Protocols: both, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(l) }() // until Close
	context.AfterFunc(ctx, r.Close)
	return r, nil
}

// Endpoint is the URL for OTEL_EXPORTER_OTLP_ENDPOINT, whatever the protocol.
func (r *Receiver) Endpoint() string { return r.endpoint }

// Close stops receiving. What was received stays.
func (r *Receiver) Close() { _ = r.server.Close() }

// Span is a span and who sent it.
type Span struct {
	*tracepb.Span

	Resource map[string]string
}

// Attribute is what the span says under a key, as text; "" where it says nothing.
func (s Span) Attribute(key string) string { return textOf(s.GetAttributes())[key] }

// Spans are all that came, in their order. One that came twice is there twice.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Span
	for _, from := range r.spans {
		resource := textOf(from.GetResource().GetAttributes())
		for _, scope := range from.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				out = append(out, Span{Span: s, Resource: resource})
			}
		}
	}
	return out
}

// Senders are the attributes of the resources that a signal came from, one for each time that it came.
func (r *Receiver) Senders(s Signal) []map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.senders[s])
}

// Headers are those of each request, of gRPC's too.
func (r *Receiver) Headers() []http.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.headers)
}

func (r *Receiver) handler() http.Handler {
	rpc := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(rpc, traces{r: r})
	metricscollectorpb.RegisterMetricsServiceServer(rpc, metrics{r: r})
	logscollectorpb.RegisterLogsServiceServer(rpc, logs{r: r})
	plain := http.NewServeMux()
	plain.Handle("POST /v1/traces", body(traces{r: r}.Export, new(collectorpb.ExportTraceServiceRequest)))
	plain.Handle("POST /v1/metrics", body(metrics{r: r}.Export, new(metricscollectorpb.ExportMetricsServiceRequest)))
	plain.Handle("POST /v1/logs", body(logs{r: r}.Export, new(logscollectorpb.ExportLogsServiceRequest)))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.headers = append(r.headers, req.Header.Clone())
		r.mu.Unlock()
		if req.ProtoMajor == 2 && strings.HasPrefix(req.Header.Get("Content-Type"), "application/grpc") {
			rpc.ServeHTTP(w, req)
			return
		}
		plain.ServeHTTP(w, req)
	})
}

func (r *Receiver) heard(s Signal, from *resourcepb.Resource) {
	r.senders[s] = append(r.senders[s], textOf(from.GetAttributes()))
}

// textOf are attributes with their values as text.
func textOf(attributes []*commonpb.KeyValue) map[string]string {
	out := map[string]string{}
	for _, kv := range attributes {
		out[kv.GetKey()] = text(kv.GetValue())
	}
	return out
}

func text(v *commonpb.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *commonpb.AnyValue_BoolValue:
		return fmt.Sprint(v.BoolValue)
	case *commonpb.AnyValue_DoubleValue:
		return fmt.Sprint(v.DoubleValue)
	case *commonpb.AnyValue_ArrayValue:
		var all []string
		for _, each := range v.ArrayValue.GetValues() {
			all = append(all, text(each))
		}
		return strings.Join(all, ",")
	default:
		return ""
	}
}
