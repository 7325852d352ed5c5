package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Values are a view in maps, lists and strings: nothing in them has methods, or an order of its own.
type Values map[string]any

// ValuesOf is what a view says in JSON.
func ValuesOf(view any) (Values, error) {
	text, err := json.Marshal(view)
	if err != nil {
		return nil, fmt.Errorf("encoding the values of the templates: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v Values
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decoding the values of the templates: %w", err)
	}
	return v, nil
}

// Execute fills the template with the values of a view of the type it was parsed for. The same values give the same bytes.
// It fails when the text grows beyond [MaxOutput].
func (t Template) Execute(v Values) (string, error) {
	e := execution{file: file{name: t.name}}
	if err := e.run(t.parts, map[string]any(v)); err != nil {
		return "", err
	}
	return e.out.String(), nil
}

type execution struct {
	file

	out strings.Builder
}

func (e *execution) run(parts []node, scope any) error {
	for _, n := range parts {
		var err error
		switch n := n.(type) {
		case text:
			err = e.print(n.string, n.line)
		case *value:
			err = e.print(helpers[n.helper](lookup(scope, n.path)), n.line)
		case block:
			err = e.block(n, scope)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *execution) print(s string, line int) error {
	if e.out.Len()+len(s) > MaxOutput {
		return e.fail(line, "what it makes is larger than %d KiB here: shorten it, or what the run fills it with", MaxOutput>>10)
	}
	e.out.WriteString(s)
	return nil
}

func (e *execution) block(b block, scope any) error {
	v := lookup(scope, b.path)
	switch items, _ := v.([]any); {
	case isTrue(v) == (b.kind == "unless"):
		return e.run(b.otherwise, scope)
	case b.kind == "each":
		for _, item := range items {
			if err := e.run(b.body, item); err != nil {
				return err
			}
		}
		return nil
	default:
		return e.run(b.body, scope)
	}
}

func lookup(scope any, p path) any {
	for _, name := range p {
		m, _ := scope.(map[string]any)
		scope = m[name]
	}
	return scope
}

// isTrue is what Handlebars calls true: not the empty text, list or map, not 0, false or nothing.
func isTrue(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case json.Number:
		return v.String() != "0"
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	default:
		return false
	}
}
