package prometheus

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/template"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// minutes are how long alerts are watched.
const minutes = 90

// Prometheus' own evaluation of rules brings every service discovery that it knows; its engine does not. What is left for this file
// is to keep series in memory, and to wait for as long as an alert's `for` says.

// point is a value at a time.
type point struct {
	at    int64
	value float64
}

func (p point) ST() int64                   { return 0 }
func (p point) T() int64                    { return p.at }
func (p point) F() float64                  { return p.value }
func (p point) Type() chunkenc.ValueType    { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample         { return p }
func (point) H() *histogram.Histogram       { return nil }
func (point) FH() *histogram.FloatHistogram { return nil }

// series are those of one world, by name.
type series map[string][]*storage.SeriesEntry

// Querier implements storage.Queryable.
func (s series) Querier(_, _ int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		found := &set{}
		for _, m := range matchers {
			if m.Name != labels.MetricName {
				continue
			}
			for _, entry := range s[m.Value] {
				if matches(matchers, entry.Labels()) {
					found.entries = append(found.entries, entry)
				}
			}
		}
		return found
	}}, nil
}

// firing are the times, in minutes, at which an alert fires.
func (s series) firing(t *testing.T, engine *promql.Engine, r rulefmt.Rule) (times []int) {
	t.Helper()
	since := map[uint64]int{}
	for minute := range minutes {
		at := time.Unix(int64(minute*60), 0)
		query, err := engine.NewInstantQuery(t.Context(), s, nil, r.Expr, at)
		if err != nil {
			t.Fatalf("%s: %v", r.Alert, err)
		}
		vector, err := query.Exec(t.Context()).Vector()
		if err != nil {
			t.Fatalf("%s: %v", r.Alert, err)
		}
		now := map[uint64]int{}
		for _, sample := range vector {
			id := sample.Metric.Hash()
			now[id] = minute
			if before, pending := since[id]; pending {
				now[id] = before
			}
			if time.Duration(minute-now[id])*time.Minute >= time.Duration(r.For) {
				if len(times) == 0 {
					say(t, r, sample, at)
				}
				times = append(times, minute)
			}
		}
		since = now
		query.Close()
	}
	return times
}

// say lets the words of an alert be read.
func say(t *testing.T, r rulefmt.Rule, s promql.Sample, at time.Time) {
	t.Helper()
	nobody := func(context.Context, string, time.Time) (promql.Vector, error) { return nil, nil }
	const variables = "{{$labels := .Labels}}{{$value := .Value}}"
	for name, text := range r.Annotations {
		data := template.AlertTemplateData(s.Metric.Map(), nil, "", s)
		said, err := template.NewTemplateExpander(t.Context(), variables+text, name, data, model.TimeFromUnix(at.Unix()), nobody, nil,
			[]string{"missingkey=error"}).Expand()
		if err != nil {
			t.Errorf("%s: %s: %v", r.Alert, name, err)
		}
		spoken[r.Alert+" "+name] = said
	}
}

// spoken is what alerts said last, to be looked at with -v.
var spoken = map[string]string{}

// set is a storage.SeriesSet.
type set struct {
	entries []*storage.SeriesEntry
	next    int
}

func (s *set) Next() bool {
	s.next++
	return s.next <= len(s.entries)
}
func (s *set) At() storage.Series              { return s.entries[s.next-1] }
func (*set) Err() error                        { return nil }
func (*set) Warnings() annotations.Annotations { return nil }
