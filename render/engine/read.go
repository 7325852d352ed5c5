package engine

import (
	"fmt"
	"strings"

	"github.com/aymerick/raymond/ast"
	"github.com/aymerick/raymond/lexer"
	"github.com/aymerick/raymond/parser"
)

// node is a part of a template: a text, a value or a block.
type node interface{ at() int }

type (
	// text stands in the output as it is.
	text struct {
		string
		line int
	}
	// value is {{path}} or {{helper path}}.
	value struct {
		helper string
		path   path
		line   int
		number bool // the check of names found that it is one
	}
	// block is {{#kind path}} body {{else}} otherwise {{/kind}}; {{else if ...}} is a block in otherwise.
	block struct {
		kind            string
		path            path
		body, otherwise []node
		line            int
	}
)

func (t text) at() int   { return t.line }
func (v *value) at() int { return v.line }
func (b block) at() int  { return b.line }

// path names a value of the view, from the innermost scope. The empty path is the scope itself, written this.
type path []string

func (p path) String() string {
	if len(p) == 0 {
		return "this"
	}
	return strings.Join(p, ".")
}

// read takes a template apart. Only what the grammar accepts reaches raymond's parser, which leaks a goroutine for every
// template that it refuses.
func read(f file) ([]node, error) {
	if f.source != "" && !strings.Contains(f.source, "{{") { // raymond would look for it at each character anew
		return []node{text{f.source, 1}}, nil
	}
	return f.recovering(func() ([]node, error) {
		g := grammar{file: f, tokens: lexer.Collect(f.source)}
		if err := g.check(); err != nil {
			return nil, err
		}
		program, err := parser.Parse(f.source)
		if err != nil {
			return nil, f.fail(0, "raymond cannot read this template: %w", err)
		}
		return f.parts(program), nil
	})
}

// recovering makes an error of a panic: raymond recovers only from those whose value is an error, and not from the runtime's.
func (f file) recovering(read func() ([]node, error)) (parts []node, err error) {
	defer func() {
		if r := recover(); r != nil {
			parts, err = nil, f.fail(0, "raymond cannot read this template: %v", r)
		}
	}()
	return read()
}

// parts translates raymond's tree, in which white space is already as Handlebars wants it.
func (f file) parts(p *ast.Program) []node {
	if p == nil {
		return nil
	}
	var parts []node
	for _, n := range p.Body {
		line := f.line(n.Location().Pos)
		switch n := n.(type) {
		case *ast.ContentStatement:
			before, _, _ := strings.Cut(n.Original, n.Value) // white space that was taken off
			parts = append(parts, text{n.Value, line + strings.Count(before, "\n")})
		case *ast.CommentStatement:
		case *ast.MustacheStatement:
			helper, path := call(n.Expression)
			parts = append(parts, &value{helper: helper, path: path, line: line})
		case *ast.BlockStatement:
			kind, path := call(n.Expression)
			parts = append(parts, block{kind, path, f.parts(n.Program), f.parts(n.Inverse), line})
		default:
			panic(fmt.Sprintf("a %T", n)) //nolint:forbidigo // read makes an error of it; the grammar knows no other
		}
	}
	return parts
}

// call takes {{path}} or {{name path}} apart.
func call(e *ast.Expression) (name string, arg path) {
	head, _ := e.Path.(*ast.PathExpression) // the grammar lets nothing else through
	if len(e.Params) == 0 {
		return "", head.Parts
	}
	param, _ := e.Params[0].(*ast.PathExpression)
	return head.Original, param.Parts
}
