package engine

import (
	"regexp"
	"strings"
)

// code is what of Markdown's structure matters to a value: whether it stands within code, which it could end.
type code struct {
	fence string // that opened a block of code; "" outside of one
	span  int    // the backticks that opened a code span on this line; 0 outside of one
}

// fence opens or closes a block of code.
var fence = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})")

// markdown checks that no value stands within backticks or in a block of code: it is written {{code path}}, which brings
// enough backticks of its own.
func (c *checker) markdown(parts []node) { c.markdownParts(parts, code{}) }

func (c *checker) markdownParts(parts []node, in code) code {
	for i, n := range parts {
		switch n := n.(type) {
		case text:
			in = in.after(n.string, i == 0 || endsLine(parts[i-1]))
		case *value:
			switch {
			case n.number && n.helper == "": // cannot end anything
			case in.fence != "":
				c.add(n.line, "a value cannot stand in a block of code, which it could end: write {{code %s}} in a paragraph", n.path)
			case in.span > 0:
				c.add(n.line, "a value cannot stand between backticks, which it could end: "+
					"write {{code %s}} without backticks around it", n.path)
			}
		case block:
			in = c.markdownBlock(n, in)
		}
	}
	return in
}

func (c *checker) markdownBlock(b block, in code) code {
	out := c.markdownParts(b.body, in)
	if c.markdownParts(b.otherwise, in) != out || b.kind == "each" && out != in {
		c.add(b.line, "a block must close the backticks and the blocks of code that it opens")
	}
	return out
}

// endsLine says whether what follows a part begins a line, as far as that can be known.
func endsLine(n node) bool {
	switch n := n.(type) {
	case text:
		return strings.HasSuffix(n.string, "\n")
	case block:
		return len(n.body) > 0 && endsLine(n.body[len(n.body)-1])
	default:
		return false
	}
}

func (in code) after(text string, lineStarts bool) code {
	for line := range strings.Lines(text) {
		if found := fence.FindStringSubmatch(line); lineStarts && found != nil && (in.fence == "" || closes(line, in.fence)) {
			if in.fence == "" {
				in.fence = found[1]
			} else {
				in.fence = ""
			}
		} else if in.fence == "" {
			in.span = spanAfter(line, in.span)
		}
		if lineStarts = strings.HasSuffix(line, "\n"); lineStarts {
			in.span = 0
		}
	}
	return in
}

// closes says whether a line is nothing but a fence at least as long as the one that opened.
func closes(line, opened string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, opened) && strings.Trim(line, opened[:1]) == ""
}

// spanAfter is the length of the backticks that are open after a line, or a part of it.
func spanAfter(line string, open int) int {
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' && open == 0 {
			i++
			continue
		}
		run := 0
		for i+run < len(line) && line[i+run] == '`' {
			run++
		}
		switch {
		case run == 0:
			continue
		case open == 0:
			open = run
		case open == run:
			open = 0
		}
		i += run - 1
	}
	return open
}
