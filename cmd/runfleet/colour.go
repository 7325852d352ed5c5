package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/runfleet/runfleet/fsm"
)

// ink returns the colours for a writer: none unless it is a terminal whose owner wants them (https://no-color.org).
func ink(w io.Writer) fsm.Ink {
	f, ok := w.(*os.File)
	if !ok || !wantsColour(term.IsTerminal(int(f.Fd())), os.Getenv) {
		return nil
	}
	return paint
}

// paper is what a page is written on: a terminal in its width, or a file.
func paper(w io.Writer) fsm.Paper {
	p := fsm.Paper{Ink: ink(w)}
	if f, ok := w.(*os.File); ok {
		p.Width, _, _ = term.GetSize(int(f.Fd())) // 0 for what is no terminal
	}
	return p
}

func wantsColour(terminal bool, getenv func(string) string) bool {
	return terminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// paint uses the sixteen colours that every theme, light or dark, makes readable.
func paint(tone fsm.Tone, s string) string {
	code := map[fsm.Tone]string{fsm.Heading: "1", fsm.Name: "36", fsm.Leads: "32", fsm.Quiet: "2", fsm.Bars: "33"}[tone]
	if code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
