package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	yamlparser "sigs.k8s.io/yaml"
)

// maxWays bounds in how many ways a YAML template can come out: every one of them is parsed.
const maxWays = 256

// yaml parses every way in which the blocks of a template can come out, with a marker for every value, and looks whether
// each marker is a whole value then. Indentation means too much in YAML to check a block on its own.
func (c *checker) yaml(parts []node) {
	values := map[string]*value{}
	ways := waysOf(parts, values)
	if len(ways) > maxWays {
		c.add(0, "its blocks can come out in more than %d ways, which cannot be checked in YAML: "+
			"print lists and maps with {{yaml path}}", maxWays)
		return
	}
	for _, way := range ways {
		var document any
		if err := yamlparser.UnmarshalStrict([]byte(way), &document); err != nil {
			c.add(0, "what it makes is no YAML, at least if some blocks are taken or left out: %w", err)
			return
		}
		found := map[string]bool{}
		collect(document, found)
		for _, marker := range marker.FindAllString(way, -1) {
			if v := values[marker]; v != nil && !found[marker] {
				c.add(v.line, "{{yaml %s}} must be a whole value, such as in name: {{yaml %s}}; it cannot stand in quotes, in a comment, "+
					"in a text of several lines or as a name", v.path, v.path)
				delete(values, marker) // told once
			}
		}
	}
}

var marker = regexp.MustCompile(`RUNFLEET_VALUE_[0-9]+_`)

// waysOf are the texts that parts can come out as; more than maxWays of them are cut off.
func waysOf(parts []node, values map[string]*value) []string {
	ways := []string{""}
	for _, n := range parts {
		var next []string
		switch n := n.(type) {
		case text:
			next = []string{n.string}
		case *value:
			m := fmt.Sprintf("RUNFLEET_VALUE_%d_", len(values))
			values[m] = n
			next = []string{`"` + m + `"`}
		case block:
			body := waysOf(n.body, values)
			next = append(waysOf(n.otherwise, values), body...)
			if n.kind == "each" {
				for _, way := range body {
					next = append(next, strings.Repeat(way, 2))
				}
			}
			slices.Sort(next)
			next = slices.Compact(next)
		}
		var all []string
		for _, way := range ways {
			for _, follows := range next {
				if all = append(all, way+follows); len(all) > maxWays {
					return all
				}
			}
		}
		ways = all
	}
	return ways
}

// collect finds the markers that are whole values.
func collect(v any, found map[string]bool) {
	switch v := v.(type) {
	case string:
		found[v] = true
	case []any:
		for _, item := range v {
			collect(item, found)
		}
	case map[string]any:
		for _, item := range v {
			collect(item, found)
		}
	}
}
