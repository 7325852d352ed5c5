package waterfall

import (
	"cmp"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// Span is a span of a run's, or of its agent's.
type Span struct {
	story.Span

	Service string // who told it, where that was not Runfleet; "" for Runfleet's own
	Run     string // the UID of the run that it says it is of; "" if it does not say
	Open    bool   // it still goes on, and End is now
}

// Told are the spans that the status of a run tells. What still goes on ends now.
func Told(run v1.Run, now time.Time) []Span {
	var out []Span
	for _, s := range story.AsOf(run, now) {
		out = append(out, Span{Span: s, Run: string(run.GetUID()), Open: s.Row == 0})
	}
	return out
}

// Merge puts together what several sources know of one run. Spans with the same identifier are the same one: that which has
// ended is taken, and of two that have, that which ended last.
func Merge(sources ...[]Span) []Span {
	best := map[story.SpanID]Span{}
	var order []story.SpanID
	for _, source := range sources {
		for _, s := range source {
			known, ok := best[s.ID]
			if !ok {
				order = append(order, s.ID)
			}
			if !ok || known.Open && !s.Open || known.Open == s.Open && s.End.After(known.End) {
				best[s.ID] = s
			}
		}
	}
	out := make([]Span, len(order))
	for i, id := range order {
		out[i] = best[id]
	}
	return out
}

// Runs are the UIDs of the runs that spans are of.
func Runs(spans []Span) []string {
	var out []string
	for _, s := range spans {
		if s.Run != "" {
			out = append(out, s.Run)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// byTime is the order of rows: what began first, and of two that began together what took longer.
func byTime(a, b *node) int {
	return cmp.Or(a.Start.Compare(b.Start), b.End.Compare(a.End), slices.Compare(a.ID[:], b.ID[:]))
}
