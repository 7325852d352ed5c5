package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/syntax"
	yamlparser "sigs.k8s.io/yaml"
)

// FuzzTemplate reads any text as a template of any format. What is accepted makes, from the worst values, what it makes
// from plain words: the same syntax tree, the same shape. What is refused is refused with the file's name.
func FuzzTemplate(f *testing.F) {
	for i, source := range []string{
		`{"a": {{json text}}, {{#if items}}"b": [1{{#each items}}, "{{jsonString name}}"{{/each}}], {{/if}}"c": {{json map}} }`,
		"x={{shell text}}\n{{#each items}}\nrun -- {{shell name}}\n{{else}}\ncat <<EOF\n$x\nEOF\n{{/each}}\n",
		"a: {{yaml text}}\nb:\n{{#each items}}\n- {{yaml name}} # {{! x }}\n{{/each}}\n",
		"# {{text}}\n{{#unless no}}`a` {{code text}}{{else if yes}}{{{text}}}{{/unless}}\n```\n{{big}}\n```\n",
		"{{!-- format: shell --}}\nfor i in {{~shell text~}} ; do a \"$(b -- {{shell text}})\"; done",
		"\\{{text}} {{&text}} \\\\{{text}} {{> x}} {{{{raw}}}} {{[x]}} {{../x}} {{@index}} {{#a as |b|}}{{/a}}",
	} {
		f.Add(source, uint8(i), hostile)
	}
	names := []string{"x.json.hbs", "x.sh.hbs", "x.yaml.hbs", "x.md.hbs", "x.txt.hbs"}
	f.Fuzz(func(t *testing.T, source string, which uint8, text string) {
		name := names[int(which)%len(names)]
		tpl, err := Parse(name, source, reflect.TypeFor[sampleView]())
		if err != nil {
			if !strings.HasPrefix(err.Error(), name+":") {
				t.Errorf("want the file in %v", err)
			}
			return
		}
		format, err := file{name, source}.format()
		if err != nil {
			t.Fatal(err)
		}
		structure := func(word string) string {
			v := sample
			v.Text, v.Items, v.Map = word, []sampleItem{{word}, {word}}, map[string]string{"a": word}
			values, err := ValuesOf(v)
			if err != nil {
				t.Fatal(err)
			}
			out, err := tpl.Execute(values)
			if err != nil {
				t.Skip(err) // too large
			}
			return structureOf(t, format, out)
		}
		if diff := cmp.Diff(structure("x"), structure("x"+text)); diff != "" {
			t.Errorf("the value %q changes the structure (-plain +hostile):\n%s", text, diff)
		}
	})
}

func structureOf(t *testing.T, f format, text string) string {
	t.Helper()
	switch f {
	case shell:
		file, err := syntax.NewParser(syntax.Variant(dialect(text))).Parse(strings.NewReader(text), "")
		if err != nil {
			t.Fatalf("no script: %v\n%s", err, text)
		}
		var b strings.Builder
		syntax.Walk(file, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Word: // a value with a single quote in it is some quoted parts
				b.WriteString("(word" + literals(n))
			case *syntax.Lit, *syntax.SglQuoted:
				b.WriteString("(")
			case nil:
				b.WriteString(")")
			default:
				fmt.Fprintf(&b, "(%T", n)
			}
			return true
		})
		return strings.ReplaceAll(b.String(), "()", "")
	case jsonText:
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("no JSON: %v\n%s", err, text)
		}
		return shapeOf(v)
	case yaml:
	default:
		if strings.ContainsFunc(text, hidden) && f != plain {
			return "hides something" // of the template's own
		}
		return ""
	}
	var v any
	if err := yamlparser.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("no YAML: %v\n%s", err, text)
	}
	return shapeOf(v)
}

// literals are the parts of a word that no value makes.
func literals(w *syntax.Word) string {
	var s []string
	for _, p := range w.Parts {
		if l, ok := p.(*syntax.Lit); ok && l.Value != `\'` {
			s = append(s, l.Value)
		}
	}
	return fmt.Sprintf("%q", s)
}

func shapeOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for name := range v {
			members = append(members, fmt.Sprintf("%q:%s", name, shapeOf(v[name])))
		}
		slices.Sort(members)
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, shapeOf(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	default:
		return fmt.Sprintf("%T", v)
	}
}
