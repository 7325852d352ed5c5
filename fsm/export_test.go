package fsm_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fsm"
)

func TestJSONReadsBackAsTheSameTable(t *testing.T) {
	b, err := errand().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got fsm.Table
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(errand(), got); diff != "" {
		t.Errorf("table (-before +after):\n%s", diff)
	}
}

func TestExportsSayTheSameEveryTime(t *testing.T) {
	for name, export := range map[string]func(fsm.Table) string{
		"matrix": fsm.Table.Matrix, "mermaid": fsm.Table.Mermaid, "dot": fsm.Table.DOT, "markdown": fsm.Table.Markdown,
	} {
		first := export(errand())
		for range 20 {
			if again := export(errand()); again != first {
				t.Errorf("%s changes from call to call:\n%s", name, cmp.Diff(first, again))
				break
			}
		}
	}
}

func TestTheMatrixTellsStatesWithACommonBeginningApart(t *testing.T) {
	table := errand()
	table.States[0].Name, table.States[1].Name, table.States[2].Name = "Work", "Working", "Workable"
	head, _, _ := strings.Cut(table.Matrix(), "\n")
	want := []string{"on", "\\", "in", "Work", "Worki", "Worka", "Done", "Brok", "Gone"}
	if diff := cmp.Diff(want, strings.Fields(head)); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
}

// A picture that loses a row is worse than none: each one must be found in it, as an arrow or in words.
func TestEveryRowIsInEveryPicture(t *testing.T) {
	dot := strings.ReplaceAll(errand().DOT(), "\u00a0\u00a0\\l\u00a0\u00a0[", " [") // there a guard may stand below its trigger
	for name, picture := range map[string]string{"mermaid": errand().Mermaid(), "dot": dot} {
		for _, r := range errand().Rows {
			label := string(r.On)
			if r.If != "" {
				label += " [" + strings.Replace(string(r.If), "!", "not ", 1) + "]"
			}
			if !strings.Contains(picture, label) {
				t.Errorf("%s does not show row %s (%s)", name, r.ID, label)
			}
		}
		for _, s := range errand().States {
			if !strings.Contains(picture, string(s.Name)) {
				t.Errorf("%s does not show state %s", name, s.Name)
			}
		}
	}
}

func TestTheHappyPathStandsOut(t *testing.T) {
	bold := regexp.MustCompile(`(?m)^  (\w+) -> (\w+) \[.*penwidth=2\.2`)
	var got []string
	for _, m := range bold.FindAllStringSubmatch(errand().DOT(), -1) {
		got = append(got, m[1]+" → "+m[2])
	}
	want := []string{"start → Waiting", "Waiting → Working", "Working → Done"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bold arrows (-want +got):\n%s", diff)
	}
}

func TestEndedStatesHaveTwoBorders(t *testing.T) {
	double := regexp.MustCompile(`(?m)^ +(\w+) \[.*peripheries=2`)
	var got []string
	for _, m := range double.FindAllStringSubmatch(errand().DOT(), -1) {
		got = append(got, m[1])
	}
	if diff := cmp.Diff([]string{"Done", "Broken", "Gone"}, got); diff != "" {
		t.Errorf("states with two borders (-want +got):\n%s", diff)
	}
}

func TestInkPaintsWithoutMovingAnything(t *testing.T) {
	tones := map[fsm.Tone]bool{}
	ink := func(tone fsm.Tone, s string) string {
		tones[tone] = true
		return "\x1b[1m" + s + "\x1b[0m"
	}
	painted := errand().Explain("Working", "", fsm.Paper{Ink: ink})
	plain := regexp.MustCompile("\x1b\\[[01]m").ReplaceAllString(painted, "")
	if diff := cmp.Diff(errand().Explain("Working", "", fsm.Paper{}), plain); diff != "" {
		t.Errorf("page (-plain +painted):\n%s", diff)
	}
	if len(tones) != 4 {
		t.Errorf("the page has %d tones, want all four", len(tones))
	}
	plain = regexp.MustCompile("\x1b\\[[01]m").ReplaceAllString(errand().PaintedMatrix(ink), "")
	if diff := cmp.Diff(errand().Matrix(), plain); diff != "" {
		t.Errorf("matrix (-plain +painted):\n%s", diff)
	}
}

func TestAPageIsNoWiderThanItsPaper(t *testing.T) {
	table := errand()
	table.Rows[3].Doc = strings.Repeat("Once more. ", 40)
	for width, widest := range map[int]int{0: 100, 60: 60, 80: 80, 108: 108, 300: 108} {
		longest := 0
		for line := range strings.SplitSeq(table.Explain("Working", "", fsm.Paper{Width: width}), "\n") {
			longest = max(longest, utf8.RuneCountInString(line))
		}
		if longest > widest || longest < widest-len("Once more.") {
			t.Errorf("on paper of %d the longest line has %d, want up to %d", width, longest, widest)
		}
	}
}

// A terminal that nobody widened has 80 columns.
func TestTheMatrixTellsTheChoicesBelow(t *testing.T) {
	matrix := errand().Matrix()
	for _, want := range []string{
		"WorkFailed       –     2*    v     –      –      –",
		"WorkerReturned   –     –     3*    –      –      x",
		"  WorkFailed      in Work        Wait, Brok",
		"  AskedAgain      in Done, Brok  Wait or g",
	} {
		if !strings.Contains(matrix, want+"\n") {
			t.Errorf("the matrix lacks the line %q:\n%s", want, matrix)
		}
	}
}

func TestTextOfATableCannotBreakTheDocument(t *testing.T) {
	table := errand()
	table.Rows[1].Doc = "a | b <script>\nnext"
	got := table.Markdown()
	if !strings.Contains(got, `| a \| b &lt;script> next |`) {
		t.Error("the row's text is not escaped")
	}
}
