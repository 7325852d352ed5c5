package lifecycle

import (
	"reflect"
	"testing"

	"github.com/runfleet/runfleet/fsm"
)

func TestTablesHoldTheStaticProofs(t *testing.T) {
	for _, kind := range []Kind{DocsRun, CodeRun} {
		if _, err := New(kind, DefaultSettings()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestEveryCellFiresWhatTheTableSays compares the machine that Decide fires with the oracle Table.Next, for every
// state, trigger and possible answer of the guards.
func TestEveryCellFiresWhatTheTableSays(t *testing.T) {
	fired := 0
	for _, table := range []fsm.Table{DocsTable(), CodeTable()} {
		m, err := table.Machine()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range table.States {
			for _, on := range table.Triggers {
				for _, holds := range table.Valuations(s.Name, on.Name) {
					want, ok := table.Next(s.Name, on.Name, holds)
					got, err := m.Fire(s.Name, on.Name, holds)
					if ok != (err == nil) || !reflect.DeepEqual(want, got) {
						t.Errorf("%s on %s: machine says %v (%v), table says %v (%v)", s.Name, on.Name, got, err, want, ok)
					}
					fired++
				}
			}
		}
	}
	t.Logf("%d cells and valuations", fired)
}

// TestSensorsStandInTheTablesOrder: which of two triggers wins is data, and the documentation shows it.
func TestSensorsStandInTheTablesOrder(t *testing.T) {
	if len(sensors) != len(triggers) {
		t.Fatalf("%d sensors for %d triggers", len(sensors), len(triggers))
	}
	for i, s := range sensors {
		if s.on != triggers[i].Name {
			t.Errorf("sensor %d is %s, trigger %d is %s", i, s.on, i, triggers[i].Name)
		}
	}
}

func TestEveryActionOfTheTableIsWritten(t *testing.T) {
	for _, a := range actionDefs {
		if actions[a.Name] == nil {
			t.Errorf("action %s has no function", a.Name)
		}
	}
	if len(actions) != len(actionDefs) {
		t.Errorf("%d functions for %d actions", len(actions), len(actionDefs))
	}
}
