package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// print shows renderings: on a terminal for reading, in a pipe as the objects alone.
func (w renderOutput) print(renderings []rendering) error {
	if _, _, ok := terminal(w.stdout); !ok {
		return w.pipe(renderings)
	}
	p := pageFor(w.stdout)
	for _, r := range renderings {
		lines, err := r.table(p)
		if err != nil {
			return err
		}
		fmt.Fprintln(w.stdout, strings.Join(lines, "\n"))
		if err := w.read(p, r); err != nil {
			return err
		}
	}
	w.notes(renderings)
	return nil
}

// pipe writes YAML to standard output, for programs, and the table to standard error, for whoever started them.
func (w renderOutput) pipe(renderings []rendering) error {
	if err := tables(w.stderr, renderings); err != nil {
		return err
	}
	w.notes(renderings)
	for _, r := range renderings {
		for _, o := range r.objects {
			text, _, err := yamlOf(o, true)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w.stdout, "---\n%s", text); err != nil {
				return fmt.Errorf("printing %s: %w", nameOf(o), err)
			}
		}
	}
	return nil
}

// tables are those of all renderings, an empty line between them.
func tables(w io.Writer, renderings []rendering) error {
	for i, r := range renderings {
		lines, err := r.table(pageFor(w))
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, strings.Join(lines, "\n"))
	}
	return nil
}

// read shows objects and files one after the other: each file as the agent reads it, after its object without it.
func (w renderOutput) read(p page, r rendering) error {
	section := func(title, text string) {
		fmt.Fprintf(w.stdout, "\n%s\n%s", paintOn(p, cyan, "--- "+title), visible(text))
		if !strings.HasSuffix(text, "\n") {
			fmt.Fprintln(w.stdout, paintOn(p, quiet, "(no newline at the end)"))
		}
	}
	for _, o := range r.objects {
		text, _, err := yamlOf(o, false)
		if err != nil {
			return err
		}
		section(nameOf(o), string(text))
		for _, f := range r.files {
			if f.object == nameOf(o) {
				section(strings.Join(append(f.where, f.name)[:1], ""), f.text)
			}
		}
	}
	fmt.Fprintln(w.stdout)
	return nil
}

func paintOn(p page, colour, text string) string { return (&grid{page: p}).paint(colour, text) }

// table lists what is sent, and how large it is.
func (r rendering) table(p page) ([]string, error) {
	var rows [][]cell
	for _, o := range r.objects {
		_, size, err := yamlOf(o, true)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []cell{{nameOf(o), cyan}, {text: strconv.Itoa(size)}, {}, {}})
		for _, f := range r.files {
			if f.object == nameOf(o) {
				mode := fmt.Sprintf("%04o", f.mode)
				rows = append(rows, []cell{
					{text: "  " + f.name}, {text: strconv.Itoa(len(f.text))}, {mode, quiet}, {text: strings.Join(f.where, ", ")},
				})
			}
		}
	}
	widest := len("BYTES")
	for _, row := range rows {
		widest = max(widest, len(row[1].text))
	}
	for _, row := range rows {
		row[1].text = fmt.Sprintf("%*s", widest, row[1].text)
	}
	title := strings.ToUpper(r.String()[:1]) + r.String()[1:]
	lines := newGrid(p, []string{"OBJECT OR FILE", fmt.Sprintf("%*s", widest, "BYTES"), "MODE", "WHERE"}).lines(rows)
	return append([]string{paintOn(p, bold, title)}, lines...), nil
}

// visible shows what would command the terminal instead of sending it: prompts may come from anywhere.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || !unicode.IsControl(r) && !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
