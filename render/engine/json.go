package engine

import (
	"maps"
	"strings"
)

// json checks a JSON template and stops at the first mistake, since the rest follows from it.
func (c *checker) json(parts []node) {
	c.asked = ask(parts, map[string]int{})
	ends := c.jsonParts(parts, jsonStates{{wants: wantValue}: true})
	if len(c.errs) > 0 {
		return
	}
	for s := range ends {
		if s = s.endWord(); s.open != "" || s.wants != wantComma {
			c.add(c.lastLine(), "the JSON ends too early, at least if some blocks are left out: %s is missing", s.wants)
			return
		}
	}
}

func (c *checker) lastLine() int { return strings.Count(strings.TrimRight(c.source, "\n"), "\n") + 1 }

func (c *checker) jsonParts(parts []node, in jsonStates) jsonStates {
	for _, n := range parts {
		switch n := n.(type) {
		case text:
			in = c.jsonText(n, in)
		case *value:
			in = c.jsonValue(n, in)
		case block:
			in = c.jsonBlock(n, in)
		}
		if len(c.errs) > 0 {
			break
		}
	}
	return in
}

func (c *checker) jsonText(t text, in jsonStates) jsonStates {
	for i := range len(t.string) {
		out := jsonStates{}
		for s := range in {
			next, ok := s.after(t.string[i])
			if !ok {
				c.add(t.line+strings.Count(t.string[:i], "\n"),
					"%q cannot stand here in JSON, at least if some blocks are taken or left out: %s is missing", t.string[i:i+1], s.wants)
				return in
			}
			out[next] = true
		}
		in = out
	}
	return in
}

// jsonValue checks {{json path}} and {{jsonString path}}.
func (c *checker) jsonValue(v *value, in jsonStates) jsonStates {
	out := jsonStates{}
	for s := range in {
		complaint := ""
		switch whole := v.helper == "json"; {
		case s.wants == inName || s.wants == inNameEscape:
			complaint = "the name of a member cannot be a value: use a map, {{json map}}"
		case whole && s.wants == inString:
			complaint = "inside a string a value is written {{jsonString " + v.path.String() + "}}"
		case !whole && s.wants != inString:
			complaint = "outside of a string a value is written {{json " + v.path.String() + "}}"
		case whole && s.wants != wantValue && s.wants != wantFirstValue:
			complaint = "no value can stand here in JSON: " + string(s.wants) + " is missing"
		}
		if complaint != "" {
			c.add(v.line, "%s", complaint)
			return in
		}
		if v.helper == "json" {
			s.wants = wantComma
		}
		out[s] = true
	}
	return out
}

// jsonBlock follows every way through a block: the body, what stands in its place, any number of rounds.
func (c *checker) jsonBlock(b block, in jsonStates) jsonStates {
	out := jsonStates{}
	for s := range in {
		if s.midEscape() {
			c.add(b.line, "a block cannot begin within an escape")
			return in
		}
		for _, holds := range []bool{true, false} {
			from, ok := s.when(b.path, holds, c.asked)
			switch {
			case !ok:
			case holds == (b.kind == "unless"):
				c.jsonWay(b, b.otherwise, from, out)
			case b.kind == "each":
				c.jsonRounds(b, from, out)
			default:
				c.jsonWay(b, b.body, from, out)
			}
		}
		if len(out) > maxStates {
			c.add(b.line, "the conditions before can come out in too many ways to check them: ask fewer of them twice")
		}
		if len(c.errs) > 0 {
			return in
		}
	}
	return out
}

// maxStates bounds the work of the check.
const maxStates = 256

// jsonWay adds the states in which one way through a block ends.
func (c *checker) jsonWay(b block, parts []node, from jsonState, out jsonStates) {
	for end := range c.jsonParts(parts, jsonStates{from: true}) {
		if len(c.errs) == 0 && (end.open != from.open || end.midEscape()) {
			c.add(b.line, "a block must close what it opens: braces, brackets, escapes")
		}
		out[end] = true
	}
}

// jsonRounds adds the states in which one round, two or more of them end. What a condition within is about changes with
// each round, so nothing is remembered of it.
func (c *checker) jsonRounds(b block, from jsonState, out jsonStates) {
	asked := c.asked
	c.asked = nil
	defer func() { c.asked = asked }()
	done := jsonStates{}
	for next := []jsonState{from}; len(next) > 0 && len(c.errs) == 0; next = next[1:] {
		ends := jsonStates{}
		c.jsonWay(b, b.body, next[0], ends)
		for end := range ends {
			if !done[end] {
				done[end] = true
				next = append(next, end)
			}
		}
	}
	maps.Copy(out, done)
}

// ask counts how often each condition is asked, outside of lists.
func ask(parts []node, asked map[string]int) map[string]int {
	for _, n := range parts {
		if b, ok := n.(block); ok {
			asked[b.path.String()]++
			ask(b.otherwise, asked)
			if b.kind != "each" {
				ask(b.body, asked)
			}
		}
	}
	return asked
}
