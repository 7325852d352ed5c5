//go:build backends

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"github.com/runfleet/runfleet/test/backends"
)

// started is a Collector, as the example of docs configures it, that passes on to a Jaeger, as the other example does.
type started struct {
	collector, jaeger *backends.Collector
	api               string        // of Jaeger, below a path of its own
	authorized        *atomic.Int64 // exports that came with the Secret's header
}

func startBackends(t *testing.T) started {
	t.Helper()
	program, err := backends.Program(t.Context()) // while this is at home, where Go's cache is
	if err != nil {
		t.Fatal(err)
	}
	noCluster(t)
	t.Setenv("AUTHORIZATION", "Bearer abc")
	config := func(name string) string {
		e, err := backends.ReadExample("../../docs/examples/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		return e.Settings()
	}
	s := started{authorized: new(atomic.Int64)}
	s.jaeger = backends.Start(t, program, config("jaeger"),
		"extensions.jaeger_query.base_path=/jaeger", "extensions.jaeger_query.grpc.endpoint=127.0.0.1:0",
		"extensions.jaeger_query.enable_tracing=false")
	s.api = s.jaeger.At("16686") + "/jaeger"
	otlp, err := url.Parse(s.jaeger.At("4318"))
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(otlp)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer abc" {
			s.authorized.Add(1)
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	s.collector = backends.Start(t, program, config("collector"), "exporters.otlphttp.endpoint="+between.URL)
	return s
}

// send exports as an operator does, which sends what it has when it ends.
func (s started) send(t *testing.T, port, protocol string, spans []story.Span) {
	t.Helper()
	client, err := telemetry.Collector{Endpoint: s.collector.At(port), Protocol: protocol, Getenv: func(string) string { return "" }}.Client()
	if err != nil {
		t.Fatal(err)
	}
	resource, err := telemetry.Resource(t.Context(), "v1", "runfleet-0", "runfleet-system")
	if err != nil {
		t.Fatal(err)
	}
	e, err := telemetry.NewExporter(prometheus.NewRegistry(), client, resource, "v1")
	if err != nil {
		t.Fatal(err)
	}
	e.Put(spans)
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
}

// soon is what trace says, as soon as it says what is wanted: batches are under way for a second.
func soon(want result, args ...string) result {
	deadline := time.Now().Add(20 * time.Second)
	for {
		got := call(args...)
		if cmp.Equal(want, got) || time.Now().After(deadline) {
			return got
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestJaegerIsDrawnAsWhatItWasSent: by the status of a run, and with the spans of its agents as a file of them is drawn, although
// the operator told each twice, by both protocols.
func TestJaegerIsDrawnAsWhatItWasSent(t *testing.T) {
	s := startBackends(t)
	for i, name := range []string{"asked-again", "cancelled", "refused"} {
		l := lives[name]()
		l.run.UID = types.UID(fmt.Sprintf("1a2b3c4d-0000-4000-8000-%012d", i+1))
		for port, protocol := range map[string]string{"4317": "grpc", "4318": "http/protobuf"} {
			s.send(t, port, protocol, story.Tell(l.run))
		}
		want := result{Stdout: strings.Join(drawTrace(pictureOf(l, shownSpans), page{width: 80}), "\n") + "\n"}
		if diff := cmp.Diff(want, soon(want, "trace", story.TraceOf(l.run.UID).String(), "--from", s.api)); diff != "" {
			t.Fatalf("%s (-status +Jaeger):\n%s", name, diff)
		}
	}
	l := lives["retried"]()
	file := exported(t, l)
	s.send(t, "4317", "grpc", append(story.Tell(l.run), l.effects()...))
	client, err := telemetry.Collector{Endpoint: s.collector.At("4318"), Getenv: func(string) string { return "" }}.Client()
	if err != nil {
		t.Fatal(err)
	}
	upload(t, client, l.agents())
	trace := story.TraceOf(l.run.UID).String()
	for _, output := range []string{"json", "html", ""} {
		form := []string{"-o", output}
		if output == "" {
			form = nil
		}
		want := call(append([]string{"trace", "auth-7", "--from", file}, form...)...)
		for _, from := range [][]string{
			{trace, "--from", s.api}, {trace, "--from", s.api + "/"}, {"--from", s.api + "/trace/" + trace},
			{"--from", s.api + "/trace/" + trace + "?uiFind=Running"}, {trace, "--from", s.api + "/search?service=runfleet"},
			{"--from", s.api + "/api/traces/" + trace},
		} {
			if diff := cmp.Diff(want, soon(want, append(append([]string{"trace"}, from...), form...)...)); diff != "" {
				t.Fatalf("%q (-file +Jaeger):\n%s", from, diff)
			}
		}
	}
	if s.authorized.Load() == 0 {
		t.Error("the collector sends no credentials")
	}
}

func TestWhatIsNoAnswerOfJaegerIsOneLineThatSaysWhatToDo(t *testing.T) {
	s := startBackends(t)
	const trace = "82f296cfdd64018f31d8357434ffed44"
	port := s.jaeger.At("16686")
	for name, c := range map[string]struct{ run, from, says string }{
		"a trace that it does not have":   {trace, s.api, "there is no such trace: it was not sent there"},
		"an address without its path":     {trace, port, "answers with a page: " + queries},
		"another path":                    {trace, port + "/else", "answers with a page: " + queries},
		"the port that receives":          {trace, s.jaeger.At("4318"), "answers 404 Not Found: " + queries},
		"the port that receives, by gRPC": {trace, s.jaeger.At("4317"), queries},
		"TLS where there is none":         {trace, strings.Replace(s.api, "http:", "https:", 1), "server gave HTTP response to HTTPS client"},
	} {
		got := call("trace", c.run, "--from", c.from)
		if got.Code != exitFail || got.Stdout != "" || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, c.says) {
			t.Errorf("%s: %+v\nsays not %s", name, got, c.says)
		}
	}
	other := strings.Repeat("ab", 16)
	if got := call("trace", trace, "--from", s.api+"/trace/"+other); got.Code != exitUsage || !strings.Contains(got.Stderr, "is the address of trace "+other) {
		t.Errorf("%+v", got)
	}
}
