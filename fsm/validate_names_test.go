package fsm_test

import (
	"testing"

	"github.com/runfleet/runfleet/fsm"
)

func TestMistakesInNamesAreFound(t *testing.T) {
	const unknown = ", which is not declared: declare it, or correct the name"
	prove(t, []mistake{
		{"a table without a name", func(t *fsm.Table) { t.Name = "" }, []string{`table "": give it a Name and a Doc`}},
		{"a state with a space", func(t *fsm.Table) {
			t.States = append(t.States, fsm.StateDef{Name: "Far away", Doc: "x"})
		}, []string{`state "Far away": a name begins with a letter and has only letters and digits`}},
		{"a guard that is declared negated", func(t *fsm.Table) {
			t.Guards = append(t.Guards, fsm.GuardDef{Name: "!RetryDue", Doc: "x"})
		}, []string{
			`guard "!RetryDue": a name begins with a letter and has only letters and digits`,
			"guard !RetryDue is declared but no row asks it: use it, or remove it",
		}},
		{"a state that is declared twice", func(t *fsm.Table) { t.States = append(t.States, t.States[0]) }, []string{
			"state Waiting is declared twice: keep one",
		}},
		{"a state without a doc", func(t *fsm.Table) { t.States[0].Doc = "" }, []string{
			"state Waiting has no Doc: say what it means for the world",
		}},
		{"an initial state that is not there", func(t *fsm.Table) { t.Initial = "Home" }, []string{
			`Initial names state "Home"` + unknown,
		}},
		{"a happy state that is not there", func(t *fsm.Table) { t.Happy[1] = "Home" }, []string{
			`Happy names state "Home"` + unknown,
		}},
		{"a row from and to nowhere", func(t *fsm.Table) { row(t, "2").From, row(t, "2").To = states("Home"), "Away" }, []string{
			`row 2 names state "Home"` + unknown, `row 2 names state "Away"` + unknown,
		}},
		{"a row on nothing", func(t *fsm.Table) { row(t, "8").On = "Rain" }, []string{
			`row 8 names trigger "Rain"` + unknown,
			"trigger ReportArrived is declared but no row fires on it: use it, or remove it",
		}},
		{"a state that awaits nothing known", func(t *fsm.Table) { state(t, "Waiting").Awaits = triggers("Rain") }, []string{
			`state Waiting names trigger "Rain"` + unknown,
		}},
		{"a trigger from nowhere", func(t *fsm.Table) { t.Triggers[1].By = "fate" }, []string{
			`trigger WorkerFound comes from "fate": use one of the declared origins`,
		}},
		{"a person who is not told how", func(t *fsm.Table) { t.Triggers[0].How = "" }, []string{
			"trigger StrikeRequested: it has a How if and only if it comes from a person",
		}},
		{"a row with an unknown guard", func(t *fsm.Table) { row(t, "9").If = "!Rich" }, []string{
			`row 9 names guard "Rich"` + unknown,
			"guard Settled is declared but no row asks it: use it, or remove it",
		}},
		{"a row with an unknown action", func(t *fsm.Table) { row(t, "6").Do = actions("Sing") }, []string{
			`row 6 names action "Sing"` + unknown,
		}},
		{"an action that no row does", func(t *fsm.Table) { row(t, "8").Do = nil }, []string{
			"action RecordReport is declared but no row does it: use it, or remove it",
		}},
		{"a resource that no state touches", func(t *fsm.Table) {
			t.Resources = append(t.Resources, fsm.ResourceDef{Name: "Boat", Doc: "x"})
		}, []string{"resource Boat is declared but no state does anything with it: use it, or remove it"}},
		{"a state with an unknown resource", func(t *fsm.Table) { state(t, "Gone").Delete = resources("Boat") }, []string{
			`state Gone names resource "Boat"` + unknown,
		}},
		{"a state with an unknown timer", func(t *fsm.Table) { state(t, "Gone").Deadline = "Dawn" }, []string{
			`state Gone names timer "Dawn"` + unknown,
		}},
		{"a timer that ends nothing", func(t *fsm.Table) { t.Timers = append(t.Timers, fsm.TimerDef{Name: "Dawn", Doc: "x"}) }, []string{
			"timer Dawn is declared but no state ends by it: use it, or remove it",
		}},
		{"a group with an unknown guard", func(t *fsm.Table) { t.Groups[0][2] = "Rich" }, []string{
			`group 1 names guard "Rich"` + unknown,
		}},
		{"a field to raise that is no name", func(t *fsm.Table) { t.Actions[3].Raises = "spec.version" }, []string{
			`action RecordWish raises "spec.version": name one field of the status`,
		}},
	})
}

func TestMistakesInRowsAndBlanksAreFound(t *testing.T) {
	prove(t, []mistake{
		{"a row without a number", func(t *fsm.Table) { row(t, "3").ID = "" }, []string{
			`row "" (number 3 of the list): its ID needs letters and digits only`,
		}},
		{"two rows with one number", func(t *fsm.Table) { row(t, "3").ID = "2" }, []string{
			"row 2 is there twice: give one of them another ID",
		}},
		{"a row from no state", func(t *fsm.Table) { row(t, "2").From = nil }, []string{
			"row 2 has no From: name the states it leads from",
		}},
		{"a row without a reason", func(t *fsm.Table) { row(t, "2").Doc = "" }, []string{
			"row 2 has no Doc: say what has happened, and why this follows",
		}},
		{"a row from one state twice", func(t *fsm.Table) { row(t, "2").From = states("Waiting", "Waiting") }, []string{
			"row 2 names a state of its From twice: keep one",
		}},
		{"a row that does one thing twice", func(t *fsm.Table) { row(t, "2").Do = actions("StartAttempt", "StartAttempt") }, []string{
			"row 2 names an action twice: keep one",
		}},
		{"a blank for no state", func(t *fsm.Table) { t.Blanks[0].In = nil }, []string{
			"the blank on StrikeRequested has no In: name the states it explains",
		}},
		{"a blank without a reason", func(t *fsm.Table) { t.Blanks[0].Doc = "" }, []string{
			"the blank of Gone on StrikeRequested has no Doc: say why nothing follows",
		}},
		{"a blank with an unknown mark", func(t *fsm.Table) { t.Blanks[0].Mark = "?" }, []string{
			`the blank of Gone on StrikeRequested has the mark "?": use one of the declared marks`,
		}},
		{"a blank about nothing that is declared", func(t *fsm.Table) { t.Blanks[0].On, t.Blanks[0].In = "Rain", states("Home") }, []string{
			`a blank on Rain names state "Home", which is not declared: declare it, or correct the name`,
			`a blank names trigger "Rain", which is not declared: declare it, or correct the name`,
		}},
	})
}
