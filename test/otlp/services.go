package otlp

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"

	logscollectorpb "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metricscollectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	_ "google.golang.org/grpc/encoding/gzip" // exporters compress
	"google.golang.org/protobuf/proto"
)

// The three services have one method each, of one name.
type (
	traces struct {
		collectorpb.UnimplementedTraceServiceServer

		r *Receiver
	}
	metrics struct {
		metricscollectorpb.UnimplementedMetricsServiceServer

		r *Receiver
	}
	logs struct {
		logscollectorpb.UnimplementedLogsServiceServer

		r *Receiver
	}
)

// Export implements the service.
func (t traces) Export(_ context.Context, req *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	t.r.spans = append(t.r.spans, req.GetResourceSpans()...)
	for _, from := range req.GetResourceSpans() {
		t.r.heard(Traces, from.GetResource())
	}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

// Export implements the service.
func (m metrics) Export(
	_ context.Context, req *metricscollectorpb.ExportMetricsServiceRequest,
) (*metricscollectorpb.ExportMetricsServiceResponse, error) {
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	for _, from := range req.GetResourceMetrics() {
		m.r.heard(Metrics, from.GetResource())
	}
	return &metricscollectorpb.ExportMetricsServiceResponse{}, nil
}

// Export implements the service.
func (l logs) Export(_ context.Context, req *logscollectorpb.ExportLogsServiceRequest) (*logscollectorpb.ExportLogsServiceResponse, error) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	for _, from := range req.GetResourceLogs() {
		l.r.heard(Logs, from.GetResource())
	}
	return &logscollectorpb.ExportLogsServiceResponse{}, nil
}

// maxBody is the most that one request may bring, as it is when it is unpacked.
const maxBody = 64 << 20

// body is a service by HTTP, with protocol buffers.
func body[In, Out proto.Message](export func(context.Context, In) (Out, error), empty In) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		in, status, err := read(req, empty)
		if err != nil {
			http.Error(w, err.Error(), status)
			return
		}
		out, err := export(req.Context(), in)
		answer, marshalErr := proto.Marshal(out)
		if err != nil || marshalErr != nil {
			http.Error(w, fmt.Sprint(err, marshalErr), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	})
}

// read is the message of a request, or why there is none and with which status.
func read[In proto.Message](req *http.Request, empty In) (message In, status int, err error) {
	if kind := req.Header.Get("Content-Type"); kind != "application/x-protobuf" {
		return empty, http.StatusUnsupportedMediaType, fmt.Errorf("%q is not taken here: send http/protobuf or grpc", kind)
	}
	from := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(req.Body)
		if err != nil {
			return empty, http.StatusBadRequest, fmt.Errorf("unpacking: %w", err)
		}
		from = unzipped
	}
	data, err := io.ReadAll(io.LimitReader(from, maxBody))
	if err != nil {
		return empty, http.StatusBadRequest, fmt.Errorf("reading: %w", err)
	}
	in, ok := empty.ProtoReflect().New().Interface().(In)
	if !ok {
		return empty, http.StatusInternalServerError, fmt.Errorf("no %T", empty)
	}
	if err := proto.Unmarshal(data, in); err != nil {
		return empty, http.StatusBadRequest, fmt.Errorf("reading the message: %w", err)
	}
	return in, http.StatusOK, nil
}
