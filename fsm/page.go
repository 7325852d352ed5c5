package fsm

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tone is what a piece of text is, so that a terminal can show it.
type Tone int

// The tones of an explanation.
const (
	Heading Tone = iota // what the page is about
	Name                // a state, a trigger or a resource
	Leads               // where a row leads
	Quiet               // what does not happen
	Bars                // what keeps something from happening
)

// Ink paints a piece of text for a terminal. It must not change how wide the text is. Nil paints nothing.
type Ink func(Tone, string) string

func (i Ink) paint(tone Tone, s string) string {
	if i == nil || s == "" {
		return s
	}
	return i(tone, s)
}

// Paper is what a page is written on. Its zero value is a file: no colours, and lines that read well.
type Paper struct {
	Ink   Ink
	Width int // of the terminal; lines are shorter where it is wider than widest, and 0 means pipedWidth
}

const (
	widest     = 108 // two panes still fit on a wide screen
	pipedWidth = 100
	narrowest  = 24 // a column of text below this is no longer read; the terminal wraps it
)

// Page writes aligned, wrapped text.
type Page struct {
	text  strings.Builder
	ink   Ink
	width int
}

// NewPage begins an empty page.
func NewPage(paper Paper) *Page {
	width := paper.Width
	if width <= 0 {
		width = pipedWidth
	}
	return &Page{ink: paper.Ink, width: min(width, widest)}
}

// Entry is one line of a page: a term, what follows it, and a text.
type Entry struct {
	Term, Sign, Text string
	Tone             Tone // of the sign
}

// String is what was written so far.
func (p *Page) String() string { return p.text.String() }

// Heading writes a line that says what follows.
func (p *Page) Heading(s string) { p.text.WriteString(p.ink.paint(Heading, tame(s)) + "\n") }

// Blank writes an empty line.
func (p *Page) Blank() { p.text.WriteString("\n") }

// Paragraph writes indented, wrapped text.
func (p *Page) Paragraph(s string) {
	for _, line := range wrap(s, max(p.width-2, narrowest)) {
		p.text.WriteString("  " + line + "\n")
	}
}

// Entries writes lines whose terms, signs and texts stand below each other.
func (p *Page) Entries(list []Entry) {
	terms, signs := 0, 0
	list = slices.Clone(list)
	for i := range list {
		e := &list[i]
		e.Term, e.Sign = tame(e.Term), tame(e.Sign)
		terms, signs = max(terms, utf8.RuneCountInString(e.Term)), max(signs, utf8.RuneCountInString(e.Sign))
	}
	left := 2 + terms + 2
	if signs > 0 {
		left += signs + 2
	}
	for _, e := range list {
		for i, line := range wrap(e.Text, max(p.width-left, narrowest)) {
			if i > 0 {
				p.text.WriteString(strings.Repeat(" ", left) + line + "\n")
				continue
			}
			head := "  " + p.ink.paint(Name, e.Term) + pad(e.Term, terms+2)
			if signs > 0 {
				head += p.ink.paint(e.Tone, e.Sign) + pad(e.Sign, signs+2)
			}
			p.text.WriteString(strings.TrimRight(head+line, " ") + "\n")
		}
	}
}

// tame takes away what would command a terminal: a text may come from elsewhere.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// pad is the space that follows s in a column.
func pad(s string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// wrap breaks text into lines of at most width runes, between words. There is always one line.
func wrap(s string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(tame(s)) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
