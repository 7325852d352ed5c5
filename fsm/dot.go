package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// The colours of a picture. Its ground is its own and light, so that it reads on a dark page too.
const (
	inkStrong = "#1f2328"
	inkSoft   = "#57606a"
	inkLine   = "#8c959f"
	inkHappy  = "#1a7f37"
	ground    = "#f6f8fa"
)

// DOT draws the table for Graphviz: the happy path straight down and bold, everything else lighter, ended states with
// two borders. Its font is one whose widths Graphviz knows by heart, so that every machine draws the same picture.
func (t Table) DOT() string { return t.dot(t.picture()) }

func (t Table) dot(p *picture) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", t.Name)
	fmt.Fprintf(&b, "  graph [rankdir=TB, compound=true, newrank=true, nodesep=0.35, ranksep=0.45, pad=0.4, bgcolor=%q,\n", ground)
	fmt.Fprintf(&b, "         fontname=\"Helvetica\", fontsize=11, fontcolor=%q, labelloc=b, labeljust=l,\n", inkSoft)
	fmt.Fprintf(&b, "         label=\"%s\"];\n", t.caption(p))
	fmt.Fprintf(&b, "  node  [shape=box, style=\"rounded,filled\", fontname=\"Helvetica-Bold\", fontsize=14, fontcolor=%q,\n", inkStrong)
	fmt.Fprintf(&b, "         color=%q, fillcolor=\"#ffffff\", margin=\"0.24,0.12\"];\n", inkLine)
	fmt.Fprintf(&b, "  edge  [fontname=\"Helvetica\", fontsize=10, fontcolor=%q, color=%q, arrowsize=0.7];\n\n", inkSoft, inkLine)
	t.dotStates(&b, p)
	b.WriteString("\n")
	t.dotStart(&b, p)
	t.dotAnywhere(&b, p)
	for _, a := range p.arrows {
		t.dotArrow(&b, p, a)
	}
	for _, a := range p.loops {
		fmt.Fprintf(&b, "  %s -> %s [%s];\n", a.to, a.to, strings.Join(p.inked([]string{"label=" + dotLabel(p.counted(a))}, a), ", "))
	}
	b.WriteString("}\n")
	return b.String()
}

// caption tells the lines that are not drawn: those after which a state stays.
func (t Table) caption(p *picture) string {
	var b strings.Builder
	for _, r := range p.everywhere {
		if r.To == Same {
			b.WriteString(t.words(r) + `\l`)
		}
	}
	return b.String()
}

// dotStates writes the states, those that share lines inside a frame.
func (t Table) dotStates(b *strings.Builder, p *picture) {
	for i, frame := range p.frames {
		fmt.Fprintf(b, "  subgraph cluster_%d {\n    graph [style=\"rounded,dashed\", color=\"#afb8c1\", label=\"\", margin=14];\n", i)
		if t.ended(frame) {
			b.WriteString("    rank=same;\n")
		}
		for _, s := range frame {
			b.WriteString("  " + t.dotState(p, s))
		}
		b.WriteString("  }\n")
	}
	for _, s := range t.States {
		if p.frame([]State{s.Name}) < 0 {
			b.WriteString(t.dotState(p, s.Name))
		}
	}
}

func (t Table) ended(states []State) bool {
	return !slices.ContainsFunc(states, func(s State) bool { d, _ := t.State(s); return !d.Terminal })
}

func (t Table) dotState(p *picture, s State) string {
	var attrs []string
	switch {
	case p.walked != nil:
		attrs = p.walkedState(t, s)
	case slices.Contains(t.Happy, s):
		attrs = append(attrs, "group=happy", "penwidth=2.2", fmt.Sprintf("color=%q", inkHappy))
	}
	if d, _ := t.State(s); d.Terminal || d.Last {
		attrs = append(attrs, "peripheries=2")
	}
	return fmt.Sprintf("  %s [%s];\n", s, strings.Join(attrs, ", "))
}

