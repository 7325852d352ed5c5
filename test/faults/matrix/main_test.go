package main

import (
	"strings"
	"testing"
)

const row = "| F1 | a leader is killed | nothing runs twice | lifecycle |"

func TestARowSaysWhatCoversIt(t *testing.T) {
	covered := map[string]*coverage{"F1": {
		specs: map[string]int{"test/faults/kill_test.go": 3, "test/integration/fencing/away_test.go": 1}, injected: []string{"F1 leader killed"},
	}}
	want := row + " [simulation](simulation.md): F1 leader killed; [faults/kill](../test/faults/kill_test.go) ×3; " +
		"[fencing/away](../test/integration/fencing/away_test.go) |"
	once, err := fill(row, covered)
	if err != nil || once != want {
		t.Errorf("%v\nwant %s\ngot  %s", err, want, once)
	}
	if again, err := fill(once, covered); err != nil || again != want {
		t.Errorf("filled twice it is the same, not %s (%v)", again, err)
	}
}

func TestAFaultWhoseStepIsDoneMustBeCovered(t *testing.T) {
	if _, err := fill(row, nil); err == nil || !strings.Contains(err.Error(), "F1") {
		t.Errorf("an error that names F1 is due, got %v", err)
	}
	later := strings.Replace(row, "lifecycle", "agent", 1)
	if out, err := fill(later, nil); err != nil || out != later+" not yet |" {
		t.Errorf("what comes later may wait: %v %s", err, out)
	}
}
