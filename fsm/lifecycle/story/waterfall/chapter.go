package waterfall

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// part is a chapter that is not drawn yet.
type part struct {
	run        *node // nil where the run's own span of that time is not known
	tops       []*node
	start, end time.Time
	later      bool // it is not the first one
}

// chapters puts every state and attempt into the chapter that it began in. What is outside of all chapters is one of its own:
// the removal of a run that is being deleted, or what is left of a chapter whose beginning nobody knows any more.
func (t tree) chapters() []*part {
	var parts []*part
	for i, n := range t.runs {
		parts = append(parts, &part{run: n, start: n.Start, end: n.End, later: i > 0})
	}
	var loose *part
	for _, n := range t.tops {
		if p := within(parts, n); p != nil {
			p.tops, loose = append(p.tops, n), nil
			continue
		}
		if n.Role == story.RoleEffect {
			continue // clearing away after the end, maybe a day later, is no part of what led to it
		}
		if loose == nil {
			loose = &part{later: len(t.runs) > 0 && !n.Start.Before(t.runs[0].End)}
			parts = append(parts, loose)
		}
		loose.tops = append(loose.tops, n)
		loose.start, loose.end = ends(loose.tops)
	}
	slices.SortStableFunc(parts, func(a, b *part) int { return cmp.Or(a.start.Compare(b.start), a.end.Compare(b.end)) })
	return parts
}

// within finds the last chapter that was under way when a state or an attempt began.
func within(parts []*part, n *node) *part {
	for _, p := range slices.Backward(parts) {
		if p.run == nil || n.Start.Before(p.start) {
			continue
		}
		// What took no time at all may begin at the very end.
		if n.Start.Before(p.end) || n.Start.Equal(p.end) && n.Name != string(v1.PhaseTerminating) {
			return p
		}
	}
	return nil
}

func (p *part) draw(moves []*node, limit int) Chapter {
	c := Chapter{Start: p.start, End: p.end, Title: p.title(), Rows: []Row{}, Path: []Step{}}
	if p.run != nil {
		c.Open, c.Error, c.Result, c.Partial = p.run.Open, p.run.Error, p.run.said.Result, p.run.Partial
	} else {
		c.Open = slices.ContainsFunc(p.tops, func(n *node) bool { return n.Open })
		c.Partial = !p.removal()
	}
	for _, s := range path(&node{Span: Span{Span: story.Span{Start: p.start, End: p.end}}, children: p.tops}) {
		step := Step{Label: "not known any more", Waits: true, Interval: s.Interval}
		if s.of.ID != (story.SpanID{}) {
			s.of.onPath = append(s.of.onPath, s.Interval)
			step.Label, step.Attempt, step.Waits = label(s.of), s.of.said.Attempt, waits(s.of)
		}
		c.Path = append(c.Path, step)
	}
	for _, n := range p.tops {
		c.rows(n, nil, moves, limit)
	}
	return c
}

func (p *part) title() string {
	switch {
	case p.removal():
		return "removal"
	case p.run == nil:
		return "what is known of it"
	case p.later:
		return "asked again"
	default:
		return ""
	}
}

// removal says that a deleted run is on its way.
func (p *part) removal() bool {
	return p.run == nil && !slices.ContainsFunc(p.tops, func(n *node) bool { return n.Name != string(v1.PhaseTerminating) })
}

// rows adds a span and what hangs from it.
func (c *Chapter) rows(n *node, above *Row, moves []*node, limit int) {
	r := Row{
		Kind: n.Role, Hidden: n.hidden, Label: label(n), Service: n.Service, Cluster: n.said.Cluster, Attempt: n.said.Attempt,
		Start: n.Start, End: n.End, Open: n.Open, Waits: waits(n), Wait: waitOf(n), Note: note(n, moves), Error: n.Error,
		Critical: n.onPath, Result: n.said.Result,
	}
	if above != nil {
		r.Depth = above.Depth + 1
	}
	if r.Note == "" && (above == nil || above.Service != r.Service) {
		r.Note = r.Service
	}
	for _, m := range n.rows {
		if m.said.From == m.said.To {
			r.Marks = append(r.Marks, Mark{Name: m.said.On, Time: m.Start})
		}
	}
	r.markWait()
	c.Rows = append(c.Rows, r)
	for _, child := range few(n.children, limit) {
		c.rows(child, &r, moves, limit)
	}
}

// label names the bar of a span.
func label(n *node) string {
	switch {
	case n.hidden > 0:
		return fmt.Sprintf("and %d shorter", n.hidden)
	case n.Role == story.RoleAttempt && n.said.Cluster != "":
		return fmt.Sprintf("attempt %d on %s", n.said.Attempt, n.said.Cluster)
	case n.Role == story.RoleAttempt:
		return fmt.Sprintf("attempt %d", n.said.Attempt)
	default:
		return n.Name
	}
}

// few are the children of a span, of those of an agent the longest ones and one that stands for the others.
func few(children []*node, limit int) []*node {
	var agents []*node
	for _, n := range children {
		if n.Role == "" {
			agents = append(agents, n)
		}
	}
	if limit == 0 || len(agents) <= limit+1 {
		return children
	}
	slices.SortStableFunc(agents, func(a, b *node) int { return cmp.Compare(b.End.Sub(b.Start), a.End.Sub(a.Start)) })
	rest := agents[limit:]
	out := slices.DeleteFunc(slices.Clone(children), func(n *node) bool { return slices.Contains(rest, n) })
	sum := &node{hidden: len(rest), Span: Span{Service: rest[0].Service}}
	sum.Start, sum.End = ends(rest)
	for _, n := range rest {
		sum.onPath = append(sum.onPath, n.onPath...)
	}
	return append(out, sum)
}
