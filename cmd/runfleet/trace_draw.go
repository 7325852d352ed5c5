package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"

	v1 "github.com/runfleet/runfleet/api/v1"
)

const (
	traceWidth = 80 // where nothing says how wide a line may be
	mostLabel  = 30 // columns of the names at the left
	noBreak    = "\u00a0"
	leastLane  = 20 // columns of the bars
)

// drawTrace is a picture as lines of a terminal.
func drawTrace(p waterfall.Picture, on page) []string {
	on.width = cmp.Or(on.width, traceWidth)
	out := []string{paintOn(on, bold, traceTitle(p)), paintOn(on, quiet, traceWhen(p))}
	for _, c := range p.Chapters {
		out = append(out, "")
		if len(p.Chapters) > 1 {
			out = append(out, paintOn(on, bold, chapterTitle(c)))
		}
		l := newLanes(c, on)
		out = append(append(out, l.lines()...), "")
		for _, r := range c.Rows {
			if r.Says != "" && (r.Says != r.Note || columns(r.Note) > l.bar-2) { // of all words these may be needed whole
				out = append(out, hanging(r.Label+": "+r.Says, on.width-1)...)
			}
		}
		out = append(out, paintedShares(c, on)...)
	}
	return out
}

// traceTitle reads "coderun/auth-7 in team: Succeeded after 4m12s, 2 attempts".
func traceTitle(p waterfall.Picture) string {
	name := "run " + printable(p.UID)
	if p.Name != "" {
		name = fmt.Sprintf("%s/%s in %s", strings.ToLower(p.Kind), p.Name, p.Namespace)
	}
	if len(p.Chapters) == 0 {
		return printable(name)
	}
	how, took := chapterResult(p.Chapters[len(p.Chapters)-1])
	said := fmt.Sprintf("%s: %s", name, how)
	if len(p.Chapters) == 1 {
		said += took
	}
	if n := p.Attempts(); n > 0 {
		said += ", " + counted(int64(n), "attempt")
	}
	return printable(said)
}

func traceWhen(p waterfall.Picture) string {
	if len(p.Chapters) == 0 {
		return "trace " + p.Trace
	}
	first, last := p.Chapters[0], p.Chapters[len(p.Chapters)-1]
	return period(first.Start, last.End, last.Open) + ", trace " + p.Trace
}

// period reads "2026-01-02 14:06:11 to 14:10:23 UTC".
func period(from, to time.Time, open bool) string {
	const day, clock = "2006-01-02", "15:04:05"
	from, to = from.UTC(), to.UTC()
	switch {
	case open:
		return "since " + from.Format(day+" "+clock) + " UTC"
	case from.Format(day) == to.Format(day):
		return from.Format(day+" "+clock) + " to " + to.Format(clock) + " UTC"
	default:
		return from.Format(day+" "+clock) + " to " + to.Format(day+" "+clock) + " UTC"
	}
}

func chapterTitle(c waterfall.Chapter) string {
	how, took := chapterResult(c)
	return printable(fmt.Sprintf("%s: %s%s, %s", cmp.Or(c.Title, "at first"), how, took, period(c.Start, c.End, c.Open)))
}

// chapterResult reads "Failed (OutOfMemory)" and " after 4m12s", or "Running" and " for 3m".
func chapterResult(c waterfall.Chapter) (how, took string) {
	took = " after " + lasting(c.Duration())
	switch {
	case c.Open:
		return currentState(c), " for " + lasting(c.Duration())
	case c.Result == "success":
		return string(v1.PhaseSucceeded), took
	case c.Result == "cancellation":
		return string(v1.PhaseCancelled), took
	case c.Error != "":
		return fmt.Sprintf("%s (%s)", v1.PhaseFailed, c.Error), took
	case c.Result != "":
		return string(v1.PhaseFailed), took
	default:
		return "not ended when this was told", took // by whoever exported it
	}
}

// currentState is the state that goes on, and until when the chapter is shown.
func currentState(c waterfall.Chapter) string {
	for _, r := range slices.Backward(c.Rows) {
		if r.Open && r.Kind == story.RoleState {
			return r.Label
		}
	}
	return "under way"
}

// paintedShares says what the time went for.
func paintedShares(c waterfall.Chapter, on page) []string {
	const most = 6
	shares := c.Shares()
	var words []string
	for i, s := range shares {
		if i == most {
			words = append(words, fmt.Sprintf("and %d more", len(shares)-most))
			break
		}
		words = append(words, fmt.Sprintf("%s %s (%s)", printable(s.Label), lasting(s.Took), percent(s.Took, c.Duration())))
	}
	if len(words) == 0 {
		return nil
	}
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, " ", noBreak)
	}
	lines := hanging("Critical path: "+strings.Join(words, ", "), on.width-1)
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(l, noBreak, " ")
	}
	return lines
}

// hanging wraps a text so that the lines after the first one are indented.
func hanging(text string, width int) []string {
	out := wrapped(text, width-2)
	for i := 1; i < len(out); i++ {
		out[i] = "  " + out[i]
	}
	return out
}

func percent(part, whole time.Duration) string {
	if 200*part < whole {
		return "<1%"
	}
	return fmt.Sprintf("%d%%", (100*part+whole/2)/max(whole, 1))
}

// lasting writes a duration as a person would say it, with two or three digits.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%dms", d.Round(time.Millisecond).Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	d = d.Round(time.Second)
	days, hours, minutes, seconds := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", seconds)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", minutes, seconds)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", hours, minutes)
	default:
		return fmt.Sprintf("%dd%02dh", days, hours)
	}
}
