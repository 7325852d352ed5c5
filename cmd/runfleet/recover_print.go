package main

import (
	"fmt"
	"time"
)

// print writes what a person wants to know first: what happened, who is waited for, which runs wait, and what is lost.
func (c *recoverCall) print(r recovery) {
	out := c.stdout
	if r.Restored == nil {
		fmt.Fprintf(out, "This hub was never restored from a backup, as far as its members remember (incarnation %d).\n", r.Incarnation)
		return
	}
	witness := "the operator"
	if r.Restored.Witness != "" {
		witness = "member " + r.Restored.Witness
	}
	fmt.Fprintf(out, "This hub was restored from a backup: %s remembers beat %d, the backup ended at %d.\n",
		witness, r.Restored.Heard.Number, r.Restored.Known)
	fmt.Fprintf(out, "Incarnation %d, recognised %s ago.\n", r.Incarnation, elapsed(r.Since, time.Now()))
	c.table([]string{"MEMBER", "COUNTED", "WHY"}, memberRows(r.Members))
	c.runs("in quarantine until all members were counted", r.Waiting)
	c.runs("whose last attempt has left no evidence", r.Unproven)
	if len(r.Lost) > 0 {
		fmt.Fprintf(out, "\n%s on members that no run accounts for, perhaps of runs that were lost; `runfleet orphans` says what becomes "+
			"of them:\n",
			counts(len(r.Lost), "object lies", "objects lie"))
		c.table([]string{"MEMBER", "NAMESPACE", "OBJECT", "RUN", "ATTEMPT", "STATE"}, lostRows(r.Lost))
	}
	if waits := uncounted(r.Members); len(r.Waiting) > 0 && len(waits) > 0 {
		fmt.Fprintf(out, "\nIf no agent executes on %s any more, and never will: runfleet recover --without %s\n", waits[0], waits[0])
	}
}

func counts(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (c *recoverCall) runs(what string, runs []waitingRun) {
	if len(runs) == 0 {
		return
	}
	fmt.Fprintf(c.stdout, "\n%s %s:\n", counts(len(runs), "run", "runs"), what)
	var rows [][]cell
	for _, r := range runs {
		rows = append(rows, cells(r.Namespace, r.Run, r.Phase, r.Why))
	}
	c.table([]string{"NAMESPACE", "RUN", "PHASE", "WHY"}, rows)
}

func (c *recoverCall) table(heads []string, rows [][]cell) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintln(c.stdout)
	for _, line := range newGrid(pageFor(c.stdout), heads).lines(rows) {
		fmt.Fprintln(c.stdout, line)
	}
}

func memberRows(all []countedMember) [][]cell {
	var rows [][]cell
	for _, m := range all {
		state := cell{text: "no", colour: yellow}
		switch {
		case m.Counted:
			state = cell{text: "yes", colour: green}
		case m.Waived:
			state = cell{text: "waived", colour: quiet}
		}
		rows = append(rows, []cell{{text: m.Name}, state, {text: printable(m.Why)}})
	}
	return rows
}

func lostRows(lost []orphan) [][]cell {
	var rows [][]cell
	for _, o := range lost {
		rows = append(rows, cells(o.Member, o.Namespace, objectName(o.Kind, o.Name), o.Run, number(o.Attempt), o.State))
	}
	return rows
}
