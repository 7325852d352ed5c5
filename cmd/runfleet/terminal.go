package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// terminal says how wide and high a writer is, and whether it is a terminal at all.
func terminal(w io.Writer) (width, height int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 1 {
		return 80, 24, true
	}
	return width, height, true
}

// pageFor is the page that a writer is.
func pageFor(w io.Writer) page {
	width, _, isTerminal := terminal(w)
	return page{width: width, colour: wantsColour(isTerminal, os.Getenv)}
}

// picture is a block of lines that is drawn over itself on a terminal.
type picture struct {
	w     io.Writer
	drawn []string
}

// draw replaces what was drawn before, in one write, so that nothing flickers. Lines must not be wider than the
// terminal; one that has been made narrower since has wrapped those of before.
func (p *picture) draw(lines []string, width, height int) {
	if height > 2 && len(lines) > height-1 {
		left := len(lines) - height + 2
		lines = append(slices.Clone(lines[:height-2]), cut(fmt.Sprintf("… and %d more", left), width))
	}
	up := 0
	for _, l := range p.drawn {
		up += max(1, (columns(unpainted(l))+width-1)/width)
	}
	var b strings.Builder
	if up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	for _, l := range lines {
		b.WriteString("\r" + l + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	fmt.Fprint(p.w, b.String())
	p.drawn = lines
}

// unpainted takes the colours from a line.
func unpainted(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "\x1b[")
		_, after, closed := strings.Cut(rest, "m")
		if !ok || !closed {
			return s
		}
		s = before + after
	}
}
