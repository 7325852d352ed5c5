package waterfall

import (
	"slices"
	"time"
)

// piece is a stretch of a critical path, and the span that it is in.
type piece struct {
	Interval

	of *node
}

// path is the critical path through a span: it goes back from the end, at each moment to what of its children ended last, and to
// the span itself where none was under way. The pieces touch, and together they are as long as the span.
func path(n *node) []piece {
	var back []piece
	walk(n, n.Start, n.End, &back)
	slices.Reverse(back)
	return back
}

// walk adds the pieces between two times, the last one first.
func walk(n *node, from, to time.Time, back *[]piece) {
	children := slices.Clone(n.children)
	slices.SortStableFunc(children, func(a, b *node) int { return b.End.Compare(a.End) })
	for _, c := range children {
		start, end := c.Start, c.End
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if !start.Before(end) {
			continue
		}
		own(n, end, to, back)
		walk(c, start, end, back)
		to = start
	}
	own(n, from, to, back)
}

func own(n *node, from, to time.Time, back *[]piece) {
	if from.Before(to) {
		*back = append(*back, piece{Interval{from, to}, n})
	}
}

// Share is how much of a critical path one thing took.
type Share struct {
	Label string
	Waits bool
	Took  time.Duration
}

// Shares sums up the critical path, what took longest first.
func (c Chapter) Shares() []Share {
	var out []Share
	for _, s := range c.Path {
		i := slices.IndexFunc(out, func(o Share) bool { return o.Label == s.Label && o.Waits == s.Waits })
		if i < 0 {
			i, out = len(out), append(out, Share{Label: s.Label, Waits: s.Waits})
		}
		out[i].Took += s.End.Sub(s.Start)
	}
	slices.SortStableFunc(out, func(a, b Share) int { return int(b.Took - a.Took) })
	return out
}
