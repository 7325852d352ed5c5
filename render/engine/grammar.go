package engine

import (
	"strings"

	"github.com/aymerick/raymond/lexer"
)

// grammar checks that a template is written in the part of Handlebars that is read here:
//
//	template = { text | comment | "{{" call "}}" | "{{{" call "}}}" | block }
//	block    = "{{#" name path "}}" template { "{{else " name path "}}" template } [ "{{else}}" template ] "{{/" name "}}"
//	path     = "this" | name { "." field }
//	call     = [ helper ] path
//
// There are no partials (theirs can recurse until the process dies), no sub-expressions, no ../ and no @data.
type grammar struct {
	file

	tokens []lexer.Token
	next   int
	tags   int
	open   []opened
}

// opened is a block that is not closed yet.
type opened struct {
	name string
	line int
	last bool // its {{else}} was seen: nothing follows but its end
}

const forms = "only {{path}}, {{helper path}} and {{#block path}} are supported"

func (g *grammar) check() error {
	for {
		t := g.take()
		var err error
		switch t.Kind {
		case lexer.TokenEOF:
			if n := len(g.open); n > 0 {
				return g.fail(g.open[n-1].line, "{{#%s}} is never closed: write {{/%s}}", g.open[n-1].name, g.open[n-1].name)
			}
			return nil
		case lexer.TokenContent, lexer.TokenComment:
			continue
		case lexer.TokenInverse:
			err = g.otherwise(t, true)
		case lexer.TokenOpen, lexer.TokenOpenUnescaped, lexer.TokenOpenBlock, lexer.TokenOpenInverseChain, lexer.TokenOpenEndBlock:
			err = g.tag(t)
		default:
			err = g.refuse(t)
		}
		if err != nil {
			return err
		}
	}
}

func (g *grammar) take() lexer.Token {
	t := g.tokens[g.next]
	if g.next < len(g.tokens)-1 { // the last one, end or error, comes again and again
		g.next++
	}
	return t
}

func (g *grammar) refuse(t lexer.Token) error {
	line := g.line(t.Pos)
	switch {
	case t.Kind == lexer.TokenError:
		return g.fail(line, "%s", strings.ToLower(t.Val[:1])+t.Val[1:])
	case t.Kind == lexer.TokenOpenPartial:
		return g.fail(line, "partials are not supported: write the text where it belongs")
	case t.Kind == lexer.TokenOpenBlockParams:
		return g.fail(line, "block parameters (as |name|) are not supported")
	case t.Kind == lexer.TokenData || t.Val == "..":
		return g.fail(line, "only names of the view are supported: no ../, no @index")
	case t.Kind == lexer.TokenCloseUnescaped:
		return g.fail(line, "}}} ends what {{{ began: put a space between the }} of a value and the } that follows it")
	default:
		return g.fail(line, "%q cannot stand here: %s", t.Val, forms)
	}
}

// tag reads one {{...}} whose opening is t.
func (g *grammar) tag(t lexer.Token) error {
	if g.tags++; g.tags > maxTags {
		return g.fail(g.line(t.Pos), "a template has at most %d {{...}}: split it", maxTags)
	}
	if t.Kind == lexer.TokenOpenInverseChain && isNameByte(g.source[t.Pos+len(t.Val)]) { // raymond takes {{elsewhere}} for {{else where}}
		return g.fail(g.line(t.Pos), "no name begins with else")
	}
	words, err := g.words(t)
	if err != nil {
		return err
	}
	line := g.line(t.Pos)
	switch {
	case t.Kind == lexer.TokenOpenEndBlock:
		return g.end(line, words)
	case len(words) > 2 || len(words) == 0:
		return g.fail(line, "%s", forms)
	case len(words) == 2 && strings.Contains(words[0], "."):
		return g.fail(line, "%s is no name of a helper: %s", words[0], forms)
	case t.Kind == lexer.TokenOpenBlock || t.Kind == lexer.TokenOpenInverseChain:
		if len(words) < 2 {
			return g.fail(line, "a block is {{#if path}}, {{#unless path}} or {{#each path}}")
		}
		if t.Kind == lexer.TokenOpenInverseChain {
			return g.otherwise(t, false)
		}
		if len(g.open) >= maxDepth {
			return g.fail(line, "blocks are at most %d deep: make it flatter", maxDepth)
		}
		g.open = append(g.open, opened{name: words[0], line: line})
	}
	return nil
}

// words reads the names in a {{...}}, to its end.
func (g *grammar) words(open lexer.Token) ([]string, error) {
	ends := lexer.TokenClose
	if open.Kind == lexer.TokenOpenUnescaped {
		ends = lexer.TokenCloseUnescaped
	}
	var words []string
	for {
		t := g.take()
		switch {
		case t.Kind == ends:
			return words, nil
		case t.Kind == lexer.TokenID && (t.Val == "this" || t.Val == "."):
			words = append(words, "this")
		case t.Kind == lexer.TokenID && g.isName(t):
			words = append(words, t.Val)
		case t.Kind == lexer.TokenSep && t.Val == "." && g.joins(words, t):
			words[len(words)-1] += "." + g.take().Val
		default:
			return nil, g.refuse(t)
		}
	}
}

// joins says whether the dot stands between two names, as in permissions.allow.
func (g *grammar) joins(words []string, dot lexer.Token) bool {
	after := g.tokens[g.next]
	return len(words) > 0 && words[len(words)-1] != "this" && after.Kind == lexer.TokenID && g.isName(after) &&
		dot.Pos > 0 && isNameByte(g.source[dot.Pos-1]) && after.Pos == dot.Pos+1
}

// isName keeps out this, the two dots and [literals], which raymond calls names too.
func (g *grammar) isName(t lexer.Token) bool {
	for i := range len(t.Val) {
		if !isNameByte(t.Val[i]) {
			return false
		}
	}
	return t.Val != "this" && t.Val != "else"
}

func isNameByte(b byte) bool {
	return b == '_' || b == '-' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// otherwise is at an {{else}} or {{else if path}}.
func (g *grammar) otherwise(t lexer.Token, last bool) error {
	line := g.line(t.Pos)
	n := len(g.open)
	if n == 0 || g.open[n-1].last {
		return g.fail(line, "{{else}} belongs into a block, once, before its end")
	}
	g.open[n-1].last = last
	return nil
}

func (g *grammar) end(line int, words []string) error {
	n := len(g.open)
	if len(words) != 1 || n == 0 || g.open[n-1].name != words[0] {
		return g.fail(line, "{{/%s}} closes no block: the last one that was opened is closed first", strings.Join(words, " "))
	}
	g.open = g.open[:n-1]
	return nil
}
