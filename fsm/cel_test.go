package fsm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fsm"
)

func TestTheRulesSayWhatEachPhaseMayBecome(t *testing.T) {
	const grows = "self.?version.orValue(0) > oldSelf.?version.orValue(0)"
	edge := func(from, to, leads string) fsm.Rule {
		return fsm.Rule{
			Rule:              "oldSelf.?phase.orValue('') != '" + from + "' || self.phase in [" + to + "]",
			Message:           "phase " + from + " cannot become that: " + leads,
			MessageExpression: "'phase " + from + " cannot become ' + self.phase + ': " + leads + "'",
			FieldPath:         ".phase",
		}
	}
	again := func(from string) fsm.Rule {
		return fsm.Rule{
			Rule:      "oldSelf.?phase.orValue('') != '" + from + "' || self.phase != 'Waiting' || " + grows,
			Message:   "phase " + from + " becomes Waiting only together with a higher version: an ended run stays ended",
			FieldPath: ".phase",
		}
	}
	want := []fsm.Rule{
		edge("Waiting", "'Waiting', 'Working', 'Gone'", "it leads only to Working or Gone"),
		edge("Working", "'Working', 'Waiting', 'Halting', 'Done', 'Broken', 'Gone'", "it leads only to Waiting, Halting, Done, Broken or Gone"),
		edge("Halting", "'Halting', 'Waiting', 'Done', 'Broken', 'Gone'", "it leads only to Waiting, Done, Broken or Gone"),
		edge("Done", "'Done', 'Waiting', 'Gone'", "it leads only to Waiting or Gone"),
		edge("Broken", "'Broken', 'Waiting', 'Gone'", "it leads only to Waiting or Gone"),
		edge("Gone", "'Gone'", "nothing follows it"),
		again("Done"),
		again("Broken"),
	}
	if diff := cmp.Diff(want, errand().CEL()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestNothingNeedToGrowOnTheWayToTheLastState(t *testing.T) {
	table := errand()
	want := table.CEL()
	row(&table, "1").Do = actions("RecordWish")
	if diff := cmp.Diff(want, table.CEL()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestOfSeveralRowsOutOfATerminalStateAnyMayHaveFired(t *testing.T) {
	table := errand()
	table.Actions = append(table.Actions, fsm.ActionDef{Name: "RecordPlea", Raises: "pleas", Doc: "x"})
	table.Rows = append(table.Rows, fsm.Row{
		ID: "10", From: states("Done"), On: "WorkFailed", To: "Waiting", Do: actions("RecordWish", "RecordPlea"), Doc: "x",
	})
	i := slices.IndexFunc(table.CEL(), func(r fsm.Rule) bool { return strings.Contains(r.Rule, "pleas") })
	if i < 0 {
		t.Fatal("no rule speaks of the second row")
	}
	got := table.CEL()[i]
	want := fsm.Rule{
		Rule: "oldSelf.?phase.orValue('') != 'Done' || self.phase != 'Waiting' || " +
			"self.?version.orValue(0) > oldSelf.?version.orValue(0) || " +
			"self.?version.orValue(0) > oldSelf.?version.orValue(0) && " +
			"self.?pleas.orValue(0) > oldSelf.?pleas.orValue(0)",
		Message:   "phase Done becomes Waiting only together with a higher version, or a higher version and pleas: an ended run stays ended",
		FieldPath: ".phase",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
}
