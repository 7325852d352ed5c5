package prometheus

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

const dashboardFile = root + "/cmd/runfleet/chart/files/dashboard.json"

// variables are what Grafana puts into queries.
var variables = strings.NewReplacer("$__rate_interval", "5m", "$__range", "6h", "$kind", ".*", "$cluster", ".*")

var (
	legend      = regexp.MustCompile(`{{\s*(\w+)\s*}}`)
	labelValues = regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
)

func TestTheDashboardShowsWhatTheOperatorTells(t *testing.T) {
	var dashboard struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr, LegendFormat string }
		}
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
	}
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	all, _ := samples(t)
	queries := 0
	for _, p := range dashboard.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			queries++
			query := variables.Replace(target.Expr)
			problems := unknown(query, all)
			for _, name := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				if !strings.Contains(query, name[1]) {
					problems = append(problems, "its legend speaks of "+name[1])
				}
			}
			for _, problem := range problems {
				t.Errorf("%s: %s: %s", p.Title, query, problem)
			}
		}
	}
	for _, v := range dashboard.Templating.List {
		if v.Type == "datasource" {
			continue
		}
		of := labelValues.FindStringSubmatch(v.Definition)
		if of == nil || len(all[of[1]]) == 0 || all[of[1]][0].labels.Get(of[2]) == "" {
			t.Errorf("the variable %s has no values: %s", v.Name, v.Definition)
		}
	}
	t.Logf("%d panels, %d queries", len(dashboard.Panels), queries)
}
