package fsm_test

import (
	"testing"

	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/test/golden"
)

// The files read like what they are: a person who changes an export reads the diff of the errand.
func TestExportsOfTheErrand(t *testing.T) {
	table := errand()
	json, err := table.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "errand.json", string(json))
	golden.Check(t, "errand.txt", table.Matrix())
	golden.Check(t, "errand.mmd", table.Mermaid())
	golden.Check(t, "errand.dot", table.DOT())
	golden.Check(t, "errand-walked.dot", table.DOTWalked([]fsm.Step{
		{From: "Waiting", On: "WorkerFound", To: "Working"}, {From: "Working", On: "WorkFailed", To: "Waiting"},
		{From: "Waiting", On: "WorkerFound", To: "Working"}, {From: "Working", On: "ShiftEnded", To: "Halting"},
		{From: "Halting", On: "NobodyKnows", To: "Done"}, // of another version of the table
		{From: "Halting", On: "WorkerReturned", To: "Done"}, {From: "Done", On: "ReportArrived", To: "Done"},
	}))
	golden.Check(t, "errand.md", table.Markdown())
}

func TestExplanationsOfTheErrand(t *testing.T) {
	table := errand()
	golden.Check(t, "explain-working.txt", table.Explain("Working", "", fsm.Paper{}))
	golden.Check(t, "explain-waiting.txt", table.Explain("Waiting", "", fsm.Paper{}))
	golden.Check(t, "explain-gone.txt", table.Explain("Gone", "", fsm.Paper{}))
	golden.Check(t, "explain-halting-workerreturned.txt", table.Explain("Halting", "WorkerReturned", fsm.Paper{}))
	golden.Check(t, "explain-done-askedagain.txt", table.Explain("Done", "AskedAgain", fsm.Paper{}))
}

func TestUnknownNamesExplainNothing(t *testing.T) {
	for _, cell := range []struct {
		state fsm.State
		on    fsm.Trigger
	}{{"Home", ""}, {"Home", "WorkFailed"}, {"Done", "Rain"}} {
		if got := errand().Explain(cell.state, cell.on, fsm.Paper{}); got != "" {
			t.Errorf("%s on %s is explained as %q", cell.state, cell.on, got)
		}
	}
}