func (t Table) dotStart(b *strings.Builder, p *picture) {
	fmt.Fprintf(b, "  start [shape=circle, style=filled, fillcolor=%q, color=%q, label=\" \", width=0.16, fixedsize=true, group=happy];\n",
		inkStrong, inkStrong)
	fmt.Fprintf(b, "  title [label=%q, shape=plaintext, style=\"\", fontsize=16, margin=0];\n", t.Name)
	b.WriteString("  {rank=same; title; start}\n  title -> start [style=invis];\n")
	ink := inkStrong
	if p.walked != nil {
		ink = inkWalked
	}
	fmt.Fprintf(b, "  start -> %s [weight=100, penwidth=2.2, color=%q];\n", t.Initial, ink)
}

// dotArrow writes one arrow. Graphviz ranks a target below its source; so an arrow that leads back up is written the other
// way round, with its head at the other end, or the picture would lose its direction.
func (t Table) dotArrow(b *strings.Builder, p *picture, a arrow) {
	from, to, tail := string(a.from[len(a.from)-1]), string(a.to), "ltail"
	attrs := p.inked([]string{"label=" + dotLabel(p.counted(a))}, a)
	switch {
	case a.happy && p.walked != nil:
		attrs = append(attrs, "weight=100")
	case a.happy:
		attrs = append(attrs, "weight=100", "penwidth=2.2", fmt.Sprintf("color=%q, fontcolor=%q", inkHappy, inkHappy))
	case t.leadsAway(a):
		to = t.dotGhost(b, from, to)
	case t.leadsBack(a):
		from, to, tail = to, from, "lhead"
		attrs = append(attrs, "dir=back")
		if slices.ContainsFunc(p.loops, func(loop arrow) bool { return loop.to == a.to }) && t.ended(a.from) {
			attrs = append(attrs, "tailport=s") // the loop has its place at the side
		}
	}
	if i := p.frame(a.from); i >= 0 && len(a.from) > 1 {
		attrs = append(attrs, fmt.Sprintf("%s=cluster_%d", tail, i))
	}
	fmt.Fprintf(b, "  %s -> %s [%s];\n", from, to, strings.Join(attrs, ", "))
}

// leadsAway is true for an early exit from the happy path. Drawn to its real target it would cross the whole picture.
func (t Table) leadsAway(a arrow) bool {
	to, _ := t.State(a.to)
	step := slices.Index(t.Happy, a.from[0])
	early := step >= 0 && step < len(t.Happy)-2
	return to.Terminal && !slices.Contains(t.Happy, a.to) && len(a.from) == 1 && early
}

// dotGhost writes a small stand-in for a state, beside the state that it is reached from.
func (t Table) dotGhost(b *strings.Builder, from, to string) string {
	ghost := from + "_" + to
	const looks = `style="rounded,dashed", fontname="Helvetica", fontsize=10, margin="0.1,0.04", height=0.2`
	fmt.Fprintf(b, "  %s [label=%q, %s, fontcolor=%q];\n", ghost, to, looks, inkSoft)
	return ghost
}

// leadsBack is true for an arrow against the direction of the picture.
func (t Table) leadsBack(a arrow) bool {
	to, _ := t.State(a.to)
	return t.ended(a.from) || slices.Contains(t.Happy, a.to) && !to.Terminal
}

// dotAnywhere draws the lines of many states as arrows from words.
func (t Table) dotAnywhere(b *strings.Builder, p *picture) {
	for i, r := range p.everywhere {
		if r.To == Same {
			continue
		}
		fmt.Fprintf(b, "  anywhere%d [label=%q, shape=plaintext, style=\"\", fontname=\"Helvetica\", fontsize=11, fontcolor=%q];\n",
			i, t.wherever(r.From), inkSoft)
		a := arrow{from: r.From, to: r.To, labels: []string{label(r)}}
		fmt.Fprintf(b, "  anywhere%d -> %s [%s];\n", i, r.To, strings.Join(p.inked([]string{"label=" + dotLabel(p.counted(a))}, a), ", "))
	}
}

// dotLabel stacks labels to the right of an arrow; a label that is alone has its guard below its trigger. The spaces are
// such that SVG keeps; they leave room for fonts that are wider than Graphviz thinks.
func dotLabel(labels []string) string {
	if len(labels) == 1 {
		on, guard, guarded := strings.Cut(labels[0], " [")
		if guarded {
			labels = []string{on, "[" + guard}
		}
	}
	var b strings.Builder
	for _, l := range labels {
		b.WriteString("\u00a0\u00a0" + l + "\u00a0\u00a0" + `\l`)
	}
	return `"` + b.String() + `"`
}
