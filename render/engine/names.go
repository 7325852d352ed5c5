package engine

import (
	"reflect"
	"slices"
	"strings"
)

// checker collects what is wrong with a template.
type checker struct {
	file

	format format
	asked  map[string]int // JSON: how often each condition is asked where it means the same
	errs   []error
}

func (c *checker) add(line int, message string, args ...any) {
	c.errs = append(c.errs, c.fail(line, message, args...))
}

// names checks that every path leads to something in the view, and that what is done with it suits its type.
func (c *checker) names(parts []node, scope reflect.Type) {
	for _, n := range parts {
		switch n := n.(type) {
		case *value:
			c.value(n, scope)
		case block:
			c.block(n, scope)
		}
	}
}

// value checks {{path}} and {{helper path}}.
func (c *checker) value(v *value, scope reflect.Type) {
	if _, known := helpers[v.helper]; !known {
		c.add(v.line, "there is no helper %q: there are %s", v.helper, list(helperNames()))
		return
	}
	if !slices.Contains(c.format.helpers(), v.helper) {
		c.add(v.line, "%s", strings.ReplaceAll(formats[c.format].hint, "PATH", v.path.String()))
		return
	}
	t := c.resolve(v.path, scope, v.line)
	if t == nil {
		return
	}
	v.number = t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64
	if v.helper == "json" || v.helper == "yaml" {
		return
	}
	if !v.number && t.Kind() != reflect.String {
		c.add(v.line, "%s is no text: it cannot be printed", v.path)
	}
}

// block checks {{#if path}}, {{#unless path}} and {{#each path}}, with what they enclose.
func (c *checker) block(b block, scope reflect.Type) {
	t := c.resolve(b.path, scope, b.line)
	inner := scope
	switch b.kind {
	case "if", "unless":
	case "each":
		switch {
		case t == nil:
			return // without the type of its elements nothing can be said about what it encloses
		case t.Kind() != reflect.Slice:
			c.add(b.line, "%s is no list: there is nothing to iterate", b.path)
			return
		}
		inner = t.Elem()
	default:
		c.add(b.line, "there is no block %q: there are if, unless and each", b.kind)
		return
	}
	c.names(b.body, inner)
	c.names(b.otherwise, scope)
}

// resolve follows a path through the view's type, by its JSON names and from the innermost scope alone.
func (c *checker) resolve(p path, scope reflect.Type, line int) reflect.Type {
	t := scope
	for _, part := range p {
		field, ok := fieldOf(t, part)
		if !ok {
			c.add(line, "unknown name %s: there are %s", p, list(namesIn(t)))
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
		if nameOf(f) == name {
			return f.Type, true
		}
	}
	return nil, false
}

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// namesIn are the names that a scope offers, in order.
func namesIn(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for f := range t.Fields() {
		names = append(names, nameOf(f))
	}
	slices.Sort(names)
	return names
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
