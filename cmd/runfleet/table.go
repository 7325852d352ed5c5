package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// page is what a table is written on.
type page struct {
	width  int  // of the terminal; 0 where nothing need be cut
	strict bool // whether no line may be longer, as where lines are drawn over each other
	colour bool
}

// cell is one text of a table. Its colour is a code of the sixteen that every theme makes readable.
type cell struct{ text, colour string }

// The colours of phases, and of what is well or not.
const (
	plain  = ""
	bold   = "1"
	quiet  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// grid aligns rows under heads. Only the last column is cut, since it is the one of sentences.
type grid struct {
	page
	heads  []string
	widths []int
}

const (
	gap      = 2  // between columns
	leastEnd = 12 // of the last column: where there is less room, it is left out
)

func newGrid(p page, heads []string) *grid {
	g := &grid{page: p, heads: heads, widths: make([]int, len(heads))}
	for i, h := range heads {
		g.widths[i] = columns(h)
	}
	return g
}

// fit makes every column wide enough for the rows.
func (g *grid) fit(rows [][]cell) {
	for _, row := range rows {
		for i, c := range row {
			g.widths[i] = max(g.widths[i], columns(c.text))
		}
	}
}

// fits says whether the page has room for all columns but the last, which is cut.
func (g *grid) fits(rows [][]cell) bool {
	g.fit(rows)
	need := -gap
	for _, w := range g.widths[:len(g.widths)-1] {
		need += w + gap
	}
	return g.width == 0 || need <= g.width
}

// head is the line over the rows.
func (g *grid) head() string {
	row := make([]cell, len(g.heads))
	for i, h := range g.heads {
		row[i] = cell{h, bold}
	}
	return g.line(row)
}

// line writes one row.
func (g *grid) line(row []cell) string {
	var b strings.Builder
	at := 0
	for i, c := range row {
		text, room, last := c.text, g.width-at, i == len(row)-1
		switch {
		case g.width == 0:
		case last && room < leastEnd:
			text = ""
		case last || g.strict:
			text = cut(text, room)
		}
		b.WriteString(g.paint(c.colour, text))
		if !last {
			b.WriteString(strings.Repeat(" ", g.widths[i]+gap-columns(text)))
		}
		at += g.widths[i] + gap
	}
	return strings.TrimRight(b.String(), " ")
}

func (g *grid) paint(colour, text string) string {
	if !g.colour || colour == plain || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// lines is a whole table.
func (g *grid) lines(rows [][]cell) []string {
	g.fit(rows)
	out := []string{g.head()}
	for _, row := range rows {
		out = append(out, g.line(row))
	}
	return out
}

// cut shortens a text to some columns of a terminal.
func cut(s string, room int) string {
	if columns(s) <= room {
		return s
	}
	if room < 1 {
		return ""
	}
	at := 0
	for i, r := range s {
		if at += runeColumns(r); at > room-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// columns is how wide a terminal shows a text.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// printable makes one line of a text and takes away what would command the terminal: messages come from agents.
func printable(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
