package render_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/render"
	corev1 "k8s.io/api/core/v1"
	"mvdan.cc/sh/v3/syntax"
)

// FuzzCodeRun and FuzzDocsRun put a text into one field of a run and the worst that is known into the others, and compare
// what is rendered with what is rendered from plain words.
func FuzzCodeRun(f *testing.F) { fuzzRun(f, "CodeRun") }

func FuzzDocsRun(f *testing.F) { fuzzRun(f, "DocsRun") }

func fuzzRun(f *testing.F, name string) {
	f.Helper()
	k := kindOf(f, name)
	for i, fragment := range fragments {
		f.Add(fragment, uint16(i), uint64(i)*0x9e3779b97f4a7c15)
	}
	for i := range k.paths {
		f.Add("x", uint16(i), ^uint64(0)) // all others at their longest
	}
	f.Fuzz(func(t *testing.T, text string, field uint16, others uint64) {
		target := k.paths[int(field)%len(k.paths)]
		i := 0
		k.check(t, text, func(path string) string {
			i++
			if path == target {
				return benign(path) + text
			}
			worst := k.worst[path]
			return worst[int(others>>(uint(i)%61)&3)%len(worst)]
		})
	})
}

func kindOf(t testing.TB, name string) *kind {
	t.Helper()
	all, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	return all[slices.IndexFunc(all, func(k *kind) bool { return k.name == name })]
}

// TestBehaviour34AndDefect30TheWorstChangesNoStructure fills each field of each kind with each of the worst values.
func TestBehaviour34AndDefect30TheWorstChangesNoStructure(t *testing.T) {
	all, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		for i := range 4 {
			tried := k.check(t, strings.Join(fragments, " "), func(path string) string {
				return k.worst[path][min(i, len(k.worst[path])-1)]
			})
			if !tried {
				t.Errorf("%s: an API server refuses the fields at their worst together, so they must be tried in parts", k.name)
			}
		}
	}
}

// check renders chosen texts and plain words, unless the API server would refuse them, and compares the structures.
func (k *kind) check(t *testing.T, message string, choose func(path string) string) (tried bool) {
	t.Helper()
	got, err := k.rendered(message, choose)
	if err != nil && (strings.Contains(err.Error(), " is invalid: ") || strings.Contains(err.Error(), " is above the limit of ")) {
		return false
	}
	if err != nil {
		t.Fatalf("what an API server accepts must be rendered: %v", err)
	}
	want, err := k.rendered("x", benign)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(structureOf(t, want), structureOf(t, got)); diff != "" {
		t.Errorf("%s: a value changed the structure (-plain +hostile):\n%s", k.name, diff)
	}
	return true
}

// structureOf is what of an attempt no value may change: the syntax tree of every script, the shape of every JSON file, the
// names of all files, the command, the names of the variables that are Runfleet's.
func structureOf(t *testing.T, o render.Objects) map[string]string {
	t.Helper()
	s := map[string]string{}
	for name, text := range o.Files() {
		switch path.Ext(name) {
		case ".sh":
			s[name] = treeOf(t, name, text)
		case ".json":
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				t.Errorf("%s is no JSON: %v\n%.2000s", name, err, text)
			}
			s[name] = shapeOf(v)
		default:
			s[name] = "text"
			if strings.ContainsAny(text, "\x00\x1b\u202e\u200b\u2028") {
				t.Errorf("%s hides something: %.2000q", name, text)
			}
		}
	}
	c := o.Agent.Spec.Template.Spec.Containers[0]
	s["command"] = fmt.Sprintf("%q", slices.Concat(c.Command, c.Args))
	var names []string
	for _, v := range c.Env {
		if strings.Contains(strings.ReplaceAll(v.Value, "$$", ""), "$") {
			t.Errorf("the kubelet would expand $(...) in %s=%.200q", v.Name, v.Value)
		}
		if isOurs(v) {
			names = append(names, v.Name)
		}
	}
	s["variables"] = strings.Join(names, " ")
	return s
}

// isOurs leaves out the variables whose names are a run's own texts.
func isOurs(v corev1.EnvVar) bool {
	return v.Name == "HOME" || strings.HasPrefix(v.Name, "RUNFLEET_")
}

// treeOf is the syntax tree of a script with every literal in it.
func treeOf(t *testing.T, name, text string) string {
	t.Helper()
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), name)
	if err != nil {
		t.Errorf("%s is no script: %v", name, err)
		return ""
	}
	var b strings.Builder
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case nil:
			b.WriteString(")")
		case *syntax.Lit:
			fmt.Fprintf(&b, "(%q", n.Value)
		case *syntax.SglQuoted:
			fmt.Fprintf(&b, "('%q", n.Value)
		default:
			fmt.Fprintf(&b, "(%T", n)
		}
		return true
	})
	return b.String()
}

// shapeOf is a JSON value without its texts, and with one element of each shape in a list. Lists of texts may have any length.
func shapeOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, fmt.Sprintf("%q:%s", name, shapeOf(v[name])))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var shapes []string
		for _, item := range v {
			shapes = append(shapes, shapeOf(item))
		}
		slices.Sort(shapes)
		if shapes = slices.Compact(shapes); len(shapes) == 0 || len(shapes) == 1 && shapes[0] == "string" {
			return "[texts]" // how many rules there are is a tool's name to say
		}
		return "[" + strings.Join(shapes, ",") + "]"
	default:
		return fmt.Sprintf("%T", v)
	}
}
