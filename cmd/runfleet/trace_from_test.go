package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

// jaegerOf is a life as Jaeger's query API answers it.
func jaegerOf(t *testing.T, spans []waterfall.Span) []byte {
	t.Helper()
	type tag struct {
		Key   string `json:"key"`
		Type  string `json:"type"`
		Value any    `json:"value"`
	}
	type reference struct {
		RefType string `json:"refType"`
		TraceID string `json:"traceID"`
		SpanID  string `json:"spanID"`
	}
	var out []map[string]any
	processes := map[string]any{}
	for _, s := range spans {
		var tags []tag
		for _, a := range s.Attributes {
			switch a.Value.(type) {
			case string:
				tags = append(tags, tag{a.Key, "string", a.Value})
			case int64:
				tags = append(tags, tag{a.Key, "int64", a.Value})
			}
		}
		if s.Error == "error" {
			tags = append(tags, tag{"otel.status_code", "string", "ERROR"})
		}
		var references []reference
		if s.Parent != (story.SpanID{}) {
			references = append(references, reference{"CHILD_OF", s.Trace.String(), strings.TrimLeft(s.Parent.String(), "0")})
		}
		processes["of"+s.Service] = map[string]any{"serviceName": s.Service, "tags": []tag{{"cicd.pipeline.run.id", "string", s.Run}}}
		out = append(out, map[string]any{
			"traceID": s.Trace.String(), "spanID": s.ID.String(), "operationName": s.Name, "references": references,
			"startTime": s.Start.UnixMicro(), "duration": s.End.Sub(s.Start).Microseconds(), "tags": tags, "processID": "of" + s.Service,
		})
	}
	data, err := json.Marshal(map[string]any{"data": []any{map[string]any{"spans": out, "processes": processes}}, "errors": nil})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tempoOf is a file of OTLP JSON as Tempo answers it: under another name, with identifiers in base64.
func tempoOf(t *testing.T, file []byte) []byte {
	t.Helper()
	var document any
	if err := json.Unmarshal(file, &document); err != nil {
		t.Fatal(err)
	}
	inBase64(t, document)
	data, err := json.Marshal(map[string]any{"batches": document.(map[string]any)["resourceSpans"]})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func inBase64(t *testing.T, node any) {
	t.Helper()
	switch node := node.(type) {
	case []any:
		for _, each := range node {
			inBase64(t, each)
		}
	case map[string]any:
		for _, key := range []string{"traceId", "spanId", "parentSpanId"} {
			if digits, _ := node[key].(string); digits != "" {
				id, err := hex.DecodeString(digits)
				if err != nil {
					t.Fatal(err)
				}
				node[key] = base64.StdEncoding.EncodeToString(id)
			}
		}
		for _, each := range node {
			inBase64(t, each)
		}
	}
}

func TestABackendTellsWhatAFileTells(t *testing.T) {
	noCluster(t)
	l := lives["retried"]()
	trace := story.TraceOf(l.run.UID).String()
	file := exported(t, l)
	want := call("trace", "auth-7", "--from", file, "-o", "json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spans, err := decodeSpans(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string][]byte{
		"jaeger": jaegerOf(t, spans), "tempo": tempoOf(t, data), "tempo 2": fmt.Appendf(nil, `{"trace":%s}`, tempoOf(t, data)),
		"lines": append(data, data...),
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/under/api/traces/"+trace || r.Header.Get("Accept") != "application/json" {
				t.Errorf("%s: asked %s, accepting %s", name, r.URL, r.Header.Get("Accept"))
			}
			_, _ = w.Write(answer)
		}))
		defer server.Close()
		for _, args := range [][]string{
			{trace, "--from", server.URL + "/under/"}, {trace, "--from", server.URL + "/under/search?service=runfleet#x"},
			{"--from", server.URL + "/under/trace/" + trace}, {trace, "--from", server.URL + "/under/api/v3/traces/" + trace},
		} {
			if diff := cmp.Diff(want, call(append([]string{"trace", "-o", "json"}, args...)...)); diff != "" {
				t.Errorf("%s %q (-want +got):\n%s", name, args, diff)
			}
		}
	}
}

