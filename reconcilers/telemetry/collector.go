package telemetry

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
)

// Collector says where spans go. The environment is OpenTelemetry's: what is set here wins over it. Credentials come from it
// alone, in OTEL_EXPORTER_OTLP_HEADERS.
type Collector struct {
	Endpoint string // a URL; "" leaves it to the environment
	Protocol string // grpc or http/protobuf; "" leaves it to the environment
	Getenv   func(string) string
}

// Wanted says whether spans are exported: somebody must have said where, or that they are.
func (c Collector) Wanted() bool {
	exporter := c.Getenv("OTEL_TRACES_EXPORTER")
	if c.Getenv("OTEL_SDK_DISABLED") == "true" || exporter == "none" {
		return false
	}
	return exporter == "otlp" || cmp.Or(c.Endpoint,
		c.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), c.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")) != ""
}

// Client speaks to the collector. It reads the rest of its settings from the environment itself.
func (c Collector) Client() (otlptrace.Client, error) {
	if err := c.headers(); err != nil {
		return nil, err
	}
	protocol := cmp.Or(c.Protocol, c.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), c.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
	switch protocol {
	case "grpc":
		var o []otlptracegrpc.Option
		if c.Endpoint != "" {
			o = append(o, otlptracegrpc.WithEndpointURL(c.Endpoint))
		}
		return otlptracegrpc.NewClient(o...), nil
	case "http/protobuf":
		var o []otlptracehttp.Option
		if c.Endpoint != "" {
			o = append(o, otlptracehttp.WithEndpointURL(c.Endpoint))
		}
		return otlptracehttp.NewClient(o...), nil
	default:
		return nil, fmt.Errorf("the protocol %q of traces must be grpc or http/protobuf", protocol)
	}
}

// headerName is what HTTP takes for the name of a header.
var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// headers refuses headers with a mistake: the clients leave such a header out, and write it, and so the secret in it, to the log.
// For the same reason neither names nor values are said here: one half of a token that has no name may look like one.
func (c Collector) headers() error {
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		text := strings.TrimSpace(c.Getenv(variable))
		if text == "" {
			continue
		}
		all := strings.Split(text, ",")
		for i, header := range all {
			name, value, found := strings.Cut(header, "=")
			if _, err := url.PathUnescape(value); err != nil || !found || !headerName.MatchString(strings.TrimSpace(name)) {
				return fmt.Errorf("header %d of %d in %s is not name=value: write such as authorization=Bearer%%20abc, with "+
					"%%20 for a space, %%2C for a comma and %%25 for a percent sign", i+1, len(all), variable)
			}
		}
	}
	return nil
}

// Sampler decides about the traces of runs that join no other, as OTEL_TRACES_SAMPLER says. The same trace is decided alike
// by everybody.
func (c Collector) Sampler() (func(story.TraceID) bool, error) {
	switch name := c.Getenv("OTEL_TRACES_SAMPLER"); name {
	case "", "always_on", "parentbased_always_on":
		return func(story.TraceID) bool { return true }, nil
	case "always_off", "parentbased_always_off":
		return func(story.TraceID) bool { return false }, nil
	case "traceidratio", "parentbased_traceidratio":
		ratio, err := strconv.ParseFloat(cmp.Or(c.Getenv("OTEL_TRACES_SAMPLER_ARG"), "1"), 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG %q must be a number from 0 to 1", c.Getenv("OTEL_TRACES_SAMPLER_ARG"))
		}
		bound := uint64(ratio * (1 << 63))
		return func(t story.TraceID) bool { return binary.BigEndian.Uint64(t[8:])>>1 < bound }, nil
	default:
		return nil, fmt.Errorf("OTEL_TRACES_SAMPLER %q is not known: write always_on, always_off or traceidratio, "+
			"each with parentbased_ before it or not", name)
	}
}

// Resource says who tells: this operator. OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win.
func Resource(ctx context.Context, version, pod, namespace string) ([]*commonpb.KeyValue, error) {
	r, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "runfleet"), attribute.String("service.version", version),
		attribute.String("k8s.pod.name", pod), attribute.String("k8s.namespace.name", namespace),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	var out []*commonpb.KeyValue
	for _, kv := range r.Attributes() {
		out = append(out, &commonpb.KeyValue{Key: string(kv.Key), Value: text(kv.Value.Emit())})
	}
	return out, nil
}
