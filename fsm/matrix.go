package fsm

import (
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
// Several targets are told apart by their guards; a mark after a target says what the guards leave open.
func (t Table) Matrix() string {
	short := t.abbreviations()
	head := []string{"on \\ in"}
	for _, s := range t.States {
		head = append(head, short[s.Name])
	}
	lines := [][]string{head}
	for _, on := range t.Triggers {
		line := []string{string(on.Name)}
		for _, s := range t.States {
			line = append(line, t.Cell(s.Name, on.Name).sign(short))
		}
		lines = append(lines, line)
	}
	return align(lines) + "\n" + t.legend(short)
}

// sign is what the matrix prints for a cell: "Succ", "=", "Retr/Fail", "Canc g" or "–".
func (c Cell) sign(short map[State]string) string {
	var targets []string
	for _, r := range c.Rows {
		to := short[r.To]
		if r.To == c.State {
			to = string(Same)
		}
		if !slices.Contains(targets, to) {
			targets = append(targets, to)
		}
	}
	out := strings.Join(targets, "/")
	if c.Blank != nil {
		out = strings.TrimSpace(out + " " + string(c.Blank.Mark))
	}
	return out
}

func (t Table) legend(short map[State]string) string {
	var names [][]string
	for _, s := range t.States {
		names = append(names, []string{short[s.Name], string(s.Name)})
	}
	var signs [][]string
	for _, m := range marks {
		signs = append(signs, []string{string(m.sign), m.doc})
	}
	signs = append(signs,
		[]string{"A/B", "the guards choose one of the targets"},
		[]string{"A g", "the guards choose the target or what the mark says"})
	return align(names) + "\n" + align(signs)
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
func align(lines [][]string) string {
	var width []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		var out strings.Builder
		for i, cell := range line {
			out.WriteString(cell)
			out.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(strings.TrimRight(out.String(), " "))
		b.WriteString("\n")
	}
	return b.String()
}