func TestATraceThatCannotBeDrawnIsOneLine(t *testing.T) {
	noCluster(t)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const trace = "82f296cfdd64018f31d8357434ffed44"
	span := func(id, start, end string) string {
		return fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":%q,"spanId":%q,"name":"x\u001b[31m","startTimeUnixNano":%q,"endTimeUnixNano":%q}]}]}]}`,
			trace, id, start, end)
	}
	backend := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	good := exported(t, lives["retried"]())
	for name, c := range map[string]struct{ run, from, says string }{
		"a file that is not there":        {"auth-7", filepath.Join(dir, "none"), "reading spans: open"},
		"a directory":                     {"auth-7", dir, "is a directory: name a file of OTLP JSON"},
		"an empty file":                   {"auth-7", file("empty", ""), "neither OTLP JSON nor what Jaeger or Tempo answer: EOF"},
		"no JSON":                         {"auth-7", file("text", "a\nb"), "neither OTLP JSON nor what Jaeger or Tempo answer: invalid character"},
		"other JSON":                      {"auth-7", file("other", `{"a":1}`), "it has none of resourceSpans, batches and data"},
		"another shape":                   {"auth-7", file("shape", `{"resourceSpans":"x"}`), "neither OTLP JSON nor what"},
		"cut in the middle":               {"auth-7", file("cut", `{"resourceSpans":[]}{"resour`), "unexpected EOF"},
		"an identifier that is none":      {"auth-7", file("id", span("00", "1", "2")), "neither OTLP JSON nor what"},
		"a short identifier":              {"auth-7", file("short", span("AAAA", "1", "2")), `the span "x [31m" has no valid identifiers`},
		"an end before its start":         {"auth-7", file("back", span("00f067aa0ba902b7", "2", "1")), "ends before it begins"},
		"a time that is none":             {"auth-7", file("time", span("00f067aa0ba902b7", "now", "1")), "neither OTLP JSON nor what"},
		"no run in it":                    {"auth-7", file("alien", span("00f067aa0ba902b7", "1", "2")), "none of the spans there are a run's"},
		"another run in it":               {"auth-8", good, "auth-8 is not there. There are: coderun/auth-7 in team (trace " + trace + ")"},
		"another kind":                    {"docsrun/auth-7", good, "docsrun/auth-7 is not there"},
		"a backend that does not have it": {trace, backend(404, "no"), "there is no such trace: it was not sent there"},
		"a backend with nothing of it":    {trace, backend(200, `{"batches":[]}`), "there is no such trace"},
		"a server of something else":      {trace, backend(404, "404 page not found\n"), "404 Not Found: name the query API of Jaeger"},
		"a backend in trouble":            {trace, backend(503, "try\nlater"), "503 Service Unavailable: try later"},
		"a backend that is a page":        {trace, backend(200, "<html>"), "answers with a page: name the query API of Jaeger"},
		"a backend that answers nonsense": {trace, backend(200, "hello"), "answers nonsense: neither OTLP JSON nor what Jaeger or Tempo answer"},
		"Jaeger in trouble":               {trace, backend(400, `{"data":null,"errors":[{"code":400,"msg":"bad id"}]}`), "400 Bad Request: bad id"},
		"Jaeger's own error":              {trace, backend(200, `{"data":null,"errors":[{"msg":"bad\u001b[2Jthing"}]}`), `it says bad\x1b[2Jthing`},
		"nobody there":                    {trace, "http://127.0.0.1:1", "connection refused: name the query API of Jaeger"},
	} {
		got := call("trace", c.run, "--from", c.from)
		if got.Code != exitFail || got.Stdout != "" || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, c.says) {
			t.Errorf("%s: %+v\nsays not %s", name, got, c.says)
		}
	}
}
