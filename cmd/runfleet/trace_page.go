package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// pageSpans is how many spans of an agent a page shows below one other.
const pageSpans = 60

//go:embed trace_page.html
var tracePageText string

// tracePage makes the page. Whatever it shows goes through html/template, but the picture of the machine: that is made of the
// table and of numbers alone.
var tracePage = template.Must(template.New("trace").Parse(tracePageText))

// pageView is what the page shows.
type pageView struct {
	Title, When, Lead string
	Tone              string // of the title: well, bad, open or quiet
	Chapters          []chapterView
	Diagram           template.HTML
	Kind              string
	Attempts          []attemptView
	Objects           []objectView
	Events            []eventView
}

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

// drawPage writes the whole page.
func drawPage(ctx context.Context, p waterfall.Picture, s seen) ([]byte, error) {
	view := pageView{Title: traceTitle(p), When: traceWhen(p), Kind: p.Kind}
	if s.run != nil {
		view.Lead = flat(s.run.RunStatus().Message)
	}
	for i, c := range p.Chapters {
		view.Chapters = append(view.Chapters, viewChapter(c, len(p.Chapters) > 1))
		if i == len(p.Chapters)-1 {
			view.Tone = tone(c)
		}
	}
	diagram, err := walkedSVG(ctx, p)
	if err != nil {
		return nil, err
	}
	view.Diagram = diagram
	view.Attempts = attemptsOf(p, s.run)
	view.Objects = objectsOf(p, s)
	view.Events = eventsOf(p, s.events)
	var b bytes.Buffer
	if err := tracePage.Execute(&b, view); err != nil {
		return nil, fmt.Errorf("making the page: %w", err)
	}
	return b.Bytes(), nil
}

func tone(c waterfall.Chapter) string {
	switch {
	case c.Open:
		return "open"
	case c.Result == "success":
		return "well"
	case c.Error != "" || c.Result == "failure" || c.Result == "error" || c.Result == "timeout":
		return "bad"
	default:
		return "quiet"
	}
}

// walkedSVG is the machine with the path that the run walked.
func walkedSVG(ctx context.Context, p waterfall.Picture) (template.HTML, error) {
	table := lifecycle.CodeTable()
	if p.Kind == string(lifecycle.DocsRun) {
		table = lifecycle.DocsTable()
	}
	var steps []fsm.Step
	for _, m := range p.Moves {
		steps = append(steps, fsm.Step{From: fsm.State(m.From), On: fsm.Trigger(m.On), To: fsm.State(m.To)})
	}
	svg, err := drawDOT(ctx, table.Name, table.DOTWalked(steps))
	if err != nil {
		return "", err
	}
	_, picture, _ := strings.Cut(string(svg), "<svg ")
	return template.HTML("<svg role=\"img\" " + picture), nil //nolint:gosec // made of the table and of how often its rows fired
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

// attemptView is an attempt, as the run records it.
type attemptView struct {
	Number, Cluster, Job, Version, When, Took, How, Message string
	Bad                                                     bool
}

// attemptsOf are the attempts: as the status has them, or as their spans tell of them.
func attemptsOf(p waterfall.Picture, run v1.Run) []attemptView {
	var out []attemptView
	for _, c := range p.Chapters {
		for _, r := range c.Rows {
			if r.Kind != story.RoleAttempt {
				continue
			}
			v := attemptView{
				Number: fmt.Sprint(r.Attempt), Cluster: r.Cluster, When: r.Start.UTC().Format(time.DateTime),
				Took: lasting(r.End.Sub(r.Start)), How: cmp.Or(r.Error, "ended"), Bad: r.Error != "",
			}
			switch {
			case r.Open:
				v.How = "goes on"
			case r.Result == "success":
				v.How = string(v1.PhaseSucceeded)
			}
			if run != nil {
				if a := attemptOf(run.RunStatus(), int32(r.Attempt)); a != nil {
					v.tell(a)
				}
			}
			out = append(out, v)
		}
	}
	return out
}

// tell adds what the status knows.
func (v *attemptView) tell(a *v1.Attempt) {
	v.Cluster, v.Job, v.Message = a.Cluster, a.JobName, flat(a.Message)
	if a.ContextVersion > 0 {
		v.Version = fmt.Sprint(a.ContextVersion)
	}
	if a.EndedAt != nil && a.Class != "" {
		v.How, v.Bad = string(a.Class), a.Class != v1.ClassStopped
	}
	if a.ExitCode != nil && *a.ExitCode != 0 {
		v.How += fmt.Sprintf(", exit code %d", *a.ExitCode)
	}
}
