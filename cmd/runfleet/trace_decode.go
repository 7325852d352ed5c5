package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

// spanDocument is whatever spans come in: an export of OpenTelemetry's protocol as JSON, what Tempo answers, which is nearly the
// same, or what Jaeger answers.
type spanDocument struct {
	ResourceSpans []resourceSpans `json:"resourceSpans"`
	Batches       []resourceSpans `json:"batches"` // Tempo's name for it
	Trace         *spanDocument   `json:"trace"`   // and around it, in its second version
	Data          []jaegerTrace   `json:"data"`
	Errors        []jaegerError   `json:"errors"`
}

type resourceSpans struct {
	Resource struct {
		Attributes otlpAttributes `json:"attributes"`
	} `json:"resource"`
	ScopeSpans []struct {
		Spans []otlpSpan `json:"spans"`
	} `json:"scopeSpans"`
}

type otlpSpan struct {
	TraceID           spanIdentifier `json:"traceId"`
	SpanID            spanIdentifier `json:"spanId"`
	ParentSpanID      spanIdentifier `json:"parentSpanId"`
	Name              string         `json:"name"`
	StartTimeUnixNano wireNumber     `json:"startTimeUnixNano"`
	EndTimeUnixNano   wireNumber     `json:"endTimeUnixNano"`
	Attributes        otlpAttributes `json:"attributes"`
	Status            struct {
		Code any `json:"code"` // a number, or in Tempo's a name
	} `json:"status"`
}

// wireNumber is a 64-bit number, which JSON has as a text or as a number.
type wireNumber int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *wireNumber) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	*n = wireNumber(v)
	return err
}

// spanIdentifier is one of a trace or a span: in hexadecimal digits, or in base64 as Tempo has it.
type spanIdentifier []byte

// UnmarshalJSON implements json.Unmarshaler.
func (id *spanIdentifier) UnmarshalJSON(data []byte) error {
	var text string
	err := json.Unmarshal(data, &text)
	if err != nil {
		return err
	}
	if len(text) == 16 || len(text) == 32 {
		*id, err = hex.DecodeString(text)
		return err
	}
	*id, err = base64.StdEncoding.DecodeString(text)
	return err
}

type otlpAttributes []struct {
	Key   string    `json:"key"`
	Value otlpValue `json:"value"`
}

type otlpValue struct {
	StringValue *string     `json:"stringValue"`
	IntValue    *wireNumber `json:"intValue"`
}

// story are the attributes as a story has them; a value of another type says nothing to it.
func (l otlpAttributes) story() []story.Attribute {
	var out []story.Attribute
	for _, a := range l {
		switch v := a.Value; {
		case v.StringValue != nil:
			out = append(out, story.Attribute{Key: a.Key, Value: *v.StringValue})
		case v.IntValue != nil:
			out = append(out, story.Attribute{Key: a.Key, Value: int64(*v.IntValue)})
		}
	}
	return out
}

// decodeSpans reads documents one after the other, as a collector's file exporter writes a line for each export.
func decodeSpans(r io.Reader) ([]waterfall.Span, error) {
	var out []waterfall.Span
	decoder := json.NewDecoder(r)
	for n := 1; ; n++ {
		var doc spanDocument
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) && n > 1 {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("neither OTLP JSON nor what Jaeger or Tempo answer: %w", err)
		}
		spans, err := doc.spans()
		if err != nil {
			return nil, err
		}
		out = append(out, spans...)
	}
}

func (d spanDocument) spans() ([]waterfall.Span, error) {
	if d.Trace != nil {
		return d.Trace.spans()
	}
	if len(d.Errors) > 0 && len(d.Data) == 0 {
		return nil, fmt.Errorf("it says %s", flat(d.Errors[0].Msg))
	}
	if d.ResourceSpans == nil && d.Batches == nil && d.Data == nil {
		return nil, errors.New("neither OTLP JSON nor what Jaeger or Tempo answer: it has none of resourceSpans, batches and data")
	}
	var out []waterfall.Span
	for _, r := range append(d.ResourceSpans, d.Batches...) {
		resource := r.Resource.Attributes.story()
		for _, scope := range r.ScopeSpans {
			for _, s := range scope.Spans {
				span := story.Span{
					Name: s.Name, Start: time.Unix(0, int64(s.StartTimeUnixNano)), End: time.Unix(0, int64(s.EndTimeUnixNano)),
					Attributes: s.Attributes.story(),
				}
				if s.Status.Code == float64(2) || s.Status.Code == "STATUS_CODE_ERROR" {
					span.Error = "error"
				}
				read, err := readSpan(span, s.TraceID, s.SpanID, s.ParentSpanID, resource)
				if err != nil {
					return nil, err
				}
				out = append(out, read)
			}
		}
	}
	for _, t := range d.Data {
		spans, err := t.spans()
		if err != nil {
			return nil, err
		}
		out = append(out, spans...)
	}
	return out, nil
}

// readSpan completes a span that was read: its identifiers, whose it is, and which of ours.
func readSpan(s story.Span, trace, id, parent []byte, resource []story.Attribute) (waterfall.Span, error) {
	if len(trace) != len(s.Trace) || len(id) != len(s.ID) || len(parent) != 0 && len(parent) != len(s.Parent) {
		return waterfall.Span{}, fmt.Errorf("the span %q has no valid identifiers", printable(s.Name))
	}
	if s.End.Before(s.Start) {
		return waterfall.Span{}, fmt.Errorf("the span %q ends before it begins", printable(s.Name))
	}
	copy(s.Trace[:], trace)
	copy(s.ID[:], id)
	copy(s.Parent[:], parent)
	of := waterfall.Span{Span: story.Known(s), Run: s.Said().UID}
	if of.Role != "" {
		return of, nil
	}
	for _, a := range resource {
		if text, ok := a.Value.(string); ok && a.Key == "service.name" {
			of.Service = text
		}
	}
	if uid := (story.Span{Attributes: resource}).Said().UID; uid != "" {
		of.Run = uid
	}
	return of, nil
}
