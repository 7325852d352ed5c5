package fsm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fsm"
)

// errands is a history that the table explains: two attempts, a report that changes no state, and the end.
func errands() []fsm.Committed {
	return []fsm.Committed{
		{fsm.Step{"Waiting", "WorkerFound", "Working"}, 1, 1},
		{fsm.Step{"Working", "WorkFailed", "Waiting"}, 2, 1},
		{fsm.Step{"Waiting", "WorkerFound", "Working"}, 3, 2},
		{fsm.Step{"Working", "ReportArrived", "Working"}, 4, 2},
		{fsm.Step{"Working", "WorkFinished", "Done"}, 5, 2},
	}
}

func TestAHistoryOfTheTableIsReplayed(t *testing.T) {
	rows, found := errand().Replay(errands(), "Done")
	if found != nil {
		t.Fatal(found.Why)
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	if got := strings.Join(ids, " "); got != "2 4 2 8 3" {
		t.Errorf("rows %s", got)
	}
	for lost := range errands() {
		if _, found := errand().Replay(errands()[lost:], "Done"); found != nil {
			t.Errorf("a history that lost %d: %s", lost, found.Why)
		}
	}
	if _, found := errand().Replay(nil, "Waiting"); found != nil {
		t.Errorf("no history: %s", found.Why)
	}
}

func TestTheFirstDivergenceIsNamed(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func([]fsm.Committed) []fsm.Committed
		now   fsm.State
		step  int
		why   string
	}{
		{"an unknown trigger", func(s []fsm.Committed) []fsm.Committed { s[1].On = "Rain"; return s }, "Done", 1, "the table has no trigger Rain"},
		{"an unknown state", func(s []fsm.Committed) []fsm.Committed { s[1].To = "Home"; return s }, "Done", 1, "the table has no state Home"},
		{"another end of the same row", func(s []fsm.Committed) []fsm.Committed { s[1].To = "Done"; return s }, "Done", 1,
			"WorkFailed in Working does not lead to Done: it leads to Waiting if RetryDue, to Broken if not RetryDue"},
		{"a blank", func(s []fsm.Committed) []fsm.Committed { s[1].On = "WorkerReturned"; return s }, "Done", 1,
			"WorkerReturned leads nowhere from Working: Nobody was called back."},
		{"another beginning", func(s []fsm.Committed) []fsm.Committed { s[1].Seq = 1; return s[1:] }, "Done", 0,
			"the first one begins in Working, and the table in Waiting"},
		{"a gap", func(s []fsm.Committed) []fsm.Committed { return slices.Delete(s, 1, 3) }, "Done", 1, "entry 4 follows entry 1"},
		{"a jump", func(s []fsm.Committed) []fsm.Committed { s[3].From, s[3].To = "Halting", "Halting"; return s }, "Done", 3,
			"it begins in Halting, and the one before ends in Working"},
		{"an attempt that nothing began", func(s []fsm.Committed) []fsm.Committed { s[3].Attempt, s[4].Attempt = 3, 3; return s }, "Done", 3,
			"the attempt grows from 2 to 3, and row 8 begins none"},
		{"an attempt that is forgotten", func(s []fsm.Committed) []fsm.Committed { s[2].Attempt = 0; return s }, "Done", 2, "the attempt falls from 1 to 0"},
		{"another end", func(s []fsm.Committed) []fsm.Committed { return s }, "Broken", 5, "the history ends in Done, and the run is Broken"},
		{"another end of one step", func(s []fsm.Committed) []fsm.Committed { return s[:1] }, "Broken", 1, "the history ends in Working, and the run is Broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps := c.spoil(errands())
			rows, found := errand().Replay(steps, c.now)
			if found == nil || found.Step != c.step || found.Why != c.why || len(rows) != c.step {
				t.Fatalf("%d rows, %+v", len(rows), found)
			}
			if c.step < len(steps) && steps[c.step].From == "Working" && len(found.Allowed) != 6 {
				t.Errorf("from Working %d rows lead on, not 6", len(found.Allowed))
			}
		})
	}
}

func TestATableIsReadBack(t *testing.T) {
	text, err := errand().JSON()
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(text), `"name": "Errand",`, `"name": "Errand", "colour": "green",`, 1)
	if got, err := fsm.ReadJSON([]byte(newer)); err != nil || got.Name != "Errand" || len(got.Rows) != len(errand().Rows) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":         {"", "it is no table: it is not the JSON of one"},
		"no JSON":         {"hello", "it is no table: it is not the JSON of one"},
		"another type":    {`["Errand"]`, "it is no table: it is not the JSON of one"},
		"an object":       {`{"kind": "DocsRun"}`, "it is no table: it needs a name, states, triggers and rows"},
		"two tables":      {string(text) + string(text), "it is no table: something follows its JSON"},
		"unknown state":   {strings.Replace(string(text), `"to": "Gone"`, `"to": "Home"`, 1), `it is no table: row "1" names the state "Home", which it does not declare`},
		"unknown trigger": {strings.Replace(string(text), `"on": "WorkFinished"`, `"on": "Rain"`, 1), `it is no table: row "3" names the trigger "Rain", which it does not declare`},
	} {
		if _, err := fsm.ReadJSON([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A text of a page may come from elsewhere: whatever would command a terminal is taken away.
func TestAPageCommandsNoTerminal(t *testing.T) {
	p := fsm.NewPage(fsm.Paper{})
	p.Heading("a\x1b[2Jb")
	p.Paragraph("c\x07d \u202ee")
	p.Entries([]fsm.Entry{{Term: "f\rg", Sign: "h\x1bi", Text: "j\x9bk"}})
	if got, want := p.String(), "a [2Jb\n  c d e\n  f g  h i  j\ufffdk\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
