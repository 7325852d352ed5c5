//go:build look

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
	"github.com/runfleet/runfleet/test/browser"
)

// lookDir is where the screenshots are kept, for whoever looks at them.
const lookDir = "../../bin/look"

// TestPagesAreAsTheyShouldBe opens each page in a browser, in wide and narrow windows, light and dark.
func TestPagesAreAsTheyShouldBe(t *testing.T) {
	if err := os.MkdirAll(lookDir, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := browser.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, page := range tracePages(t) {
		file, err := filepath.Abs(filepath.Join(lookDir, "trace-"+name+".html"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, page.html, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{1280, 390} {
			for _, dark := range []bool{false, true} {
				look := fmt.Sprintf("%s-%d-%s", name, width, map[bool]string{false: "light", true: "dark"}[dark])
				t.Run(look, func(t *testing.T) {
					opened, err := b.Open(t.Context(), "file://"+file, width, dark)
					if err != nil {
						t.Fatal(err)
					}
					var got lookedAt
					if err := opened.Evaluate(t.Context(), lookScript, &got); err != nil {
						t.Fatal(err)
					}
					for _, problem := range got.problems(page.picture, width, dark) {
						t.Error(problem)
					}
					if asked := opened.Requests(); len(asked) != 1 {
						t.Errorf("the page asked for %v", asked)
					}
					if err := opened.Screenshot(t.Context(), filepath.Join(lookDir, "trace-"+look+".png")); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

type lookedPage struct {
	html    []byte
	picture waterfall.Picture
}

// tracePages are the pages of all lives, and of one whose agents told spans.
func tracePages(t *testing.T) map[string]lookedPage {
	t.Helper()
	pages := map[string]lookedPage{}
	for name, live := range lives {
		l := live()
		spans := waterfall.Told(l.run, l.now)
		if name == "retried" {
			exported, err := readSpans(exported(t, l))
			if err != nil {
				t.Fatal(err)
			}
			spans = waterfall.Merge(spans, exported)
		}
		p := waterfall.Of(string(l.run.UID), spans, pageSpans)
		p.WaitsFor(waitsFor(l.run))
		if name == "retried" {
			p.Chapters[0].Rows[9].Label = "claude_code.tool.mcp__atlassian__getJiraIssueRemoteIssueLinks" // tools have such names
		}
		html, err := drawPage(t.Context(), p, seen{uid: p.UID, spans: spans, run: l.run})
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = lookedPage{html, p}
	}
	return pages
}

// lookedAt is what a browser made of a page.
type lookedAt struct {
	Scroll, Inner, Scripts int
	Dark                   bool
	Ground                 string
	Outside                []string // what is beyond the window
	Rows                   []struct {
		Label               string
		Cut                 bool // the note has not even room for a few letters
		Cropped             bool // the label is not whole
		Left, Right         float64
		LaneLeft, LaneRight float64
		Note                string
		NoteLeft, NoteRight float64
		Contrast            float64
	}
	Diagram float64 // its width
	Walked  int
	Tables  int
}

const lookScript = `(() => {
  const parse = c => c.match(/[\d.]+/g).slice(0, 3).map(Number);
  const light = c => { const [r, g, b] = parse(c).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
  const ground = getComputedStyle(document.body).backgroundColor;
  const contrast = e => { const a = light(getComputedStyle(e).color), b = light(ground); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) };
  const outside = [...document.body.querySelectorAll("*")].filter(e => !e.closest(".diagram svg") && !e.closest(".lane > *"))
    .filter(e => { const r = e.getBoundingClientRect(); return r.width > 0 && (r.right > innerWidth + 1 || r.left < -1) }).map(e => e.tagName + "." + e.className);
  const rows = [...document.querySelectorAll(".fall .row")].map(row => {
    const lane = row.querySelector(".lane").getBoundingClientRect(), bar = row.querySelector(".bar").getBoundingClientRect();
    const note = row.querySelector(".note"), at = note && note.getBoundingClientRect();
    const label = row.querySelector(".label");
    return { label: label.textContent, cropped: label.scrollWidth > label.clientWidth, left: bar.left, right: bar.right, laneLeft: lane.left, laneRight: lane.right,
      note: note ? note.textContent : "", noteLeft: at ? at.left : 0, noteRight: at ? at.right : 0, cut: !!note && at.width < 60,
      contrast: Math.min(contrast(label), note ? contrast(note) : 21) };
  });
  const svg = document.querySelector(".diagram svg");
  return { scroll: document.documentElement.scrollWidth, inner: innerWidth, scripts: document.scripts.length, ground, outside, rows,
    dark: matchMedia("(prefers-color-scheme: dark)").matches, diagram: svg ? svg.getBoundingClientRect().width : 0,
    walked: svg ? svg.querySelectorAll("g.node [stroke='#0969da']").length : 0, tables: document.querySelectorAll("table").length };
})()`

// problems are what is not as it should be.
func (l lookedAt) problems(p waterfall.Picture, width int, dark bool) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if l.Inner != width || l.Scroll > width {
		say("the page is %d wide in a window of %d, wanted %d", l.Scroll, l.Inner, width)
	}
	if len(l.Outside) > 0 {
		say("outside of the window: %s", strings.Join(l.Outside, " "))
	}
	if grounds := map[bool]string{false: "rgb(255, 255, 255)", true: "rgb(13, 17, 23)"}; l.Dark != dark || l.Ground != grounds[dark] {
		say("dark is %v, the ground %s", l.Dark, l.Ground)
	}
	if l.Scripts != 0 {
		say("%d scripts", l.Scripts)
	}
	if l.Diagram < 300 || l.Walked == 0 || l.Tables < 1 {
		say("a diagram of %v px with %d states on the path, %d tables", l.Diagram, l.Walked, l.Tables)
	}
	var rows []waterfall.Row
	for _, c := range p.Chapters {
		rows = append(rows, c.Rows...)
	}
	if len(rows) != len(l.Rows) {
		say("%d bars, wanted %d", len(l.Rows), len(rows))
		return out
	}
	for i, r := range l.Rows {
		if r.Label != printable(rows[i].Label) || r.Note != printable(rows[i].Note) {
			say("row %d: %q with the note %q, wanted %q with %q", i, r.Label, r.Note, rows[i].Label, rows[i].Note)
		}
		if r.Cropped {
			say("%s: its label is cropped", r.Label)
		}
		if r.Right-r.Left < 1 || r.Left < r.LaneLeft-1 || r.Right > r.LaneRight+1 {
			say("%s: a bar from %.1f to %.1f in a lane from %.1f to %.1f", r.Label, r.Left, r.Right, r.LaneLeft, r.LaneRight)
		}
		if r.Note != "" && (r.Cut || r.NoteLeft < r.LaneLeft-1 || r.NoteRight > r.LaneRight+1) {
			say("%s: its note is from %.1f to %.1f", r.Label, r.NoteLeft, r.NoteRight)
		}
		if r.Contrast < 4.5 {
			say("%s: a contrast of %.1f", r.Label, r.Contrast)
		}
	}
	return out
}
