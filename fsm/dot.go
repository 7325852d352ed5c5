package fsm

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// DOT draws the table for Graphviz: the happy path straight, bold and from left to right, everything else lighter.
// It has its own light ground, so that it reads on a dark page too, and a font whose widths Graphviz knows by heart, so
// that the same picture comes out on every machine.
func (t Table) DOT() string {
	p := t.picture()
	var b strings.Builder
	fmt.Fprintf(&b, `digraph %s {
  graph [rankdir=LR, compound=true, newrank=true, bgcolor="#f6f8fa", pad=0.4, nodesep=0.45, ranksep=0.9,
         fontname="Helvetica", fontsize=12, fontcolor="#57606a", labelloc=b, labeljust=l,
         label=<%s>];
  node  [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=14, fontcolor="#1f2328",
         color="#8c959f", fillcolor="#ffffff", margin="0.2,0.12"];
  edge  [fontname="Helvetica", fontsize=10, fontcolor="#57606a", color="#8c959f", arrowsize=0.7];

`, t.Name, t.caption(p))
	b.WriteString("  start [shape=circle, style=filled, fillcolor=\"#1f2328\", color=\"#1f2328\", label=\"\", width=0.16, fixedsize=true, group=happy];\n")
	t.dotNodes(&b, p)
	fmt.Fprintf(&b, "\n  start -> %s [weight=100, penwidth=2.2, color=\"#1f2328\"];\n", t.Initial)
	for _, a := range p.arrows {
		b.WriteString(p.dotArrow(a))
	}
	b.WriteString("}\n")
	return b.String()
}

// caption tells the lines that are not drawn.
func (t Table) caption(p picture) string {
	var rows strings.Builder
	rows.WriteString(`<table border="0" cellborder="0" cellspacing="0" cellpadding="2">`)
	for _, r := range p.everywhere {
		where, what, _ := strings.Cut(t.words(r), ": ")
		fmt.Fprintf(&rows, `<tr><td align="left">%s</td><td align="left">%s</td></tr>`, html.EscapeString(where), html.EscapeString(what))
	}
	rows.WriteString("</table>")
	return rows.String()
}

func (t Table) dotNodes(b *strings.Builder, p picture) {
	for i, frame := range p.frames {
		fmt.Fprintf(b, "  subgraph cluster_%d {\n    graph [style=\"rounded,dashed\", color=\"#afb8c1\", label=\"\", margin=14];\n", i)
		for _, s := range frame {
			b.WriteString("  " + t.dotNode(s, p))
		}
		b.WriteString("  }\n")
	}
	for _, s := range t.States {
		if !slices.ContainsFunc(p.frames, func(f []State) bool { return slices.Contains(f, s.Name) }) {
			b.WriteString(t.dotNode(s.Name, p))
		}
	}
}

func (t Table) dotNode(s State, p picture) string {
	d, _ := t.State(s)
	var attrs []string
	if slices.Contains(t.Happy, s) {
		attrs = append(attrs, "group=happy", "penwidth=2.2", `color="#1a7f37"`)
	}
	if d.Terminal || d.Last {
		attrs = append(attrs, "peripheries=2")
	}
	label := fmt.Sprintf("<b>%s</b>", s)
	for _, l := range p.loops[s] {
		label += fmt.Sprintf(`<br/><font point-size="10" color="#57606a">%s</font>`, html.EscapeString("↺ "+l))
	}
	attrs = append(attrs, "label=<"+label+">")
	return fmt.Sprintf("  %s [%s];\n", s, strings.Join(attrs, ", "))
}

func (p picture) dotArrow(a arrow) string {
	from := a.from[len(a.from)-1]
	attrs := []string{fmt.Sprintf("label=%q", strings.Join(a.labels, "\\n"))}
	if i := slices.IndexFunc(p.frames, func(f []State) bool { return slices.Equal(f, a.from) }); i >= 0 {
		attrs = append(attrs, fmt.Sprintf("ltail=cluster_%d", i))
	}
	if a.happy {
		attrs = append(attrs, "weight=100", "penwidth=2.2", `color="#1a7f37"`, `fontcolor="#1a7f37"`)
	}
	return fmt.Sprintf("  %s -> %s [%s];\n", from, a.to, strings.ReplaceAll(strings.Join(attrs, ", "), `\\n`, `\n`))
}
