package telemetry

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func exporterTo(t *testing.T, url string) (*Exporter, *prometheus.Registry) {
	t.Helper()
	client, err := Collector{Endpoint: url, Getenv: env(nil)}.Client()
	if err != nil {
		t.Fatal(err)
	}
	resource, err := Resource(t.Context(), "v1", "pod-a", "runfleet-system")
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	e, err := NewExporter(registry, client, resource, "v1")
	if err != nil {
		t.Fatal(err)
	}
	return e, registry
}

// spansOf reads what a collector was sent.
func spansOf(t *testing.T, r *http.Request) *collectorpb.ExportTraceServiceRequest {
	t.Helper()
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			t.Error(err)
			return nil
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	got := &collectorpb.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(text, got)
	}
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestSpansArriveWithTheirResourceBeforeTheOperatorEnds(t *testing.T) {
	arrived := make(chan *collectorpb.ExportTraceServiceRequest, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- spansOf(t, r) }))
	defer server.Close()
	e, _ := exporterTo(t, server.URL)
	ctx, stop := context.WithCancel(t.Context())
	e.Put([]story.Span{{Role: story.RoleRun, Trace: story.TraceOf("u"), ID: story.AttemptID("u", 1), Name: "RUN DocsRun",
		Start: time.Unix(1, 0), End: time.Unix(2, 0), Error: "AgentError"}})
	stop()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
	got := (<-arrived).GetResourceSpans()[0]
	names := map[string]string{}
	for _, kv := range got.GetResource().GetAttributes() {
		names[kv.GetKey()] = kv.GetValue().GetStringValue()
	}
	span := got.GetScopeSpans()[0].GetSpans()[0]
	if names["service.name"] != "runfleet" || names["k8s.pod.name"] != "pod-a" || span.GetName() != "RUN DocsRun" ||
		span.GetStatus().GetMessage() != "AgentError" || span.GetKind() != tracepb.Span_SPAN_KIND_SERVER || len(span.GetParentSpanId()) != 0 {
		t.Errorf("resource %v, span %v", names, span)
	}
}

func TestACollectorThatHangsCostsNothingAndIsCounted(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	e, registry := exporterTo(t, server.URL)
	ctx, stop := context.WithCancel(t.Context())
	began := time.Now()
	e.Put(make([]story.Span, queueSize+100))
	if took := time.Since(began); took > time.Second {
		t.Errorf("putting took %v", took)
	}
	stop()
	began = time.Now()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > flushTimeout+2*time.Second {
		t.Errorf("ending took %v", took)
	}
	if lost := dropped(t, registry); lost != queueSize+100 {
		t.Errorf("%v spans were counted as lost", lost)
	}
}

func TestACollectorThatTakesSomeLosesTheOthersAlone(t *testing.T) {
	for _, c := range []struct {
		answer http.HandlerFunc
		lost   float64
	}{
		{partially(1, "the \"attribute\"\nis too long"), 1},
		{partially(0, "mind the limits"), 0},
		{partially(9, "there were three"), 3},
		{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }, 3},
	} {
		server := httptest.NewServer(c.answer)
		e, registry := exporterTo(t, server.URL)
		ctx, stop := context.WithCancel(t.Context())
		e.Put(make([]story.Span, 3))
		stop()
		if err := e.Start(ctx); err != nil {
			t.Fatal(err)
		}
		server.Close()
		if got := dropped(t, registry); got != c.lost {
			t.Errorf("%v spans were counted as lost, want %v", got, c.lost)
		}
	}
}

// partially takes all spans but some.
func partially(rejected int64, why string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer, _ := proto.Marshal(&collectorpb.ExportTraceServiceResponse{
			PartialSuccess: &collectorpb.ExportTracePartialSuccess{RejectedSpans: rejected, ErrorMessage: why},
		})
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(answer)
	}
}

// dropped is what was counted as lost, for whatever reason.
func dropped(t *testing.T, registry *prometheus.Registry) (lost float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[0].GetMetric() {
		lost += m.GetCounter().GetValue()
	}
	return lost
}

func TestTheEnvironmentSaysWhetherAndWhat(t *testing.T) {
	for _, c := range []struct {
		env    map[string]string
		wanted bool
	}{
		{nil, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, true},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, true},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true},
		{map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, false},
		{map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, false},
	} {
		if got := (Collector{Getenv: env(c.env)}).Wanted(); got != c.wanted {
			t.Errorf("%v: %v", c.env, got)
		}
	}
	half, err := Collector{Getenv: env(map[string]string{"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"})}.Sampler()
	if err != nil || half(story.TraceID{8: 0x80}) || !half(story.TraceID{8: 0x7f}) {
		t.Errorf("half of all traces: %v", err)
	}
	for name, value := range map[string]string{"OTEL_TRACES_SAMPLER": "jaeger_remote", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"} {
		c := Collector{Getenv: env(map[string]string{name: value})}
		_, samplerErr := c.Sampler()
		if _, err := c.Client(); err == nil && samplerErr == nil {
			t.Errorf("%s=%s is taken", name, value)
		}
	}
}

func TestHeadersWithAMistakeAreRefusedAndNotSaid(t *testing.T) {
	const secret = "s3cr3t"
	for text, want := range map[string]string{
		"": "",
		" authorization=Bearer%20" + secret + "\n": "",
		"a=1,authorization=" + secret + "==":       "",
		"a=,b=" + secret:                           "",
		secret:                                     "header 1 of 1 in ",
		"Bearer " + secret + "==":                  "header 1 of 1 in ", // of what looks like a name half is the token
		"authorization: Bearer " + secret:          "header 1 of 1 in ",
		"a=1,authorization=" + secret + "%":        "header 2 of 2 in ",
		"authorization=a," + secret + ",b=1":       "header 2 of 3 in ",
		"a=" + secret + ",":                        "header 2 of 2 in ",
	} {
		for _, variable := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
			_, err := Collector{Getenv: env(map[string]string{variable: text})}.Client()
			switch {
			case want == "" && err != nil:
				t.Errorf("%q is refused: %v", text, err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want+variable+" ") || strings.Contains(err.Error(), secret)):
				t.Errorf("%q: want %q, got %v", text, want, err)
			}
		}
	}
}
