package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (c *replayCall) print(all []replayed) error {
	switch {
	case c.output != "" && len(all) == 1:
		return printValue(c.stdout, c.output, all[0])
	case c.output != "":
		return printValue(c.stdout, c.output, map[string]any{"items": all})
	}
	for n, r := range all {
		if n > 0 {
			fmt.Fprintln(c.stdout)
		}
		c.printOne(r)
	}
	return nil
}

// printOne prints a history as a table, and the verdict below it.
func (c *replayCall) printOne(r replayed) {
	p := pageFor(c.stdout)
	p.width = 0 // no column is worth less than another, and where there is no room the terminal wraps them
	clock := clockOf(r.Entries)
	g := newGrid(p, []string{"ENTRY", "TIME", "ROW", "ATTEMPT", "FROM", "ON", "TO"})
	var rows [][]cell
	for _, e := range r.Entries {
		colour, row := plain, cell{text: e.Row}
		switch {
		case r.Divergence != nil && e.Seq == r.Divergence.Entry:
			colour, row = red, cell{"none", red}
		case e.Row == "":
			colour, row = quiet, cell{"-", quiet}
		}
		rows = append(rows, []cell{
			{strconv.FormatInt(e.Seq, 10), colour}, {e.Time.Local().Format(clock), colour}, row, {strconv.Itoa(int(e.Attempt)), colour},
			{printable(string(e.From)), colour}, {printable(e.On), colour}, {printable(string(e.To)), colour},
		})
	}
	fmt.Fprintln(c.stdout, paintOn(p, bold, fmt.Sprintf("%s is %s, with its last transition on %s", r.Run, printable(r.Phase),
		r.Entries[len(r.Entries)-1].Time.Local().Format("Mon 2 Jan 2006 15:04:05"))))
	for _, l := range g.lines(rows) {
		fmt.Fprintln(c.stdout, l)
	}
	fmt.Fprintln(c.stdout)
	if first := r.Entries[0].Seq; first > 1 {
		fmt.Fprintf(c.stdout, "The history begins with entry %d: a run keeps its newest 50.\n", first)
	}
	c.verdict(p, r)
}

// clockOf is how the times of a history are written: with the day, where it is of more than one.
func clockOf(entries []entry) string {
	first, last := entries[0].Time.Local(), entries[len(entries)-1].Time.Local()
	if first.Format(time.DateOnly) == last.Format(time.DateOnly) {
		return time.TimeOnly
	}
	return "02 Jan 15:04"
}

func (c *replayCall) verdict(p page, r replayed) {
	d := r.Divergence
	if d == nil {
		agree := "agree"
		if len(r.Entries) == 1 {
			agree = "agrees"
		}
		fmt.Fprintln(c.stdout, paintOn(p, green, fmt.Sprintf("%s %s with the table of %s.",
			counted(int64(len(r.Entries)), "transition"), agree, r.Table)))
		return
	}
	about := "The phase is not where the history leads"
	if d.Entry > 0 {
		about = fmt.Sprintf("Entry %d diverges from the table of %s", d.Entry, r.Table)
	}
	fmt.Fprintln(c.stdout, paintOn(p, red, about+": "+strings.TrimSuffix(d.Why, ".")+"."))
	if len(d.Allowed) == 0 {
		return
	}
	fmt.Fprintf(c.stdout, "From %s it allows:\n", printable(d.from))
	g := newGrid(p, []string{"", "", "", ""})
	var rows [][]cell
	for _, a := range d.Allowed {
		condition := ""
		if a.If != "" {
			condition = "if " + a.If
		}
		rows = append(rows, []cell{{text: "  " + a.On}, {"→ " + a.To, green}, {text: condition}, {"row " + a.Row, quiet}})
	}
	for _, l := range g.lines(rows)[1:] {
		fmt.Fprintln(c.stdout, l)
	}
}
