package prometheus

import (
	"errors"
	"os"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// TestGrafanaKnowsEveryFieldOfTheDashboard reads it with the types that Grafana generates from its own schema. What is left out
// is no problem: Grafana fills it in.
func TestGrafanaKnowsEveryFieldOfTheDashboard(t *testing.T) {
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(stat.VariantConfig())
	runtime.RegisterPanelcfgVariant(table.VariantConfig())
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard.Dashboard
	err = d.UnmarshalJSONStrict(text)
	var all cog.BuildErrors
	if err != nil && !errors.As(err, &all) {
		t.Fatal(err)
	}
	for _, problem := range all {
		if problem.Message != "required field is missing from input" {
			t.Error(problem)
		}
	}
	if len(d.Panels) < 20 || d.Validate() != nil {
		t.Errorf("%d panels, %v", len(d.Panels), d.Validate())
	}
	for i, p := range d.Panels {
		if p.Panel == nil {
			continue // a row
		}
		if _, known := runtime.ConfigForPanelcfgVariant(p.Panel.Type); !known {
			t.Errorf("panel %d is of a kind whose options this test does not know: %s", i, p.Panel.Type)
		}
	}
}
