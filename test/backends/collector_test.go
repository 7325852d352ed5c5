//go:build backends

package backends_test

import (
	"debug/buildinfo"
	"fmt"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/test/backends"
)

func program(t *testing.T) string {
	t.Helper()
	path, err := backends.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheProgramsThemselvesTakeTheExamples(t *testing.T) {
	t.Setenv("AUTHORIZATION", "Bearer abc")
	for _, name := range []string{"jaeger", "collector"} {
		if err := backends.Validate(t.Context(), program(t), read(t, name).Settings()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheProgramsThemselvesFindMistakes(t *testing.T) {
	for _, c := range []struct{ example, old, is, want string }{
		{"collector", "verbosity: basic", "verbosty: basic", "has invalid keys: verbosty"},
		{"collector", "exporters: [otlphttp, debug]", "exporters: [otlp]", `references exporter "otlp" which is not configured`},
		{"collector", "limit_mib: 200", "", "'limit_mib' or 'limit_percentage' must be greater than zero"},
		{"jaeger", "max_traces", "most_traces", "has invalid keys: most_traces"},
	} {
		settings := strings.Replace(read(t, c.example).Settings(), c.old, c.is, 1)
		if err := backends.Validate(t.Context(), program(t), settings); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.is, c.want, err)
		}
	}
}

// TestTheExamplesRunWhatIsTested: Jaeger's module and its program are of one commit, with the minor versions 63 apart.
func TestTheExamplesRunWhatIsTested(t *testing.T) {
	built, err := buildinfo.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	images := map[string]string{}
	for _, module := range built.Deps {
		var minor, patch int
		_, err := fmt.Sscanf(module.Version, "v1.%d.%d", &minor, &patch)
		switch {
		case module.Path == "github.com/jaegertracing/jaeger" && err == nil:
			images["jaeger"] = fmt.Sprintf("jaegertracing/jaeger:2.%d.%d", minor-63, patch)
		case module.Path == "go.opentelemetry.io/collector/otelcol":
			images["collector"] = "otel/opentelemetry-collector:" + strings.TrimPrefix(module.Version, "v")
		}
	}
	for _, name := range []string{"jaeger", "collector"} {
		if got := read(t, name).Deployment.Spec.Template.Spec.Containers[0].Image; got != images[name] {
			t.Errorf("%s runs %s, and %q is tested", name, got, images[name])
		}
	}
}
