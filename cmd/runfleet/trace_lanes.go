package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// lanes draw a chapter: names, durations, and bars along one axis of time, with a note beside, before or on each bar.
type lanes struct {
	page

	chapter          waterfall.Chapter
	label, took, bar int // columns
}

func newLanes(c waterfall.Chapter, on page) *lanes {
	l := &lanes{page: on, chapter: c, took: len("TOOK")}
	for _, r := range c.Rows {
		l.label = max(l.label, columns(indentedLabel(r)))
		l.took = max(l.took, len(rowTook(r)))
	}
	l.label = min(l.label, mostLabel)
	l.bar = max(leastLane, on.width-l.label-l.took-2*gap-1)
	return l
}

// rowTook is how long it took, of one span.
func rowTook(r waterfall.Row) string {
	if r.Hidden > 0 {
		return ""
	}
	return lasting(r.End.Sub(r.Start))
}

func indentedLabel(r waterfall.Row) string { return strings.Repeat("  ", r.Depth) + printable(r.Label) }

func (l *lanes) lines() []string {
	out := []string{l.left("", "TOOK", bold) + paintOn(l.page, quiet, l.axis())}
	for _, r := range l.chapter.Rows {
		line := l.left(cut(indentedLabel(r), l.label), rowTook(r), plain) + l.lane(r)
		out = append(out, strings.TrimRight(line, " "))
	}
	return out
}

func (l *lanes) left(label, took, colour string) string {
	took = strings.Repeat(" ", l.took-len(took)) + took
	return label + strings.Repeat(" ", l.label-columns(label)+gap) + paintOn(l.page, colour, took) + strings.Repeat(" ", gap)
}

// steps are the distances that an axis may have between its marks.
var steps = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
	10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// axisStep is the distance between marks, of which there are some, but at most so many.
func axisStep(whole time.Duration, most int) time.Duration {
	for _, s := range steps {
		if whole/s < time.Duration(most) {
			return s
		}
	}
	const day = 24 * time.Hour
	return (whole / time.Duration(most)).Truncate(day) + day
}

// onAxis writes a mark of an axis.
func onAxis(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (l *lanes) axis() string {
	const each = 9 // columns for a mark, at least
	whole := l.chapter.Duration()
	step := axisStep(whole, max(2, l.bar/each))
	var b strings.Builder
	for at := time.Duration(0); at < whole || at == 0; at += step {
		text, column := onAxis(at), l.column(l.chapter.Start.Add(at))
		if column+len(text) > l.bar {
			break
		}
		b.WriteString(strings.Repeat(" ", max(0, column-b.Len())) + text)
	}
	return b.String()
}

// column is where a time is, from 0 to the width of the bars.
func (l *lanes) column(t time.Time) int {
	whole := l.chapter.Duration()
	if whole <= 0 {
		return 0
	}
	return min(max(0, int(float64(l.bar)*float64(t.Sub(l.chapter.Start))/float64(whole))), l.bar)
}

// span is which columns a stretch of time takes: one at least.
func (l *lanes) span(start, end time.Time) (from, to int) {
	from = min(l.column(start), l.bar-1)
	return from, max(l.column(end), from+1)
}

// lane is a bar with its note: to its right, to its left, or on it, wherever there is room.
func (l *lanes) lane(r waterfall.Row) string {
	from, to := l.span(r.Start, r.End)
	bar := l.glyphs(r, from, to)
	note := printable(r.Note)
	left, right, on := from-1, l.bar-to-1, to-from-6
	switch need := columns(note); {
	case note == "":
		return strings.Repeat(" ", from) + l.painted(r, bar)
	case need <= right, need > left && need > on && right >= left && right >= on:
		return strings.Repeat(" ", from) + l.painted(r, bar) + " " + l.note(r, cut(note, right))
	case need <= left, need > on && left >= on:
		note = cut(note, left)
		return strings.Repeat(" ", from-1-columns(note)) + l.note(r, note) + " " + l.painted(r, bar)
	default:
		note = cut(note, on)
		before := 2 + (on-columns(note))/2
		after := before + columns(note) + 2
		return strings.Repeat(" ", from) + l.painted(r, bar[:before]) + " " + l.note(r, note) + " " + l.painted(r, bar[after:])
	}
}

// glyph is one column of a bar.
type glyph struct {
	rune rune
	off  bool // the critical path
}

// glyphs are a bar: heavy on the critical path and light beside it, broken where it waits, a bracket for an attempt.
func (l *lanes) glyphs(r waterfall.Row, from, to int) []glyph {
	bar := make([]glyph, to-from)
	for i := range bar {
		critical := l.critical(r, from+i)
		bar[i] = glyph{rune: bars[r.Waits][critical], off: !critical}
		if r.Kind == story.RoleAttempt {
			bar[i] = glyph{rune: '─', off: true}
		}
	}
	last := len(bar) - 1
	switch {
	case r.Kind == story.RoleAttempt:
		bar[0].rune = '├'
		if !r.Open {
			bar[last].rune = '┤'
		}
		if last == 0 {
			bar[0].rune = '│'
		}
	case r.Open:
		bar[last].rune = '►'
	}
	for _, m := range r.Marks {
		if at := l.column(m.Time) - from; r.Kind == story.RoleState && at > 0 && at < last {
			bar[at].rune = '┿'
		}
	}
	return bar
}

// bars are the strokes, by whether something waits and whether it is on the critical path.
var bars = map[bool]map[bool]rune{
	false: {true: '━', false: '─'},
	true:  {true: '╍', false: '╌'},
}

// critical says that a part of the row that is in a column is on the critical path.
func (l *lanes) critical(r waterfall.Row, column int) bool {
	for _, c := range r.Critical {
		from, to := l.span(c.Start, c.End)
		if from <= column && column < to {
			return true
		}
	}
	return false
}

// painted is a part of a bar in its colours.
func (l *lanes) painted(r waterfall.Row, bar []glyph) string {
	colour := cyan
	switch r.Kind {
	case story.RoleState:
		colour = phaseColour(v1.Phase(r.Label))
	case story.RoleEffect, story.RoleAttempt:
		colour = plain
	default:
	}
	var b strings.Builder
	for len(bar) > 0 {
		n := 1
		for n < len(bar) && bar[n].off == bar[0].off {
			n++
		}
		var part strings.Builder
		for _, g := range bar[:n] {
			part.WriteRune(g.rune)
		}
		if bar[0].off {
			b.WriteString(paintOn(l.page, quiet, part.String()))
		} else {
			b.WriteString(paintOn(l.page, colour, part.String()))
		}
		bar = bar[n:]
	}
	return b.String()
}

func (l *lanes) note(r waterfall.Row, note string) string {
	if r.Error != "" {
		return paintOn(l.page, red, note)
	}
	return paintOn(l.page, quiet, note)
}
