package lifecycle_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// TestTheDescriptionHasEveryRow compares the table of docs/lifecycle.md, which explains the protocol, with the table that
// runs: number, trigger, guard and target. Whoever changes a row changes its description.
func TestTheDescriptionHasEveryRow(t *testing.T) {
	text, err := os.ReadFile("../../docs/lifecycle.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Table\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var described, written [][]string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 7 || strings.Trim(cells[1], " -#") == "" {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		described = append(described, []string{cells[1], cells[3], cells[4], cells[5]})
	}
	for _, r := range lifecycle.CodeTable().Rows {
		to := string(r.To)
		switch {
		case r.To == fsm.Same && len(r.From) == 1:
			to = string(r.From[0])
		case r.To == fsm.Same:
			to = "*same*"
		}
		written = append(written, []string{r.ID, string(r.On), string(r.If), to})
	}
	if diff := cmp.Diff(written, described); diff != "" {
		t.Errorf("rows, trigger, guard and target (-the machine +docs/lifecycle.md):\n%s", diff)
	}
}
