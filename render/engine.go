package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aymerick/raymond"
	"github.com/aymerick/raymond/ast"
	"github.com/aymerick/raymond/parser"
)

// This file is all that knows which library reads Handlebars: [parse], [plain] and [template.execute]. raymond is archived upstream,
// so its traps are fenced off here, each with a test:
//   - it escapes for HTML: every string of a view becomes a SafeString, which it prints as it is;
//   - it prints unknown names as nothing, looks names up in outer scopes, and calls methods: every path is checked
//     against the view's type when a template is read, and a view is executed as plain maps;
//   - it iterates maps in random order: a template can only iterate a list;
//   - it panics: both functions turn a panic into an error;
//   - its partials can recurse until the process dies: there are none.

// template is a Handlebars template in which every name is known to exist.
type template struct {
	name   string // docs/prompt.md.hbs
	parsed *raymond.Template
}

// helpers are what a template may call on a value, besides the blocks if, unless and each.
var helpers = map[string]any{
	"json": func(v any) raymond.SafeString { return raymond.SafeString(compactJSON(v)) },
}

// parse reads a template and checks it against the type of the view that it will be executed with. The extension before
// .hbs says what its values must not break: no value at all may stand in a script, and only {{json value}} in JSON.
func parse(name, source string, view reflect.Type) (t template, err error) {
	defer recovered(name, &err)
	program, err := parser.Parse(source)
	if err != nil {
		return template{}, fmt.Errorf("parsing the template %s: %w", name, err)
	}
	c := checker{name: name, format: formatOf(name)}
	c.program(program, view)
	if len(c.errs) > 0 {
		return template{}, errors.Join(c.errs...)
	}
	parsed, err := raymond.Parse(source)
	if err != nil {
		return template{}, fmt.Errorf("parsing the template %s: %w", name, err)
	}
	parsed.RegisterHelpers(helpers) // of this template alone: the global ones panic on a second registration
	return template{name: name, parsed: parsed}, nil
}

// execute fills the template with what plain made of a view. The same view gives the same bytes.
func (t template) execute(v values) (text string, err error) {
	defer recovered(t.name, &err)
	if text, err = t.parsed.Exec(map[string]any(v)); err != nil {
		return "", fmt.Errorf("filling the template %s: %w", t.name, err)
	}
	return text, nil
}

// recovered makes an error of a panic in raymond, which catches only some of its own.
func recovered(name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("executing the template %s: %v", name, r)
	}
}

// values are a view in maps, lists and strings: what has methods or an order of its own never reaches raymond.
type values map[string]any

func plain(view any) (values, error) {
	text, err := json.Marshal(view)
	if err != nil {
		return nil, fmt.Errorf("encoding the values of the templates: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decoding the values of the templates: %w", err)
	}
	unescaped(v)
	return v, nil
}

// unescaped marks every string as one that is printed as it is.
func unescaped(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = unescaped(v[k])
		}
	case []any:
		for i := range v {
			v[i] = unescaped(v[i])
		}
	case string:
		return raymond.SafeString(v)
	case json.Number:
		return raymond.SafeString(v.String())
	}
	return v
}

// compactJSON cannot fail on what plain makes.
func compactJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// checker walks a template and collects what is wrong with it.
type checker struct {
	name   string
	format format
	errs   []error
}

func (c *checker) fail(n ast.Node, message string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", c.name, n.Location().Line, fmt.Sprintf(message, args...)))
}

func (c *checker) program(p *ast.Program, scope reflect.Type) {
	if p == nil {
		return
	}
	for _, n := range p.Body {
		switch n := n.(type) {
		case *ast.ContentStatement, *ast.CommentStatement:
		case *ast.MustacheStatement:
			c.value(n, scope)
		case *ast.BlockStatement:
			c.block(n, scope)
		default:
			c.fail(n, "partials are not supported")
		}
	}
}

// value checks {{path}} and {{json path}}.
func (c *checker) value(n *ast.MustacheStatement, scope reflect.Type) {
	if c.format == shell {
		c.fail(n, "a value must not stand in a script: give it to the script as an environment variable or a file")
		return
	}
	path, call := c.argument(n, n.Expression)
	if path == nil {
		return
	}
	if _, known := helpers[call]; call != "" && !known {
		c.fail(n, "there is no helper %q", call)
		return
	}
	t := c.resolve(path, scope)
	switch {
	case t == nil:
	case c.format == jsonText && call != "json":
		c.fail(n, "a value in JSON must be written {{json %s}}", path.Original)
	case call == "" && t.Kind() != reflect.String && t.Kind() != reflect.Int32 && t.Kind() != reflect.Int64:
		c.fail(n, "%s is no text: it cannot be printed", path.Original)
	}
}

// block checks {{#if path}}, {{#unless path}} and {{#each path}}, with what they enclose.
func (c *checker) block(n *ast.BlockStatement, scope reflect.Type) {
	path, call := c.argument(n, n.Expression)
	if path == nil {
		return
	}
	t := c.resolve(path, scope)
	inner := scope
	switch {
	case call != "if" && call != "unless" && call != "each":
		c.fail(n, "there is no block %q", call)
		return
	case call == "each" && t != nil:
		if t.Kind() != reflect.Slice {
			c.fail(n, "%s is no list: there is nothing to iterate", path.Original)
			return
		}
		inner = t.Elem()
	}
	if n.Program != nil && len(n.Program.BlockParams) > 0 {
		c.fail(n, "block parameters (as |name|) are not supported")
		return
	}
	c.program(n.Program, inner)
	c.program(n.Inverse, scope)
}

// argument takes {{path}} or {{call path}} apart. The path is nil when it is neither.
func (c *checker) argument(n ast.Node, e *ast.Expression) (path *ast.PathExpression, call string) {
	head, ok := e.Path.(*ast.PathExpression)
	if !ok || e.Hash != nil || len(e.Params) > 1 {
		c.fail(n, "only {{path}}, {{helper path}} and {{#block path}} are supported")
		return nil, ""
	}
	if len(e.Params) == 0 {
		return head, ""
	}
	path, ok = e.Params[0].(*ast.PathExpression)
	if !ok {
		c.fail(n, "%s takes the path of a value", head.Original)
		return nil, ""
	}
	return path, head.Original
}

// resolve follows a path through the view's type, by its JSON names and from the innermost scope alone.
func (c *checker) resolve(path *ast.PathExpression, scope reflect.Type) reflect.Type {
	if path.Data || path.Depth > 0 {
		c.fail(path, "%s: only names of the view are supported", path.Original)
		return nil
	}
	t := scope
	for _, part := range path.Parts {
		field, ok := fieldOf(t, part)
		if !ok {
			c.fail(path, "unknown name %s", path.Original)
			return nil
		}
		t = field
	}
	return t
}

func fieldOf(t reflect.Type, name string) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for f := range t.Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Type, true
		}
	}
	return nil, false
}
