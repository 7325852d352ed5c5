package render

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	documentation = "../docs/templates.md"
	namesBegin    = "<!-- names: generated from render/view.go by go test ./render -run TestTheDocumentationSaysEveryName -update -->\n"
	namesEnd      = "<!-- end of names -->\n"
)

// names is the table of everything that a template may name, with the comments of the view's type.
func names(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "view.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]*ast.StructType{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if fields, ok := spec.Type.(*ast.StructType); ok {
				types[spec.Name.Name] = fields
			}
		}
		return true
	})
	var b strings.Builder
	b.WriteString("| name | kind | |\n|---|---|---|\n")
	var write func(prefix string, fields *ast.StructType)
	write = func(prefix string, fields *ast.StructType) {
		for _, f := range fields.Fields.List {
			_, tag, _ := strings.Cut(f.Tag.Value, `json:"`)
			name, _, _ := strings.Cut(tag, `"`)
			kind, inner := kindOf(f.Type, types)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", prefix+name, kind, strings.TrimSpace(f.Comment.Text()))
			if inner != nil && strings.HasPrefix(kind, "list") {
				write(prefix+name+"[].", inner)
			} else if inner != nil {
				write(prefix+name+".", inner)
			}
		}
	}
	write("", types["view"])
	return b.String()
}

// kindOf is what a template can do with a field, and the fields within it.
func kindOf(e ast.Expr, types map[string]*ast.StructType) (kind string, inner *ast.StructType) {
	switch e := e.(type) {
	case *ast.ArrayType:
		element, inner := kindOf(e.Elt, types)
		return "list of " + strings.Replace(element, "group", "groups", 1) + map[bool]string{true: "s"}[inner == nil], inner
	case *ast.Ident:
		if inner := types[e.Name]; inner != nil {
			return "group", inner
		}
		return map[string]string{"string": "text", "bool": "condition", "int32": "number", "int64": "number"}[e.Name], nil
	default:
		return "map", nil
	}
}

func TestTheDocumentationSaysEveryName(t *testing.T) {
	text, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), namesBegin)
	got, after, ends := strings.Cut(rest, namesEnd)
	if !begins || !ends {
		t.Fatal("the marks around the table are gone")
	}
	if *update {
		if err := os.WriteFile(documentation, []byte(before+namesBegin+names(t)+namesEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(names(t), got); diff != "" {
		t.Errorf("docs/templates.md is out of date: make golden (-want +got):\n%s", diff)
	}
}
