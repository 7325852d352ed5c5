package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Step is a transition that happened: the trigger that fired, and the states before and after it.
type Step struct {
	From State
	On   Trigger
	To   State
}

// inkWalked is the colour of the path that was walked, and groundWalked that of the states on it.
const (
	inkWalked    = "#0969da"
	groundWalked = "#ddf4ff"
)

// DOTWalked draws the table as DOT does, and over it the path that somebody walked: the states and arrows in another colour, a
// trigger that fired more than once with how often, and the state that was reached last filled. Steps that the table does not
// have are left out.
func (t Table) DOTWalked(steps []Step) string {
	p := t.picture()
	p.walked = append([]Step{}, steps...)
	return t.dot(p)
}

// walkedState is how a state looks under a path.
func (p *picture) walkedState(t Table, s State) []string {
	var attrs []string
	if slices.Contains(t.Happy, s) {
		attrs = append(attrs, "group=happy") // so that it has its place in the picture without a path
	}
	last := t.Initial
	seen := s == t.Initial
	for _, step := range p.walked {
		last = step.To
		seen = seen || s == step.From || s == step.To
	}
	switch {
	case s == last:
		attrs = append(attrs, "penwidth=2.2", fmt.Sprintf("color=%q, fillcolor=%q, fontcolor=\"#ffffff\"", inkWalked, inkWalked))
	case seen:
		attrs = append(attrs, "penwidth=2.2", fmt.Sprintf("color=%q, fillcolor=%q", inkWalked, groundWalked))
	default:
		attrs = append(attrs, fmt.Sprintf("fontcolor=%q", inkLine))
	}
	return attrs
}

// fired is how often a label of an arrow was the reason to walk it.
func (p *picture) fired(a arrow, label string) int {
	on, _, _ := strings.Cut(label, " [")
	n := 0
	for _, s := range p.walked {
		to := a.to == s.To || a.to == Same && s.From == s.To
		if string(s.On) == on && to && slices.Contains(a.from, s.From) {
			n++
		}
	}
	return n
}

// counted are the labels of an arrow, with how often they fired where that is more than once. Where an arrow has several, those
// that fired have a dot.
func (p *picture) counted(a arrow) []string {
	out := slices.Clone(a.labels)
	for i, l := range a.labels {
		n := p.fired(a, l)
		if n > 0 && len(a.labels) > 1 {
			out[i] = "● " + l
		}
		if n > 1 {
			out[i] += fmt.Sprintf(" ×%d", n)
		}
	}
	return out
}

// inked adds to the attributes of an arrow that was walked.
func (p *picture) inked(attrs []string, a arrow) []string {
	if slices.ContainsFunc(a.labels, func(l string) bool { return p.fired(a, l) > 0 }) {
		attrs = append(attrs, "penwidth=2.2", fmt.Sprintf("color=%q, fontcolor=%q", inkWalked, inkWalked))
	}
	return attrs
}
