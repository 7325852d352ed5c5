// Package engine fills templates: a view, whose Go type says every name that a template may use, becomes a text.
//
//	source ──read──► parts ──names──► every name exists ──positions──► every value stands where its escaping holds ──► Template
//	view ──ValuesOf──► maps, lists, strings ──Execute──► text, of bounded size
//
// What can be wrong with a template is found by [Parse], with file and line: at the start for the built-in ones, when they
// are configured for a user's. What is left for Execute is a text that grows too large.
//
// raymond (github.com/aymerick/raymond) knows how Handlebars is written; read.go alone knows raymond. It is archived, so
// its traps are fenced off, each with a test (traps_test.go). Most of them are of its executor, which is not used at all:
// what is left of Handlebars here is executed in the hundred lines of execute.go.
package engine

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Extension ends the name of every template. What stands before it is the name of the file that it makes.
const Extension = ".hbs"

// The limits of a template and of what it makes. A template is executed in time that grows with its size times the size of
// the view and no further, since it can neither call itself nor iterate the same list within itself; so these bound the time too.
const (
	MaxSource = 1 << 20 // bytes of a template: no ConfigMap takes more
	MaxOutput = 1 << 20 // bytes of a file: no object of the API takes more
	maxTags   = 5000    // {{...}} in one template
	maxDepth  = 16      // blocks within blocks
)

// Template is a Handlebars template in which every name is known to exist. It may be executed by many at once.
type Template struct {
	name  string // docs/prompt.md.hbs
	parts []node
}

// Parse reads a template and checks it against the type of the view that it will be executed with. The error names every
// mistake with its line. The caller keeps the result: nothing here remembers templates.
func Parse(name, source string, view reflect.Type) (Template, error) {
	f := file{name: name, source: source}
	if err := f.acceptable(); err != nil {
		return Template{}, err
	}
	format, err := f.format()
	if err != nil {
		return Template{}, err
	}
	parts, err := read(f)
	if err != nil {
		return Template{}, err
	}
	c := checker{file: f, format: format}
	c.names(parts, view)
	if len(c.errs) == 0 { // else a value may be written in a way that has no place
		c.positions(parts)
	}
	if len(c.errs) > 0 {
		return Template{}, errors.Join(c.errs...)
	}
	return Template{name: name, parts: parts}, nil
}

// file is a template's text and where it comes from.
type file struct {
	name, source string
}

// fail is an error at a line of the file; line 0 is the file as a whole.
func (f file) fail(line int, message string, args ...any) error {
	if line == 0 {
		return fmt.Errorf("%s: %w", f.name, fmt.Errorf(message, args...))
	}
	return fmt.Errorf("%s:%d: %w", f.name, line, fmt.Errorf(message, args...))
}

// line is the line of a byte of the source.
func (f file) line(pos int) int { return strings.Count(f.source[:pos], "\n") + 1 }

func (f file) acceptable() error {
	if len(f.source) > MaxSource {
		return f.fail(0, "a template has at most %d KiB, this one has %d bytes: split it", MaxSource>>10, len(f.source))
	}
	for pos, r := range f.source {
		if _, size := utf8.DecodeRuneInString(f.source[pos:]); r == utf8.RuneError && size == 1 {
			return f.fail(f.line(pos), "this is no UTF-8: save the file as UTF-8")
		}
		if r == 0 {
			return f.fail(f.line(pos), "a NUL character: remove it")
		}
	}
	return nil
}
