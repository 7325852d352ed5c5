package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
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
