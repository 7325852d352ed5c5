package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	"github.com/runfleet/runfleet/test/golden"
	"github.com/runfleet/runfleet/test/otlp"
)

// pictureOf is what trace draws of a life.
func pictureOf(l *life, limit int) waterfall.Picture {
	p := waterfall.Of(string(l.run.UID), waterfall.Told(l.run, l.now), limit)
	p.WaitsFor(waitsFor(l.run))
	return p
}

func TestTracesAreDrawn(t *testing.T) {
	for name, live := range lives {
		for suffix, on := range map[string]page{"": {width: 80}, "-120": {width: 120}, "-colour": {width: 80, colour: true}} {
			if suffix != "" && name != "retried" {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				lines := drawTrace(pictureOf(live(), shownSpans), on)
				for _, line := range lines {
					if columns(unpainted(line)) >= on.width {
						t.Errorf("%d columns: %s", columns(unpainted(line)), line)
					}
				}
				golden.Check(t, "trace/"+name+suffix+".txt", strings.Join(lines, "\n")+"\n")
			})
		}
	}
}

// exported is what a collector has of a life and of what its agents did, as a file.
func exported(t *testing.T, l *life) string {
	t.Helper()
	receiver, err := otlp.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client, err := telemetry.Collector{Endpoint: receiver.Endpoint(), Getenv: func(string) string { return "" }}.Client()
	if err != nil {
		t.Fatal(err)
	}
	spans := story.Tell(l.run)
	spans = append(spans, l.effects()...)
	upload(t, client, telemetry.OTLP([]*commonpb.KeyValue{said("service.name", "runfleet")}, "v1", spans))
	upload(t, client, l.agents())
	file := filepath.Join(t.TempDir(), "spans.json")
	if err := receiver.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func upload(t *testing.T, client otlptrace.Client, spans []*tracepb.ResourceSpans) {
	t.Helper()
	if err := client.UploadTraces(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
}

func said(key, text string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: text}}}
}

// effects are those of the first attempt.
func (l *life) effects() []story.Span {
	var out []story.Span
	at := *l.run
	at.Status.History = at.Status.History[:1]
	began := at.Status.History[0].Time.Time
	for _, resource := range []string{"Workspace", "Inputs", "Agent"} {
		s, _ := story.OfEffect(&at, story.Done{
			Effect: lifecycle.Effect{Verb: "Ensure", Resource: lifecycle.Agent, Cluster: "eu-1", Attempt: 1}, Start: began,
			End: began.Add(80 * time.Millisecond), Outcome: "done",
		})
		s.Trace, s.Name, s.ID[0] = story.TraceOf(l.run.UID), "Ensure "+resource, resource[0]
		out, began = append(out, s), s.End
	}
	return out
}

// agents are spans of an agent of the first attempt, in the tree that its TRACEPARENT makes.
func (l *life) agents() []*tracepb.ResourceSpans {
	trace, above := story.TraceOf(l.run.UID), story.AttemptID(l.run.UID, 1)
	began := l.run.Status.History[2].Time.Time
	span := func(id byte, parent []byte, name string, from, to time.Duration) *tracepb.Span {
		return &tracepb.Span{
			TraceId: trace[:], SpanId: []byte{0xa, 0, 0, 0, 0, 0, 0, id}, ParentSpanId: parent, Name: name,
			StartTimeUnixNano: uint64(began.Add(from).UnixNano()), EndTimeUnixNano: uint64(began.Add(to).UnixNano()),
		}
	}
	const s = time.Second
	turn := span(1, above[:], "interaction", 2*s, 86*s)
	spans := []*tracepb.Span{turn}
	for i := range 16 {
		from := time.Duration(3+5*i) * s
		spans = append(spans, span(byte(2+i), turn.GetSpanId(), []string{"llm_request", "tool.Bash <script>alert(1)</script>"}[i%2], from, from+time.Duration(1+i%5)*s))
	}
	spans[6].Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "exit code 1"}
	return []*tracepb.ResourceSpans{{
		Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{said("service.name", "claude-code"), said("cicd.pipeline.run.id", string(l.run.UID))}},
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}},
	}}
}

