package waterfall_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

// told reads "NAME PARENT START END" of each line, in seconds. A parent in capitals is one of ours; an agent's spans have no role.
func told(lines string) []waterfall.Span {
	root := story.Span{Role: story.RoleRun, ID: story.SpanID{1}, Name: "RUN CodeRun", Start: at(0), End: at(100),
		Attributes: []story.Attribute{{Key: "cicd.pipeline.name", Value: "CodeRun"}}}
	attempt := story.Span{Role: story.RoleAttempt, ID: story.AttemptID(uid, 1), Parent: root.ID, Name: "attempt", Start: at(0), End: at(100),
		Attributes: []story.Attribute{{Key: "runfleet.attempt", Value: int64(1)}}}
	running := story.Span{Role: story.RoleState, ID: story.SpanID{2}, Parent: attempt.ID, Name: "Running", Start: at(0), End: at(100)}
	ids := map[string]story.SpanID{"attempt": attempt.ID, "nowhere": {99}}
	out := []waterfall.Span{{Span: root, Run: uid}, {Span: attempt, Run: uid}, {Span: running, Run: uid}}
	for i, line := range strings.Split(lines, ";") {
		var name, parent string
		var start, end int
		if _, err := fmt.Sscan(line, &name, &parent, &start, &end); err != nil {
			panic(err)
		}
		id, ok := ids[name]
		if !ok {
			id = story.SpanID{3, byte(i)}
			ids[name] = id
		}
		out = append(out, waterfall.Span{Service: "agent", Span: story.Span{ID: id, Parent: ids[parent], Name: name, Start: at(start), End: at(end)}})
	}
	return out
}

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }

func TestTheCriticalPathGoesBackByWhatEndedLast(t *testing.T) {
	for name, c := range map[string]struct{ spans, want string }{
		"one after the other":              {"a attempt 10 30;b attempt 30 90", "Running 0-10, a 10-30, b 30-90, Running 90-100"},
		"of two at a time the later one":   {"a attempt 10 80;b attempt 20 90", "Running 0-10, a 10-20, b 20-90, Running 90-100"},
		"one that is inside of another":    {"a attempt 10 90;b attempt 20 30", "Running 0-10, a 10-90, Running 90-100"},
		"down into its children":           {"a attempt 10 90;b a 20 30;c b 25 28", "Running 0-10, a 10-20, b 20-25, c 25-28, b 28-30, a 30-90, Running 90-100"},
		"a child that outlives its parent": {"a attempt 10 50;b a 40 70", "Running 0-10, a 10-40, b 40-50, Running 50-100"},
		"clocks that differ":               {"a attempt -20 40;b attempt 90 130", "a 0-40, Running 40-90, b 90-100"},
		"what took no time":                {"a attempt 10 10", "Running 0-100"},
	} {
		p := waterfall.Of(uid, told(c.spans), 0)
		var steps []string
		for _, s := range p.Chapters[0].Path {
			steps = append(steps, fmt.Sprintf("%s %d-%d", s.Label, s.Start.Unix(), s.End.Unix()))
		}
		if diff := cmp.Diff(c.want, strings.Join(steps, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatAgentsTellIsDrawnInTheirAttempt(t *testing.T) {
	rows := func(spans []waterfall.Span, limit int) string {
		var out []string
		for _, r := range waterfall.Of(uid, spans, limit).Chapters[0].Rows {
			out = append(out, strings.Repeat(">", r.Depth)+r.Label)
		}
		return strings.Join(out, " ")
	}
	lost := told("a nowhere 10 20")
	ours := told("a nowhere 10 20")
	ours[3].Run = uid // by its resource
	early := told("a nowhere 10 20")[3:]
	early[0].Parent, early[0].Run = story.AttemptID(uid, 1), "" // its attempt has not ended, so that it was not exported yet
	loop := told("a attempt 10 20;b a 11 12")
	loop[3].Parent = loop[4].ID
	clearing := told("a attempt 10 20")
	clearing = append(clearing, waterfall.Span{Run: uid, Span: story.Span{Role: story.RoleEffect, ID: story.SpanID{7}, Parent: story.SpanID{1},
		Name: "Delete Agent", Start: at(101), End: at(102)}})
	if n := len(waterfall.Of(uid, clearing, 0).Chapters); n != 1 {
		t.Errorf("clearing away made %d chapters", n)
	}
	for name, c := range map[string]struct{ got, want string }{
		"by its parent":                          {rows(told("a attempt 10 20;b a 11 12"), 0), "attempt 1 >Running >>a >>>b"},
		"by its resource":                        {rows(ours, 0), "attempt 1 >Running >>a"},
		"of the trace only, which is a person's": {rows(lost, 0), "attempt 1 >Running"},
		"before its attempt was told":            {rows(early, 0), "a"},
		"one that hangs from itself":             {rows(loop, 0), "attempt 1 >Running"},
		"the longest of many": {rows(told("a attempt 10 20;b attempt 20 21;c attempt 22 30;d attempt 31 32;e attempt 33 34"), 2),
			"attempt 1 >Running >>a >>c >>and 3 shorter"},
		"all of few": {rows(told("a attempt 10 20;b attempt 20 21;c attempt 22 30"), 2), "attempt 1 >Running >>a >>b >>c"},
	} {
		if strings.ReplaceAll(c.got, " ", "") != strings.ReplaceAll(c.want, " ", "") {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
}

func TestOfTwoTellingsTheOneThatHasEndedCounts(t *testing.T) {
	open := waterfall.Span{Span: story.Span{ID: story.SpanID{1}, End: at(50)}, Open: true}
	done := waterfall.Span{Span: story.Span{ID: story.SpanID{1}, End: at(20)}}
	later := waterfall.Span{Span: story.Span{ID: story.SpanID{1}, End: at(30)}}
	got := waterfall.Merge([]waterfall.Span{open}, []waterfall.Span{later}, []waterfall.Span{done})
	if diff := cmp.Diff([]waterfall.Span{later}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
