package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// named is a text that has a counterpart of the same name on the other side.
type named struct {
	name string
	text []byte
}

// textsOf are the texts of both sides. The names tell the runs apart where a side has several.
func textsOf(renderings [2][]rendering) (left, right []named, err error) {
	several := len(renderings[0]) > 1 || len(renderings[1]) > 1
	for i, side := range []*[]named{&left, &right} {
		for _, r := range renderings[i] {
			some, err := r.texts(several)
			if err != nil {
				return nil, nil, err
			}
			*side = append(*side, some...)
		}
	}
	return left, right, nil
}

// texts are the objects of a rendering, by their kinds, and its files.
func (r rendering) texts(several bool) ([]named, error) {
	below := ""
	if several {
		below = r.run.String() + " "
	}
	var out []named
	kinds := map[string]int{}
	for _, o := range r.objects {
		text, _, err := yamlOf(o, false)
		if err != nil {
			return nil, err
		}
		kind, _, _ := strings.Cut(nameOf(o), "/")
		if kinds[kind]++; kinds[kind] > 1 {
			kind += " " + strconv.Itoa(kinds[kind])
		}
		out = append(out, named{below + kind, text})
		for _, f := range r.files {
			if f.object == nameOf(o) {
				out = append(out, named{below + cmp.Or(nth(f.where, 0), f.name), []byte(f.text)})
			}
		}
	}
	return out, nil
}

// pair is one name on both sides; nil is where it is not.
type pair struct {
	name     string
	old, new []byte
}

// pairs are the names of both sides, in the order of the left one, and then those that only the right one has.
func pairs(left, right []named) []pair {
	var out []pair
	find := func(in []named, name string) []byte {
		for _, n := range in {
			if n.name == name {
				return append([]byte{}, n.text...)
			}
		}
		return nil
	}
	for _, n := range left {
		out = append(out, pair{n.name, append([]byte{}, n.text...), find(right, n.name)})
	}
	for _, n := range right {
		if find(left, n.name) == nil {
			out = append(out, pair{n.name, nil, append([]byte{}, n.text...)})
		}
	}
	return out
}

// diff is a unified diff, or nothing.
func (p pair) diff(left, right string) []byte {
	name := func(text []byte, label string) string {
		if text == nil {
			return "/dev/null"
		}
		return p.name + "\t(" + label + ")"
	}
	patch := diff.Diff(name(p.old, left), p.old, name(p.new, right), p.new)
	_, patch, _ = bytes.Cut(patch, []byte("\n")) // the first line says what the next two say
	return patch
}

// printPatch prints a patch, in the colours of git.
func printPatch(w io.Writer, p page, patch []byte) {
	_, _, isTerminal := terminal(w)
	for i, line := range strings.Split(strings.TrimSuffix(string(patch), "\n"), "\n") {
		colour := plain
		switch {
		case i < 2: // the names of the two sides
			colour = bold
		case strings.HasPrefix(line, "@@"):
			colour = cyan
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(line, "+"):
			colour = green
		}
		if isTerminal {
			line = visible(line)
		}
		fmt.Fprintln(w, paintOn(p, colour, line))
	}
}
