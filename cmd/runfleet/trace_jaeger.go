package main

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

// jaegerTrace is a trace as Jaeger's query API has it.
type jaegerTrace struct {
	Spans     []jaegerSpan `json:"spans"`
	Processes map[string]struct {
		ServiceName string     `json:"serviceName"`
		Tags        jaegerTags `json:"tags"`
	} `json:"processes"`
}

type jaegerError struct {
	Msg string `json:"msg"`
}

type jaegerSpan struct {
	TraceID       string `json:"traceID"`
	SpanID        string `json:"spanID"`
	OperationName string `json:"operationName"`
	References    []struct {
		RefType string `json:"refType"`
		TraceID string `json:"traceID"`
		SpanID  string `json:"spanID"`
	} `json:"references"`
	StartTime int64      `json:"startTime"` // in microseconds
	Duration  int64      `json:"duration"`  // in microseconds
	Tags      jaegerTags `json:"tags"`
	ProcessID string     `json:"processID"`
}

type jaegerTags []struct {
	Key   string          `json:"key"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

func (l jaegerTags) story() []story.Attribute {
	var out []story.Attribute
	for _, t := range l {
		var text string
		var number wireNumber
		switch {
		case t.Type == "int64" && json.Unmarshal(t.Value, &number) == nil:
			out = append(out, story.Attribute{Key: t.Key, Value: int64(number)})
		case t.Type == "string" && json.Unmarshal(t.Value, &text) == nil:
			out = append(out, story.Attribute{Key: t.Key, Value: text})
		}
	}
	return out
}

func (t jaegerTrace) spans() ([]waterfall.Span, error) {
	var out []waterfall.Span
	for _, s := range t.Spans {
		start := time.UnixMicro(s.StartTime)
		span := story.Span{
			Name: s.OperationName, Start: start, End: start.Add(time.Duration(s.Duration) * time.Microsecond), Attributes: s.Tags.story(),
		}
		for _, a := range span.Attributes {
			if a.Key == "otel.status_code" && a.Value == "ERROR" {
				span.Error = "error"
			}
		}
		parent := ""
		for _, r := range s.References {
			if r.RefType == "CHILD_OF" && r.TraceID == s.TraceID {
				parent = r.SpanID
			}
		}
		process := t.Processes[s.ProcessID]
		resource := append(process.Tags.story(), story.Attribute{Key: "service.name", Value: process.ServiceName})
		read, err := readSpan(span, jaegerID(s.TraceID, 16), jaegerID(s.SpanID, 8), jaegerID(parent, 8), resource)
		if err != nil {
			return nil, err
		}
		out = append(out, read)
	}
	return out, nil
}

// jaegerID reads an identifier, of which older versions leave out the zeros at its beginning.
func jaegerID(digits string, size int) []byte {
	if digits == "" {
		return nil
	}
	id, err := hex.DecodeString(strings.Repeat("0", max(0, 2*size-len(digits))) + digits)
	if err != nil {
		return nil
	}
	return id
}
