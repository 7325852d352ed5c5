package main

import (
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

type chapterView struct {
	Title  string
	Axis   []tickView
	Rows   []barView
	Shares []shareView
}

// tickView is a mark of an axis. Left is in percent.
type tickView struct {
	Text string
	Left float64
}

// barView is a row. Places are in percent of the lane.
type barView struct {
	Label, Took, Note string
	Class             string // state-Running, attempt, effect or agent
	Depth             int
	Left, Width       float64
	Parts             []partView // on the critical path
	Marks             []tickView
	Open, Waits, Bad  bool
	Side              string // of the note: right, left or on
	Room              float64
	Span              string
}

type partView struct{ Left, Width float64 }

type shareView struct {
	Label, Took, Percent string
	Width                float64
	Waits                bool
}

func viewChapter(c waterfall.Chapter, titled bool) chapterView {
	view := chapterView{}
	if titled {
		view.Title = chapterTitle(c)
	}
	const (
		marks    = 6
		lastMark = 92 // percent, where there is room for it
	)
	step := axisStep(c.Duration(), marks)
	for at := time.Duration(0); at < c.Duration() || at == 0; at += step {
		if left := share(at, c.Duration()); left < lastMark {
			view.Axis = append(view.Axis, tickView{onAxis(at), left})
		}
	}
	for _, r := range c.Rows {
		view.Rows = append(view.Rows, viewRow(c, r))
	}
	for _, s := range c.Shares() {
		view.Shares = append(view.Shares, shareView{
			Label: s.Label, Took: lasting(s.Took), Percent: percent(s.Took, c.Duration()),
			Width: share(s.Took, c.Duration()), Waits: s.Waits,
		})
	}
	return view
}

// share is a part of a whole in percent, from 0 to 100.
func share(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(0, 100*float64(part)/float64(whole)), 100)
}

func viewRow(c waterfall.Chapter, r waterfall.Row) barView {
	const least = 0.4 // percent that a bar has at least, to be seen
	place := func(from, to time.Time) (left, width float64) {
		left = min(share(from.Sub(c.Start), c.Duration()), 100-least)
		return left, max(least, share(to.Sub(c.Start), c.Duration())-left)
	}
	v := barView{
		Label: printable(r.Label), Took: rowTook(r), Note: printable(r.Note), Class: classOf(r), Depth: r.Depth,
		Open: r.Open, Waits: r.Waits,
		Bad: r.Error != "", Span: period(r.Start, r.End, r.Open),
	}
	v.Left, v.Width = place(r.Start, r.End)
	for _, part := range r.Critical {
		left, width := place(part.Start, part.End)
		v.Parts = append(v.Parts, partView{left, width})
	}
	for _, m := range r.Marks {
		left, _ := place(m.Time, m.Time)
		v.Marks = append(v.Marks, tickView{m.Name, left})
	}
	right := 100 - v.Left - v.Width
	switch {
	case right >= v.Left && right >= v.Width:
		v.Side, v.Room = "right", v.Left+v.Width
	case v.Left >= v.Width:
		v.Side, v.Room = "left", 100-v.Left
	default:
		v.Side, v.Room = "on", v.Left
	}
	return v
}

// classOf is what a bar is for the page's style.
func classOf(r waterfall.Row) string {
	switch r.Kind {
	case story.RoleState:
		return "state " + strings.ToLower(r.Label)
	case story.RoleAttempt:
		return "attempt"
	case story.RoleEffect:
		return "effect"
	default:
		return "agent"
	}
}
