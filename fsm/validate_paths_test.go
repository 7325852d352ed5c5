package fsm_test

import (
	"slices"
	"testing"

	"github.com/runfleet/runfleet/fsm"
)

func TestMistakesInStatesAndPathsAreFound(t *testing.T) {
	prove(t, []mistake{
		{"a state that nothing leads to", func(t *fsm.Table) { row(t, "6").To = "Waiting" }, []string{
			"state Halting cannot be reached from Waiting: add a row that leads there, or remove it",
		}},
		{"an active state that cannot end", func(t *fsm.Table) {
			for _, id := range []string{"7a", "7b", "7c"} {
				row(t, id).To = fsm.Same
			}
		}, []string{"state Halting has no path to a Terminal state: add a row that leads out"}},
		{"an active state without a bound", func(t *fsm.Table) { state(t, "Halting").Deadline = "" }, []string{
			"state Halting may last for ever: give it a Deadline, or say in Waits why it may",
		}},
		{"a last state without a bound", func(t *fsm.Table) { state(t, "Gone").Deadline = "" }, []string{
			"state Gone may last for ever: give it a Deadline, or say in Waits why it may",
		}},
		{"a bound and a reason for none", func(t *fsm.Table) { state(t, "Working").Waits = "for fun." }, []string{
			"state Working has a Deadline and a reason to wait without one: choose one",
		}},
		{"a terminal state with a bound", func(t *fsm.Table) { state(t, "Done").Deadline = "Curfew" }, []string{
			"state Done is Terminal, so there is nothing to wait for: remove its Deadline or Waits",
		}},
		{"a terminal state that creates", func(t *fsm.Table) { state(t, "Done").Ensure = resources("Desk") }, []string{
			"state Done has ended, but creates or releases Desk: nothing starts after the end",
		}},
		{"a state that is terminal and last", func(t *fsm.Table) {
			state(t, "Gone").Terminal = true
			state(t, "Gone").Deadline = ""
		}, []string{
			"state Gone is Terminal and Last: the one means that the run may be asked anew, the other that it goes; choose",
		}},
		{"a way out of the last state", func(t *fsm.Table) {
			t.Blanks = slices.DeleteFunc(t.Blanks, func(b fsm.Blank) bool { return b.Mark == fsm.Act })
			t.Rows = append(t.Rows, fsm.Row{ID: "10", From: states("Gone"), On: "WorkerReturned", To: "Broken", Doc: "Back from nowhere."})
		}, []string{
			"row 10 leads out of Gone, which is Last: the object itself goes there, so let the row stay (=) or remove it",
		}},
		{"a way out of a terminal state that raises nothing", func(t *fsm.Table) { row(t, "9").Do = actions("RecordReport"); t.Actions = t.Actions[:3] }, []string{
			"row 9 leads from Done, which is Terminal, to Waiting and raises nothing: an ended run starts again only when an action Raises a field",
			"row 9 leads from Broken, which is Terminal, to Waiting and raises nothing: an ended run starts again only when an action Raises a field",
		}},
		{"a happy path with a gap", func(t *fsm.Table) { t.Happy = states("Waiting", "Done") }, []string{
			"Happy goes from Waiting to Done, but no row does: name the states of a path",
		}},
		{"a happy path that begins in the middle", func(t *fsm.Table) { t.Happy = states("Working", "Done") }, []string{
			"Happy begins with Working: begin with the initial state Waiting",
		}},
		{"a happy path without an end", func(t *fsm.Table) { t.Happy = states("Waiting", "Working") }, []string{
			"Happy ends with Working, which is not Terminal: end with the state that everybody hopes for",
		}},
	})
}

func TestObjectsThatAnAttemptLostNeverComeBack(t *testing.T) {
	prove(t, []mistake{
		{"a way back that is no new attempt", func(t *fsm.Table) { t.Actions[0].NewAttempt = false }, []string{
			"state Halting deletes or ends Tool, and the way over rows 7c, 2 leads to Working, which creates or releases it: let an action on the way be a NewAttempt (A4)",
			"state Done deletes or ends Tool, and the way over rows 9, 2 leads to Working, which creates or releases it: let an action on the way be a NewAttempt (A4)",
			"state Broken deletes or ends Tool, and the way over rows 9, 2 leads to Working, which creates or releases it: let an action on the way be a NewAttempt (A4)",
		}},
		{"a second way back, past the new attempt", func(t *fsm.Table) { row(t, "7c").To = "Working" }, []string{
			"state Halting deletes or ends Tool, and the way over row 7c leads to Working, which creates or releases it: let an action on the way be a NewAttempt (A4)",
		}},
		{"a way back to what only creates", func(t *fsm.Table) {
			row(t, "7c").To = "Working"
			state(t, "Working").Release = nil
		}, []string{
			"state Halting deletes or ends Tool, and the way over row 7c leads to Working, which creates or releases it: " +
				"let an action on the way be a NewAttempt (A4)",
		}},
		{"a way back to what only releases", func(t *fsm.Table) {
			row(t, "7c").To = "Working"
			state(t, "Working").Ensure = resources("Desk")
		}, []string{
			"state Halting deletes or ends Tool, and the way over row 7c leads to Working, which creates or releases it: " +
				"let an action on the way be a NewAttempt (A4)",
		}},
		{"a state that creates what it deletes", func(t *fsm.Table) { state(t, "Working").Delete = resources("Tool") }, []string{
			"state Working creates or releases Tool and also deletes or ends it: let one state do one of the two (A4)",
		}},
		{"a state that releases what it ends", func(t *fsm.Table) { state(t, "Halting").Release = resources("Tool") }, []string{
			"state Halting creates or releases Tool and also deletes or ends it: let one state do one of the two (A4)",
		}},
	})
	t.Run("what serves all attempts may come back", func(t *testing.T) {
		table := errand()
		state(&table, "Halting").End = nil
		state(&table, "Halting").Delete = resources("Desk")
		row(&table, "7c").To = "Working"
		if err := table.Validate(); err != nil {
			t.Error(err)
		}
	})
}
