package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// WriteFile writes all spans as one line of OTLP JSON, as the OpenTelemetry Collector's file exporter does.
func (r *Receiver) WriteFile(path string) error {
	r.mu.Lock()
	data, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(&tracepb.TracesData{ResourceSpans: r.spans})
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("writing spans as JSON: %w", err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("writing spans as JSON: %w", err)
	}
	digits(document)
	if data, err = json.Marshal(document); err != nil {
		return fmt.Errorf("writing spans as JSON: %w", err)
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// digits writes identifiers in hexadecimal: OTLP JSON has them so, and protocol buffers' own JSON in base64. Only fields of
// the protocol are keys here; attributes have theirs as values.
func digits(node any) {
	switch node := node.(type) {
	case []any:
		for _, each := range node {
			digits(each)
		}
	case map[string]any:
		for _, key := range []string{"traceId", "spanId", "parentSpanId"} {
			word, _ := node[key].(string)
			if id, err := base64.StdEncoding.DecodeString(word); err == nil && word != "" {
				node[key] = hex.EncodeToString(id)
			}
		}
		for _, each := range node {
			digits(each)
		}
	}
}
