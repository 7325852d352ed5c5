package fsm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fsm"
)

func TestAGoodTableHasNoFindings(t *testing.T) {
	if err := errand().Validate(); err != nil {
		t.Fatal(err)
	}
}

// mistake breaks the good table in exactly one way; Validate says so in exactly these words, and says nothing else.
type mistake struct {
	name string
	make func(*fsm.Table)
	want []string
}

func prove(t *testing.T, mistakes []mistake) {
	t.Helper()
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			table := errand()
			m.make(&table)
			err := table.Validate()
			if err == nil {
				t.Fatal("the mistake was not found")
			}
			got := strings.Split(err.Error(), "\n")
			if !slices.Equal(got, m.want) {
				t.Errorf("findings:\n%s\nwant:\n%s", err, strings.Join(m.want, "\n"))
			}
			if _, err := table.Machine(); err == nil {
				t.Error("a table with findings became a machine")
			}
		})
	}
}

// row, state, and blank find what a mistake changes.
func row(t *fsm.Table, id string) *fsm.Row {
	return &t.Rows[slices.IndexFunc(t.Rows, func(r fsm.Row) bool { return r.ID == id })]
}

func state(t *fsm.Table, s fsm.State) *fsm.StateDef {
	return &t.States[slices.IndexFunc(t.States, func(d fsm.StateDef) bool { return d.Name == s })]
}

func TestMistakesInCellsAreFound(t *testing.T) {
	prove(t, []mistake{
		{"a cell without a row or a blank", func(t *fsm.Table) { t.Blanks = t.Blanks[1:] }, []string{
			"state Gone on StrikeRequested: no row and no blank: say what happens, or why nothing does",
		}},
		{"a cell with a row for all cases and a blank", func(t *fsm.Table) { t.Blanks[0].In = states("Gone", "Done") }, []string{
			`state Done on StrikeRequested: all cases have a row (row 1), so the blank "Struck off already." is never true: remove it`,
		}},
		{"two blanks for one cell", func(t *fsm.Table) { t.Blanks = append(t.Blanks, t.Blanks[0]) }, []string{
			"state Gone on StrikeRequested: 2 blanks explain the cell: keep one",
		}},
		{"two rows that always fire together", func(t *fsm.Table) { row(t, "4").If, row(t, "5").If = "", "RetryDue" }, []string{
			"state Working on WorkFailed: rows 4, 5 can fire together (guards always, RetryDue): use a guard and its negation, or members of one group, each once",
		}},
		{"two guards of no common group", func(t *fsm.Table) { row(t, "5").If = "Settled" }, []string{
			"state Working on WorkFailed: rows 4, 5 can fire together (guards RetryDue, Settled): use a guard and its negation, or members of one group, each once",
		}},
		{"the same guard twice", func(t *fsm.Table) { row(t, "5").If = "RetryDue" }, []string{
			"state Working on WorkFailed: rows 4, 5 can fire together (guards RetryDue, RetryDue): use a guard and its negation, or members of one group, each once",
		}},
		{"a member of a group twice", func(t *fsm.Table) {
			r := *row(t, "7c")
			r.ID, r.If = "7d", "CameWell"
			t.Rows = append(t.Rows, r)
		}, []string{
			"state Halting on WorkerReturned: rows 7a, 7b, 7c, 7d can fire together (guards CameWell, CameEmpty, CameLate, CameWell): use a guard and its negation, or members of one group, each once",
		}},
		{"a member of a group beside a negation", func(t *fsm.Table) {
			r := *row(t, "7c")
			r.ID, r.If = "7d", "!CameWell"
			t.Rows = append(t.Rows, r)
		}, []string{
			"state Halting on WorkerReturned: rows 7a, 7b, 7c, 7d can fire together (guards CameWell, CameEmpty, CameLate, !CameWell): use a guard and its negation, or members of one group, each once",
		}},
		{"a lone guard without a blank", func(t *fsm.Table) { t.Blanks = t.Blanks[:len(t.Blanks)-1] }, []string{
			"state Done on AskedAgain: a case is open beside row 9 (guards Settled): add the row for the rest, or a blank that explains it",
			"state Broken on AskedAgain: a case is open beside row 9 (guards Settled): add the row for the rest, or a blank that explains it",
		}},
		{"a group of which one member is missing", func(t *fsm.Table) {
			t.Guards = append(t.Guards, fsm.GuardDef{Name: "CameNot", Doc: "Is the worker lost?"})
			t.Groups[0] = append(t.Groups[0], "CameNot")
			r := *row(t, "6")
			r.ID, r.If = "6b", "CameNot"
			row(t, "6").If = "!CameNot"
			t.Rows = append(t.Rows, r)
		}, []string{
			"state Halting on WorkerReturned: a case is open beside rows 7a, 7b, 7c (guards CameWell, CameEmpty, CameLate): add the row for the rest, or a blank that explains it",
		}},
		{"a state that awaits what means nothing there", func(t *fsm.Table) { state(t, "Waiting").Awaits = triggers("WorkFinished") }, []string{
			"state Waiting awaits WorkFinished, which has no row there and is no gate: leave it out",
		}},
		{"a guard in two groups", func(t *fsm.Table) { t.Groups = append(t.Groups, []fsm.Guard{"CameWell", "RetryDue"}) }, []string{
			"guard CameWell is a member of groups 1 and 2: let it be in one place",
		}},
		{"a group of one", func(t *fsm.Table) { t.Groups = append(t.Groups, []fsm.Guard{"RetryDue"}) }, []string{
			"group 2 has 1 members: exactly one of them holds at any time, so it needs two or more",
		}},
	})
}