func TestSpansOfAFileAreDrawn(t *testing.T) {
	file := exported(t, lives["retried"]())
	got := call("trace", "cr/auth-7", "--from", file)
	if got.Code != exitOK || got.Stderr != "" {
		t.Fatalf("%+v", got)
	}
	golden.Check(t, "trace/file.txt", got.Stdout)
	for _, other := range []string{"auth-7", story.TraceOf(lives["retried"]().run.UID).String()} {
		if diff := cmp.Diff(got, call("trace", other, "--from", file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", other, diff)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "trace/spans.json", string(data)) // docs/cli.md is run with it
}

// What was waited for is told to a collector too, so that a run is drawn the same that the hub no longer has.
func TestWhatWasWaitedForIsExported(t *testing.T) {
	l := lives["waited"]()
	spans, err := readSpans(exported(t, l))
	if err != nil {
		t.Fatal(err)
	}
	type gap struct {
		Label, Note string
		Wait        *waterfall.Wait
		Marks       []waterfall.Mark
	}
	gaps := func(p waterfall.Picture) (out []gap) {
		for _, r := range p.Chapters[0].Rows {
			if r.Kind == story.RoleState && r.Waits {
				out = append(out, gap{r.Label, r.Note, r.Wait, r.Marks})
			}
		}
		return out
	}
	want, got := gaps(pictureOf(l, 0)), gaps(waterfall.Of(string(l.run.UID), spans, 0))
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 5 || got[0].Wait == nil {
		t.Errorf("%d gaps, (-want +got):\n%s", len(got), diff)
	}
}

func TestThePageHasEverythingAndNoValueIsSyntax(t *testing.T) {
	l := lives["retried"]()
	spans, err := readSpans(exported(t, l))
	if err != nil {
		t.Fatal(err)
	}
	const evil = `</style><script>alert(1)</script>" onload="x`
	l.says("Evil", evil).run.Status.Attempts[0].Message = evil
	l.run.Status.Members = []string{"eu-1", "us-1"}
	spans = waterfall.Merge(waterfall.Told(l.run, l.now), spans)
	first := l.run.Status.History[0].Time
	events := []corev1.Event{
		{Reason: "ClusterChosen", Action: "Provisioning", EventTime: metav1.NewMicroTime(first.Add(time.Second)), Message: "Pending -> Provisioning: on eu-1, the only one"},
		{Reason: "CancelIgnored", Type: "Warning", EventTime: metav1.NewMicroTime(first.Add(time.Minute)), Message: evil},
	}
	data, err := drawPage(t.Context(), waterfall.Of(string(l.run.UID), spans, pageSpans), seen{uid: string(l.run.UID), spans: spans, run: l.run, events: events})
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, wrong := range []string{"<script", "</style><", "http://", "src=", "@import", "ZgotmplZ"} {
		if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/", ""), wrong) {
			t.Errorf("the page has %s", wrong)
		}
	}
	for _, wanted := range []string{
		"tool.Bash &lt;script&gt;", "OutOfMemory", "attempt 2 on us-1", "team/workspace-auth-api", "team/auth-7-1a2b3c4d-2", "on eu-1, the only one",
		"CancelIgnored", "The back-off is over and a member takes the next attempt.", "AgentStarted ×2", "<svg role",
	} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page lacks %s", wanted)
		}
	}
}

// TestAPageOfAFile: without the run there are still its Jobs.
func TestAPageOfAFile(t *testing.T) {
	noCluster(t)
	got := call("trace", "auth-7", "-o", "html", "--from", "testdata/trace/spans.json")
	if got.Code != exitOK || got.Stderr != "" || !strings.Contains(got.Stdout, "team/auth-7-1a2b3c4d-2") {
		t.Errorf("%d %s", got.Code, got.Stderr)
	}
}
