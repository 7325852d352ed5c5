package fsm_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fsm"
)

var update = flag.Bool("update", false, "rewrite the golden files; then read the diff")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

// The files read like what they are: a person who changes an export reads the diff of the errand.
func TestExportsOfTheErrand(t *testing.T) {
	table := errand()
	json, err := table.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "errand.json", string(json))
	golden(t, "errand.txt", table.Matrix())
	golden(t, "errand.mmd", table.Mermaid())
	golden(t, "errand.dot", table.DOT())
	golden(t, "errand-walked.dot", table.DOTWalked([]fsm.Step{
		{From: "Waiting", On: "WorkerFound", To: "Working"}, {From: "Working", On: "WorkFailed", To: "Waiting"},
		{From: "Waiting", On: "WorkerFound", To: "Working"}, {From: "Working", On: "ShiftEnded", To: "Halting"},
		{From: "Halting", On: "NobodyKnows", To: "Done"}, // of another version of the table
		{From: "Halting", On: "WorkerReturned", To: "Done"}, {From: "Done", On: "ReportArrived", To: "Done"},
	}))
	golden(t, "errand.md", table.Markdown())
}

func TestExplanationsOfTheErrand(t *testing.T) {
	table := errand()
	golden(t, "explain-working.txt", table.Explain("Working", "", fsm.Paper{}))
	golden(t, "explain-waiting.txt", table.Explain("Waiting", "", fsm.Paper{}))
	golden(t, "explain-gone.txt", table.Explain("Gone", "", fsm.Paper{}))
	golden(t, "explain-halting-workerreturned.txt", table.Explain("Halting", "WorkerReturned", fsm.Paper{}))
	golden(t, "explain-done-askedagain.txt", table.Explain("Done", "AskedAgain", fsm.Paper{}))
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
