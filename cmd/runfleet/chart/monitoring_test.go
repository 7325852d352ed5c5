package chart

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// What rules and dashboard mean to Prometheus is proved in test/prometheus. Here is what needs no Prometheus.

const (
	runbook    = "../../../docs/runbook.md"
	runbookURL = "https://github.com/runfleet/runfleet/blob/main/docs/runbook.md"
)

var heading = regexp.MustCompile(`(?m)^### (Runfleet\w+)$`)

func TestEachAlertHasItsPageAndNothingElseHas(t *testing.T) {
	text, err := os.ReadFile(runbook)
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, m[1])
	}
	var groups struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	load(t, "files/rules.yaml", &groups)
	var alerts []string
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			alerts = append(alerts, r.Alert)
			if want := runbookURL + "#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
				t.Errorf("the page of %s is %s, want %s", r.Alert, r.Annotations["runbook_url"], want)
			}
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" || len(r.Annotations) != 3 {
				t.Errorf("%s says %v", r.Alert, r.Annotations)
			}
			if !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || len(r.Labels) != 1 {
				t.Errorf("%s has the labels %v", r.Alert, r.Labels)
			}
		}
	}
	if !slices.Equal(alerts, sections) {
		t.Errorf("alerts %v\nsections of %s, in the same order %v", alerts, runbook, sections)
	}
}

func TestPanelsOfTheDashboardStandBesideEachOther(t *testing.T) {
	type place struct{ X, Y, W, H int }
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos place
		}
		Templating struct{ List []struct{ Name string } }
	}
	load(t, "files/dashboard.json", &dashboard)
	taken, ids, row := map[[2]int]string{}, map[int]bool{}, map[int]int{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d, %q, stands twice or has no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q is over %q, or beyond the right edge", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
				row[y]++
			}
		}
	}
	for y, width := range row {
		if width != 24 {
			t.Errorf("line %d is %d wide", y, width)
		}
	}
	if len(dashboard.Panels) < 20 {
		t.Errorf("%d panels", len(dashboard.Panels))
	}
}

// The dashboard is what its file is, and the rules too, though both are full of braces that templates would take for theirs.
func TestFilesReachTheirObjectsUnchanged(t *testing.T) {
	values, err := Values([][]byte{[]byte("image: runfleet:1\nconfig: {agent: {image: {repository: agent, tag: \"1\"}}}\n")},
		[]string{"metrics.prometheusRule.enabled=true", "metrics.dashboard.enabled=true"})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Render(Release{Name: "runfleet", Namespace: "runfleet-system", Service: "Helm"}, values)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, o := range objects {
		switch o["kind"] {
		case "PrometheusRule":
			found++
			var want map[string]any
			load(t, "files/rules.yaml", &want)
			if !same(t, want, o["spec"]) {
				t.Errorf("the rules are %v", o["spec"])
			}
		case "ConfigMap":
			if data, ok := o["data"].(map[string]any); ok && data["runfleet.json"] != nil {
				found++
				if text, err := files.ReadFile("files/dashboard.json"); err != nil || data["runfleet.json"] != string(text) {
					t.Error("the dashboard is another one")
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d objects for monitoring", found)
	}
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	text, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func same(t *testing.T, a, b any) bool {
	t.Helper()
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
