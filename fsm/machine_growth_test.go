package fsm

import (
	"reflect"
	"testing"
)

// The library adds each state that it is asked about to its map, for ever, and without a lock that ToGraph would take.
func TestUnknownStatesDoNotMakeTheMachineGrow(t *testing.T) {
	table := Table{
		Name: "Lamp", Doc: "On, then burnt out.", Initial: "On",
		States:   []StateDef{{Name: "On", Waits: "for ever.", Doc: "Shines."}, {Name: "Out", Terminal: true, Doc: "Dark."}},
		Triggers: []TriggerDef{{Name: "Burnt", Doc: "The wire broke."}},
		Rows:     []Row{{ID: "1", From: []State{"On"}, On: "Burnt", To: "Out", Doc: "Dark."}},
		Blanks:   []Blank{{In: []State{"Out"}, On: "Burnt", Mark: Never, Doc: "Burnt already."}},
	}
	m, err := table.Machine()
	if err != nil {
		t.Fatal(err)
	}
	known := func() int { return reflect.ValueOf(m.sm).Elem().FieldByName("stateConfig").Len() }
	fire := func(s State) { _, _ = m.Fire(s, "Burnt", func(Guard) bool { return true }) }
	fire("On")
	before := known()
	for _, s := range []State{"", "on", "Flickering", "Exploded"} {
		fire(s)
	}
	if after := known(); before == 0 || after != before {
		t.Errorf("the machine knew %d states and knows %d after unknown ones", before, after)
	}
}
