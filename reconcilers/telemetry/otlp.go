package telemetry

import (
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// schemaURL is the version of the semantic conventions that the spans follow.
const schemaURL = "https://opentelemetry.io/schemas/1.43.0"

// OTLP writes spans as OpenTelemetry's protocol has them.
func OTLP(resource []*commonpb.KeyValue, version string, spans []story.Span) []*tracepb.ResourceSpans {
	out := make([]*tracepb.Span, len(spans))
	for i, s := range spans {
		out[i] = otlpSpan(s)
	}
	return []*tracepb.ResourceSpans{{
		Resource: &resourcepb.Resource{Attributes: resource}, SchemaUrl: schemaURL,
		ScopeSpans: []*tracepb.ScopeSpans{{
			Scope: &commonpb.InstrumentationScope{Name: "github.com/runfleet/runfleet", Version: version}, Spans: out, SchemaUrl: schemaURL,
		}},
	}}
}

var spanKinds = map[story.Role]tracepb.Span_SpanKind{
	story.RoleRun: tracepb.Span_SPAN_KIND_SERVER, story.RoleEffect: tracepb.Span_SPAN_KIND_CLIENT,
}

const sampledFlag = 1

func otlpSpan(s story.Span) *tracepb.Span {
	out := &tracepb.Span{
		TraceId: s.Trace[:], SpanId: s.ID[:], Name: s.Name, Kind: tracepb.Span_SPAN_KIND_INTERNAL, Flags: sampledFlag,
		StartTimeUnixNano: uint64(s.Start.UnixNano()),
		EndTimeUnixNano:   uint64(s.End.UnixNano()),
	}
	if s.Parent != (story.SpanID{}) {
		out.ParentSpanId = s.Parent[:]
	}
	if kind, ok := spanKinds[s.Role]; ok {
		out.Kind = kind
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, &tracepb.Span_Link{TraceId: s.Trace[:], SpanId: l[:], Flags: sampledFlag})
	}
	for _, a := range s.Attributes {
		out.Attributes = append(out.Attributes, &commonpb.KeyValue{Key: a.Key, Value: anyValue(a.Value)})
	}
	for _, e := range s.Events {
		at := uint64(e.Time.UnixNano())
		out.Events = append(out.Events, &tracepb.Span_Event{Name: e.Name, TimeUnixNano: at})
	}
	if s.Error != "" {
		out.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: s.Error}
	}
	return out
}

func anyValue(v any) *commonpb.AnyValue {
	switch v := v.(type) {
	case string:
		return text(v)
	case int64:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: v}}
	case []string:
		list := &commonpb.ArrayValue{}
		for _, each := range v {
			list.Values = append(list.Values, text(each))
		}
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: list}}
	default:
		return nil // a story has no others
	}
}

func text(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}
