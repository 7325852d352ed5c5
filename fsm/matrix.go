package fsm

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// marks explains the signs of a matrix, in the order in which a legend names them.
var marks = []struct {
	sign Mark
	doc  string
}{
	{Mark(Same), "a row fires and the state stays"},
	{Never, "cannot occur in this state"},
	{Ignored, "ignored on purpose"},
	{Verdict, "read by the guards of another trigger of this state"},
	{Gate, "only part of what makes another trigger fire"},
	{Act, "answered by the state's effects, without a row"},
}

// Matrix prints state × trigger as aligned text: where each trigger leads from each state, and why it leads nowhere.
// What a cell has no room for, the choices of the guards, is listed below it.
func (t Table) Matrix() string { return t.PaintedMatrix(nil) }

// PaintedMatrix is the Matrix for a terminal.
func (t Table) PaintedMatrix(ink Ink) string {
	short := t.abbreviations()
	head := []piece{{Heading, "on \\ in"}}
	for _, s := range t.States {
		head = append(head, piece{Heading, short[s.Name]})
	}
	lines := [][]piece{head}
	for _, on := range t.Triggers {
		line := []piece{{Name, string(on.Name)}}
		for _, s := range t.States {
			line = append(line, t.Cell(s.Name, on.Name).sign(short))
		}
		lines = append(lines, line)
	}
	return align(ink, lines) + "\n" + t.choices(ink, short) + t.legend(ink, short)
}

// piece is text of one tone.
type piece struct {
	tone Tone
	text string
}

// sign is what the matrix prints for a cell: "Succ", "=", "–", or with a star where the guards choose: "2*", "Canc*".
func (c Cell) sign(short map[State]string) piece {
	to := c.targets(short)
	switch {
	case len(to) == 0 && c.Blank == nil:
		return piece{Quiet, ""}
	case len(to) == 0:
		return piece{Quiet, string(c.Blank.Mark)}
	case len(to) > 1:
		return piece{Leads, fmt.Sprintf("%d*", len(to))}
	case c.Blank != nil:
		return piece{Leads, to[0] + "*"}
	default:
		return piece{Leads, to[0]}
	}
}

// targets are where the rows of a cell lead.
func (c Cell) targets(short map[State]string) []string {
	var out []string
	for _, r := range c.Rows {
		to := short[r.To]
		if r.To == c.State {
			to = string(Same)
		}
		if !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	return out
}

// choice reads "Retr, Fail" or "Canc or g"; it is empty for a cell in which nothing is chosen.
func (c Cell) choice(short map[State]string) string {
	to := c.targets(short)
	out := strings.Join(to, ", ")
	switch {
	case len(to) > 0 && c.Blank != nil:
		return out + " or " + string(c.Blank.Mark)
	case len(to) > 1:
		return out
	default:
		return ""
	}
}

// choices lists the cells with a star, those of one trigger with the same choice together.
func (t Table) choices(ink Ink, short map[State]string) string {
	var lines [][]piece
	for _, on := range t.Triggers {
		var found []string
		in := map[string][]string{}
		for _, s := range t.States {
			if choice := t.Cell(s.Name, on.Name).choice(short); choice != "" {
				if in[choice] == nil {
					found = append(found, choice)
				}
				in[choice] = append(in[choice], short[s.Name])
			}
		}
		for _, choice := range found {
			lines = append(lines, []piece{{Name, "  " + string(on.Name)}, {Quiet, "in " + strings.Join(in[choice], ", ")}, {Leads, choice}})
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "* the guards choose:\n" + align(ink, lines) + "\n"
}

func (t Table) legend(ink Ink, short map[State]string) string {
	var names [][]piece
	for _, s := range t.States {
		names = append(names, []piece{{Heading, short[s.Name]}, {Quiet, string(s.Name)}})
	}
	var signs [][]piece
	for _, m := range marks {
		signs = append(signs, []piece{{Heading, string(m.sign)}, {Quiet, m.doc}})
	}
	return align(ink, names) + "\n" + align(ink, signs)
}

// abbreviations are the shortest beginnings, of four letters or more, that tell the states apart.
func (t Table) abbreviations() map[State]string {
	short := map[State]string{}
	for _, s := range t.States {
		short[s.Name] = t.abbreviate(string(s.Name))
	}
	return short
}

func (t Table) abbreviate(s string) string {
	for n := 4; n < len(s); n++ {
		shared := 0
		for _, other := range t.States {
			if strings.HasPrefix(string(other.Name), s[:n]) {
				shared++
			}
		}
		if shared == 1 {
			return s[:n]
		}
	}
	return s
}

// align pads cells to columns that are two spaces apart. It counts runes: the marks are not ASCII.
func align(ink Ink, lines [][]piece) string {
	var width []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell.text))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		for i, cell := range line {
			b.WriteString(ink.paint(cell.tone, cell.text))
			if i < len(line)-1 {
				b.WriteString(pad(cell.text, width[i]+2))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
