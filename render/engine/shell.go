package engine

import (
	"errors"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// script is a part of a shell template, a whole one or what a block encloses, with markers for its values and its blocks.
// It must be whole commands by itself, so that it means the same wherever its block stands, taken or not.
type script struct {
	text   strings.Builder
	empty  strings.Builder // the same with its blocks left out
	lines  []mark
	values []*value
	blocks []block
}

// mark says on which line of the template the text from an offset on stands.
type mark struct{ offset, line int }

const (
	beginMark = "RUNFLEET_BEGIN"
	endMark   = "RUNFLEET_END"
)

func valueMark(i int) string { return fmt.Sprintf("RUNFLEET_VALUE_%d_", i) }
func blockMark(i int) string { return fmt.Sprintf("RUNFLEET_BLOCK_%d_", i) }

// shell checks a script: that it parses, that {{shell path}} is an unquoted word or a part of one which nothing evaluates
// and no command takes for an option, and that blocks enclose whole commands.
func (c *checker) shell(parts []node) {
	c.script(parts, dialect(c.source), 1)
}

// dialect is that of the program in the first line.
func dialect(source string) syntax.LangVariant {
	first, _, _ := strings.Cut(source, "\n")
	if strings.HasPrefix(first, "#!") && strings.Contains(first, "bash") {
		return syntax.LangBash
	}
	return syntax.LangPOSIX
}

func (c *checker) script(parts []node, lang syntax.LangVariant, line int) {
	s := &script{}
	s.add(": "+beginMark+"\n", line)
	if !c.compose(s, parts) {
		return
	}
	s.add(": "+endMark+"\n", line)
	file, err := parseShell(s.text.String(), lang)
	if err != nil {
		c.syntaxError(s, err, "")
		return
	}
	if _, err := parseShell(s.empty.String(), lang); err != nil {
		c.add(line, "without its blocks this is no script: %w", unplaced(err))
		return
	}
	if n := len(file.Stmts); n < 2 || marks(file.Stmts[n-1]) != endMark {
		c.add(line, "what a block encloses, and the script itself, must be whole commands: something is open at its end")
		return
	}
	c.placed(s, file)
	for _, b := range s.blocks {
		for _, part := range [][]node{b.body, b.otherwise} {
			c.script(part, lang, b.line)
		}
	}
}

// compose writes the parts with markers. Blocks have to begin and end at the beginning of a line.
func (c *checker) compose(s *script, parts []node) bool {
	lineStarts := true
	for _, n := range parts {
		switch n := n.(type) {
		case text:
			s.add(n.string, n.line)
			lineStarts = lineStarts && n.string == "" || strings.HasSuffix(n.string, "\n")
		case *value:
			s.add("'"+valueMark(len(s.values))+"'", n.line)
			s.values = append(s.values, n)
			lineStarts = false
		case block:
			if !lineStarts || !wholeLines(n.body) || !wholeLines(n.otherwise) {
				c.add(n.line, "in a script {{#%s}}, {{else}} and {{/%s}} stand on lines of their own", n.kind, n.kind)
				return false
			}
			s.lines = append(s.lines, mark{s.text.Len(), n.line})
			s.text.WriteString(": " + blockMark(len(s.blocks)) + "\n")
			s.blocks = append(s.blocks, n)
		}
	}
	if !lineStarts {
		s.add("\n", 0)
	}
	return true
}

func (s *script) add(text string, line int) {
	s.lines = append(s.lines, mark{s.text.Len(), line})
	s.text.WriteString(text)
	s.empty.WriteString(text)
}

// wholeLines says whether the parts end where a line ends.
func wholeLines(parts []node) bool {
	if len(parts) == 0 {
		return true
	}
	switch last := parts[len(parts)-1].(type) {
	case text:
		return strings.HasSuffix(last.string, "\n") || last.string == "" && wholeLines(parts[:len(parts)-1])
	case block:
		return true // it is checked by itself
	default:
		return false
	}
}

func parseShell(text string, lang syntax.LangVariant) (*syntax.File, error) {
	return syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text), "")
}

func (c *checker) syntaxError(s *script, err error, prefix string) {
	line := 0
	if at, ok := errors.AsType[syntax.ParseError](err); ok {
		line = s.line(int(at.Pos.Offset()))
	}
	c.add(line, "%sthis is no script: %w", prefix, unplaced(err))
}

// unplaced is the error without the position, which is that of a text with markers.
func unplaced(err error) error {
	if parse, ok := errors.AsType[syntax.ParseError](err); ok {
		return errors.New(parse.Text)
	}
	if lang, ok := errors.AsType[syntax.LangError](err); ok {
		return fmt.Errorf("%s is not part of this shell's language", lang.Feature)
	}
	return err
}

// line is the line of the template from which a byte of the text comes.
func (s *script) line(offset int) int {
	line := 0
	for i, m := range s.lines {
		if m.offset > offset {
			break
		}
		until := offset
		if i+1 < len(s.lines) {
			until = min(until, s.lines[i+1].offset)
		}
		line = m.line + strings.Count(s.text.String()[m.offset:until], "\n")
	}
	return line
}
