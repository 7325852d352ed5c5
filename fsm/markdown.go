package fsm

import (
	"fmt"
	"strings"
)

// Markdown prints the whole table as a document: the picture, every state and every row explained, and the matrix with
// the reason for each cell that has no row. The picture is the file beside it that bears the table's name in lower case.
func (t Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The life of a %s\n\n%s\n\n", t.Name, t.Doc)
	fmt.Fprintf(&b, "![The states of a %s and what leads from one to another](%s.svg)\n\n", t.Name, strings.ToLower(t.Name))
	b.WriteString("Green and straight: the path that everybody hopes for. An arrow from a dashed frame counts for each state in it. " +
		"Two borders: ended. A small dashed name stands for the state of that name. " +
		"An arrow from words counts for each state that they name. Below the picture: what changes no state.\n\n")
	fmt.Fprintf(&b, "<details>\n<summary>The same for Mermaid</summary>\n\n```mermaid\n%s```\n\n</details>\n\n", t.Mermaid())
	b.WriteString("## States\n\n")
	for _, s := range t.States {
		t.markdownState(&b, s)
	}
	t.markdownRows(&b)
	t.markdownNames(&b)
	b.WriteString("## State × trigger\n\nThe most important trigger stands first; of several that hold, the first with a row fires.\n\n")
	fmt.Fprintf(&b, "```text\n%s```\n\n", t.Matrix())
	t.markdownBlanks(&b)
	return b.String()
}

func (t Table) markdownState(b *strings.Builder, s StateDef) {
	fmt.Fprintf(b, "### %s\n\n*%s.* %s\n\n", s.Name, capital(s.class()), prose(s.Doc))
	verb := ""
	for _, e := range t.effects(s) {
		if e.Term != "" {
			verb = e.Term
		}
		if e.Sign != "" {
			e.Sign = " **" + e.Sign + "**:"
		}
		fmt.Fprintf(b, "- %s%s %s\n", verb, e.Sign, prose(e.Text))
	}
	if len(t.effects(s)) > 0 {
		b.WriteString("\n")
	}
	var rows [][]string
	for _, on := range t.Triggers {
		for _, r := range t.Cell(s.Name, on.Name).Rows {
			to := string(r.To)
			if r.To == s.Name {
				to = "stays"
			}
			rows = append(rows, []string{string(on.Name), asked(r.If), to, r.ID})
		}
	}
	if len(rows) > 0 {
		table(b, []string{"on", "if", "leads to", "row"}, rows)
	}
}

func (t Table) markdownRows(b *strings.Builder) {
	b.WriteString("## Rows\n\nThe rows of one state and trigger have disjoint guards: at most one fires.\n\n")
	var rows [][]string
	for _, r := range t.Rows {
		to := string(r.To)
		if r.To == Same {
			to = "stays"
		}
		rows = append(rows, []string{r.ID, t.wherever(r.From), string(r.On), asked(r.If), to, list(r.Do), r.Doc})
	}
	table(b, []string{"row", "from", "on", "if", "to", "do", "because"}, rows)
}

func (t Table) markdownNames(b *strings.Builder) {
	b.WriteString("## Triggers\n\nWhat can be observed, most important first.\n\n")
	var rows [][]string
	for i, d := range t.Triggers {
		rows = append(rows, []string{fmt.Sprint(i + 1), string(d.Name), d.Doc})
	}
	table(b, []string{"rank", "trigger", "is observed when"}, rows)

	b.WriteString("## Guards\n\n")
	for _, members := range t.Groups {
		fmt.Fprintf(b, "Exactly one of %s holds at any time.\n\n", list(members))
	}
	rows = nil
	for _, d := range t.Guards {
		rows = append(rows, []string{string(d.Name), d.Doc})
	}
	table(b, []string{"guard", "asks"}, rows)

	b.WriteString("## Actions\n\nEach is a pure change of the status, committed together with the new state.\n\n")
	rows = nil
	for _, d := range t.Actions {
		doc := d.Doc
		if d.NewAttempt {
			doc += " *Moves to an attempt whose objects nothing has deleted yet.*"
		}
		if d.Raises != "" {
			doc += " *Raises " + d.Raises + ": out of an ended state the API server insists on it.*"
		}
		rows = append(rows, []string{string(d.Name), doc})
	}
	table(b, []string{"action", "does"}, rows)
	t.markdownThings(b)
}

func (t Table) markdownThings(b *strings.Builder) {
	var rows [][]string
	for _, d := range t.Resources {
		each := "all attempts"
		if d.PerAttempt {
			each = "each attempt"
		}
		rows = append(rows, []string{string(d.Name), each, d.Doc})
	}
	if len(rows) > 0 {
		b.WriteString("## Resources\n\nWhat a state deletes of an attempt, no later state creates again (A4, proved over the rows).\n\n")
		table(b, []string{"resource", "one for", "is"}, rows)
	}
	rows = nil
	for _, d := range t.Timers {
		rows = append(rows, []string{string(d.Name), d.Doc})
	}
	if len(rows) > 0 {
		b.WriteString("## Timers\n\n")
		table(b, []string{"timer", "runs out at"}, rows)
	}
}

func (t Table) markdownBlanks(b *strings.Builder) {
	b.WriteString("### Why nothing follows\n\n")
	var rows [][]string
	for _, on := range t.Triggers {
		for _, blank := range t.Blanks {
			if blank.On == on.Name {
				rows = append(rows, []string{string(on.Name), t.wherever(blank.In), string(blank.Mark), blank.Doc})
			}
		}
	}
	table(b, []string{"on", "in", "mark", "because"}, rows)
}

// asked reads "RetryDue" or "not RetryDue".
func asked(g Guard) string {
	if negated(g) {
		return "not " + string(Not(g))
	}
	return string(g)
}

func table(b *strings.Builder, head []string, rows [][]string) {
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	b.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = strings.ReplaceAll(prose(c), "|", `\|`)
		}
		line(cells)
	}
	b.WriteString("\n")
}

// prose is text as Markdown shows it as it is.
func prose(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "<", "&lt;")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
