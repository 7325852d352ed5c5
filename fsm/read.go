package fsm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ReadJSON reads a table that [Table.JSON] of this version or of another has printed. What it does not know it leaves out:
// a table of a newer version says more. It proves no more than that the rows speak of what the table declares, since what
// is proved may differ between versions as well.
func ReadJSON(text []byte) (Table, error) {
	var t Table
	d := json.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&t); {
	case err != nil:
		return Table{}, errors.New("it is no table: it is not the JSON of one")
	case d.Decode(&struct{}{}) != io.EOF:
		return Table{}, errors.New("it is no table: something follows its JSON")
	case t.Name == "" || len(t.States) == 0 || len(t.Triggers) == 0 || len(t.Rows) == 0:
		return Table{}, errors.New("it is no table: it needs a name, states, triggers and rows")
	}
	for _, r := range t.Rows {
		for _, s := range append(slices.Clone(r.From), r.To) {
			if _, ok := t.State(s); !ok && s != Same {
				return Table{}, fmt.Errorf("it is no table: row %q names the state %q, which it does not declare", r.ID, s)
			}
		}
		if _, ok := t.Trigger(r.On); !ok {
			return Table{}, fmt.Errorf("it is no table: row %q names the trigger %q, which it does not declare", r.ID, r.On)
		}
	}
	return t, nil
}
