package fsm

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is one x-kubernetes-validations entry: the API server's copy of a part of the table. It stands on the status object
// and reads its fields phase (the state) and whatever the actions Raise.
type Rule struct {
	Rule              string `json:"rule"`
	Message           string `json:"message"`
	MessageExpression string `json:"messageExpression,omitempty"`
	FieldPath         string `json:"fieldPath,omitempty"`
}

// CEL prints the table as rules of the API server, in the order of the states: each state may become only what a row
// says, and a Terminal one starts again only together with something that grows.
//
// The rules are implications of the old phase, so that an old status without a phase, or with one of a newer version,
// passes. Each costs two comparisons and one look into a short list, far below the limits of a CRD.
func (t Table) CEL() []Rule {
	var rules []Rule
	for _, s := range t.States {
		rules = append(rules, t.edgeRule(s.Name))
	}
	for _, s := range t.States {
		if s.Terminal {
			rules = append(rules, t.raiseRules(s.Name)...)
		}
	}
	return rules
}

// edgeRule says what one state may become. Staying is always legal: most writes of a status change no phase.
func (t Table) edgeRule(from State) Rule {
	to := t.successors(from)
	leads := "it leads only to " + alternatives(to)
	if len(to) == 0 {
		leads = "nothing follows it"
	}
	return Rule{
		Rule:              fmt.Sprintf("%s || self.phase in [%s]", otherPhase(from), quoted(append([]State{from}, to...))),
		Message:           fmt.Sprintf("phase %s cannot become that: %s", from, leads),
		MessageExpression: fmt.Sprintf("'phase %s cannot become ' + self.phase + ': %s'", from, leads),
		FieldPath:         ".phase",
	}
}

// raiseRules say what must grow when a Terminal state is left for a state that is not Last. Of several rows between the
// same two states any may be the one that fired.
func (t Table) raiseRules(from State) []Rule {
	var rules []Rule
	for _, to := range t.successors(from) {
		if d, _ := t.State(to); d.Last {
			continue
		}
		var ways, fields []string
		for _, r := range t.Expand() {
			if r.From[0] != from || r.To != to {
				continue
			}
			raised := t.raises(r)
			var grows []string
			for _, field := range raised {
				grows = append(grows, fmt.Sprintf("%s > %s", OrZero("self", field), OrZero("oldSelf", field)))
			}
			if way := strings.Join(grows, " && "); way != "" && !slices.Contains(ways, way) {
				ways, fields = append(ways, way), append(fields, strings.Join(raised, " and "))
			}
		}
		if len(ways) == 0 {
			continue // Validate refuses such a table
		}
		rules = append(rules, Rule{
			Rule: fmt.Sprintf("%s || self.phase != '%s' || %s", otherPhase(from), to, strings.Join(ways, " || ")),
			Message: fmt.Sprintf("phase %s becomes %s only together with a higher %s: an ended run stays ended",
				from, to, strings.Join(fields, ", or a higher ")),
			FieldPath: ".phase",
		})
	}
	return rules
}

// successors are the other states that a state may become, in the order of the states.
func (t Table) successors(from State) []State {
	var out []State
	rows := t.Expand()
	for _, s := range t.States {
		if s.Name != from && slices.ContainsFunc(rows, func(r Row) bool { return r.From[0] == from && r.To == s.Name }) {
			out = append(out, s.Name)
		}
	}
	return out
}

func otherPhase(s State) string {
	return fmt.Sprintf("oldSelf.?phase.orValue('') != '%s'", s)
}

// OrZero reads an integer field of the status in CEL; the API leaves out a number that is 0. It reads the field once: each
// reading of a field costs the API server the more, the more fields the object may have.
func OrZero(object, field string) string {
	return fmt.Sprintf("%s.?%s.orValue(0)", object, field)
}

func quoted(states []State) string {
	var out []string
	for _, s := range states {
		out = append(out, "'"+string(s)+"'")
	}
	return strings.Join(out, ", ")
}

// alternatives reads "A", "A or B", "A, B or C".
func alternatives(states []State) string {
	if len(states) < 2 {
		return list(states)
	}
	last := len(states) - 1
	return list(states[:last]) + " or " + string(states[last])
}
