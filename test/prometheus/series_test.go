package prometheus

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql/parser"
)

// A Prometheus adds these to everything.
var added = []string{"instance", "job"}

var language = parser.NewParser(parser.Options{})

// sample is a series and its value.
type sample struct {
	labels labels.Labels
	value  float64
}

// samples are what was told, by name.
func samples(t *testing.T) (all map[string][]sample, traces []string) {
	t.Helper()
	all = map[string][]sample{}
	for p := textparse.NewOpenMetricsParser(told, labels.NewSymbolTable()); ; {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return all, traces
		case err != nil:
			t.Fatalf("reading what the operator tells: %v", err)
		case entry != textparse.EntrySeries:
			continue
		}
		var s sample
		p.Labels(&s.labels)
		_, _, s.value = p.Series()
		name := s.labels.Get(labels.MetricName)
		all[name] = append(all[name], s)
		var e exemplar.Exemplar
		for p.Exemplar(&e) {
			traces = append(traces, e.Labels.Get("trace_id"))
		}
	}
}

func TestCountsAndTimesLeadToTraces(t *testing.T) {
	_, traces := samples(t)
	for _, trace := range traces {
		if len(trace) != 32 {
			t.Errorf("%q is no trace", trace)
		}
	}
	if len(traces) < 20 {
		t.Errorf("only %d exemplars", len(traces))
	}
}

// unknown are the metrics and labels of a query that nobody tells. A series that the query chooses must exist: each value in it
// was read once, or somebody has mistyped it.
func unknown(query string, all map[string][]sample) []string {
	expr, err := language.ParseExpr(query)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	known := map[string]bool{}
	for _, label := range added {
		known[label] = true
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		chosen := false
		for _, s := range all[v.Name] {
			s.labels.Range(func(l labels.Label) { known[l.Name] = true })
			chosen = chosen || matches(v.LabelMatchers, s.labels)
		}
		if !chosen {
			found = append(found, fmt.Sprintf("no series is chosen by %s", v))
		}
		return nil
	})
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.AggregateExpr:
			found = append(found, lacking(n.Grouping, known)...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				found = append(found, lacking(n.VectorMatching.MatchingLabels, known)...)
			}
		}
		return nil
	})
	return found
}

func matches(matchers []*labels.Matcher, l labels.Labels) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(l.Get(m.Name)) })
}

func lacking(names []string, known map[string]bool) (found []string) {
	for _, name := range names {
		if !known[name] {
			found = append(found, fmt.Sprintf("no series in it has the label %s", name))
		}
	}
	return found
}

func TestUnknownFindsWhatIsPlanted(t *testing.T) {
	all, _ := samples(t)
	for query, want := range map[string]string{
		`sum by (kind) (runfleet_runs)`:                      "",
		`runfleet_run`:                                       "no series is chosen by runfleet_run",
		`runfleet_runs{phase="Runing"}`:                      "no series is chosen by",
		`runfleet_runs{fase=~".+"}`:                          "no series is chosen by",
		`sum by (member) (runfleet_runs)`:                    "has the label member",
		`runfleet_runs and on (member) runfleet_live_agents`: "has the label member",
		`sum(`: "unclosed left parenthesis",
	} {
		got := strings.Join(unknown(query, all), "\n")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: want %q, got %q", query, want, got)
		}
	}
}
