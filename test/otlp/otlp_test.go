package otlp_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"github.com/runfleet/runfleet/test/otlp"
)

func TestWhatIsSentByEitherProtocolIsRememberedAndWritten(t *testing.T) {
	r, err := otlp.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20abc==,x-scope-orgid=shop")
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		c := telemetry.Collector{Endpoint: r.Endpoint(), Protocol: protocol, Getenv: func(string) string { return "" }}
		client, err := c.Client()
		if err != nil {
			t.Fatal(err)
		}
		resource, err := telemetry.Resource(t.Context(), "v1", protocol, "system")
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		span := story.Span{
			Role: story.RoleState, Trace: story.TraceOf("u"), ID: story.AttemptID("u", 1), Parent: story.AttemptID("u", 2), Name: protocol,
			Start: time.Unix(1, 0), End: time.Unix(2, 0), Attributes: []story.Attribute{{Key: "traceId", Value: "a+b="}},
		}
		if err := client.UploadTraces(t.Context(), telemetry.OTLP(resource, "v1", []story.Span{span})); err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
		if err := client.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, s := range r.Spans() {
		got = append(got, s.GetName()+" from "+s.Resource["k8s.pod.name"]+" says "+s.Attribute("traceId"))
	}
	want := []string{"grpc from grpc says a+b=", "http/protobuf from http/protobuf says a+b="}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(r.Headers()) != 2 {
		t.Errorf("%d requests", len(r.Headers()))
	}
	for _, h := range r.Headers() {
		if h.Get("Authorization") != "Bearer abc==" || h.Get("X-Scope-Orgid") != "shop" {
			t.Errorf("headers %v", h)
		}
	}
	if n := len(r.Senders(otlp.Traces)); n != 2 || len(r.Senders(otlp.Logs)) != 0 {
		t.Errorf("%d senders of traces", n)
	}
	path := filepath.Join(t.TempDir(), "spans.json")
	if err := r.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	var file struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Spans []struct {
					TraceID      string `json:"traceId"`
					SpanID       string `json:"spanId"`
					ParentSpanID string `json:"parentSpanId"`
					Kind         int    `json:"kind"`
				} `json:"spans"`
			} `json:"scopeSpans"`
		} `json:"resourceSpans"`
	}
	if err != nil || json.Unmarshal(data, &file) != nil || len(file.ResourceSpans) != 2 || bytes.Count(data, []byte("\n")) != 1 {
		t.Fatalf("%v: %s", err, data)
	}
	span := file.ResourceSpans[1].ScopeSpans[0].Spans[0]
	if span.TraceID != story.TraceOf("u").String() || span.SpanID != story.AttemptID("u", 1).String() ||
		span.ParentSpanID != story.AttemptID("u", 2).String() || span.Kind != 1 {
		t.Errorf("%+v", span)
	}
}

func TestWhatIsNoProtocolBufferIsRefused(t *testing.T) {
	r, err := otlp.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]int{"application/json": http.StatusUnsupportedMediaType, "application/x-protobuf": http.StatusBadRequest} {
		answer, err := http.Post(r.Endpoint()+"/v1/traces", kind, bytes.NewBufferString("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != want {
			t.Errorf("%s: %s", kind, answer.Status)
		}
		_ = answer.Body.Close()
	}
}
