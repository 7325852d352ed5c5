package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"golang.org/x/term"
)

// page is where the demo is shown: a terminal in its width, or a file in one that reads well.
type page struct {
	w      io.Writer
	width  int
	colour bool
}

// The colours, of the sixteen that every theme makes readable.
const (
	bold  = "1"
	quiet = "2"
	red   = "31"
	green = "32"
)

const widest = 116

func newPage(f *os.File) *page {
	p := &page{w: f, width: 100}
	if !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
		p.width = min(w, widest)
	}
	return p
}

func (p *page) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// chapter says in one sentence what comes.
func (p *page) chapter(text string) {
	fmt.Fprintln(p.w)
	for _, l := range wrap(text, p.width, 0) {
		fmt.Fprintln(p.w, p.paint(bold, l))
	}
}

var bare = regexp.MustCompile(`^[\w./:=,$&>-]+$`)

// typed shows a command as a person would type it.
func (p *page) typed(program string, args ...string) {
	words := []string{program}
	for _, a := range args {
		if !bare.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	lines := wrapWords(words, p.width-6, 4)
	for i, l := range lines {
		lead, tail := "    ", ""
		if i == 0 {
			lead = "  $ "
		}
		if i < len(lines)-1 {
			tail = ` \`
		}
		fmt.Fprintln(p.w, p.paint(quiet, lead+l+tail))
	}
}

// said sets what a program said apart from what the demo says.
func (p *page) said(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		hang := 0
		if strings.HasPrefix(line, "* ") {
			hang = 2
		}
		for _, l := range wrap(line, p.width-4, hang) {
			fmt.Fprintln(p.w, strings.TrimRight("    "+l, " "))
		}
	}
}

// remark says more about the line above it.
func (p *page) remark(text string) {
	for _, l := range wrap(text, p.width-6, 2) {
		fmt.Fprintln(p.w, p.paint(quiet, "      "+l))
	}
}

func (p *page) quietly(text string) { fmt.Fprintln(p.w, p.paint(quiet, text)) }

// wrap breaks a text between words into lines of some width. Lines after the first begin with hang spaces; a word that is
// longer than a line has one of its own.
func wrap(text string, width, hang int) []string {
	return wrapWords(strings.Split(text, " "), width, hang)
}

func wrapWords(words []string, width, hang int) []string {
	var lines []string
	line := ""
	pad := strings.Repeat(" ", hang)
	for i, word := range words {
		switch {
		case i == 0:
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, strings.TrimRight(line, " "))
			line = pad + word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
