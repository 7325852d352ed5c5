package fsm

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// JSON prints the whole table, for programs that are not written in Go.
func (t Table) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the documentation speaks of < and >
	e.SetIndent("", "  ")
	if err := e.Encode(t); err != nil {
		return nil, fmt.Errorf("printing %s as JSON: %w", t.Name, err)
	}
	return b.Bytes(), nil
}
