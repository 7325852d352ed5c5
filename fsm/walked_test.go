package fsm_test

import (
	"strings"
	"testing"

	"github.com/runfleet/runfleet/fsm"
)

// TestOnlyTheArrowThatWasWalkedIsInked: two states may leave by the same trigger to the same state.
func TestOnlyTheArrowThatWasWalkedIsInked(t *testing.T) {
	table := errand()
	table.Rows = append(table.Rows, fsm.Row{ID: "10", From: states("Waiting"), On: "WorkFailed", To: "Broken"})
	inked := 0
	for line := range strings.Lines(table.DOTWalked([]fsm.Step{{From: "Working", On: "WorkFailed", To: "Broken"}})) {
		if strings.Contains(line, "label=") && strings.Contains(line, "#0969da") {
			inked++
			if !strings.HasPrefix(line, "  Working -> ") {
				t.Errorf("inked: %s", line)
			}
		}
	}
	if inked != 1 {
		t.Errorf("%d arrows are inked", inked)
	}
}
