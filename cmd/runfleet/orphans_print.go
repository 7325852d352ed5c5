package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/runfleet/runfleet/reconcilers/garbage"
)

// orphan is an object on a member as programs get it.
type orphan struct {
	Member    string     `json:"member"`
	Kind      string     `json:"kind"`
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	UID       types.UID  `json:"uid"`
	Run       string     `json:"run,omitempty"` // kind/name
	RunUID    types.UID  `json:"runUID,omitempty"`
	Attempt   int32      `json:"attempt,omitempty"`
	State     string     `json:"state,omitempty"`
	Created   time.Time  `json:"created"`
	Ends      *time.Time `json:"ends,omitempty"`
	Orphan    bool       `json:"orphan"`
	Why       string     `json:"why"`
}

func (c *orphansCall) print(entries []garbage.Entry, members, silent int) error {
	switch {
	case c.output == outputJSON || c.output == outputYAML:
		items := []orphan{}
		for _, e := range entries {
			items = append(items, forPrograms(e))
		}
		return printValue(c.stdout, c.output, map[string]any{"items": items})
	case c.output == outputName:
		for _, e := range entries {
			fmt.Fprintln(c.stdout, strings.Join([]string{e.Member, e.Namespace, objectName(e.Kind, e.Name)}, "/"))
		}
		return nil
	case len(entries) == 0:
		fmt.Fprintln(c.stderr, c.nothing(members, silent))
		return nil
	}
	p := pageFor(c.stdout)
	if c.output == outputWide {
		p.width = 0 // whoever asks for everything gets it, and the terminal wraps it
	}
	for _, line := range newGrid(p, c.heads()).lines(c.rows(entries, time.Now())) {
		fmt.Fprintln(c.stdout, line)
	}
	return nil
}

func (c *orphansCall) nothing(members, silent int) string {
	switch what := map[bool]string{false: "No orphans", true: "Nothing of Runfleet's"}[c.all]; {
	case members == 0:
		return "No members: a MemberCluster object registers one."
	case silent > 0:
		return what + " on the members that could be asked."
	case c.hub.namespace != "":
		return fmt.Sprintf("%s in namespace %s on any of %d members.", what, c.hub.namespace, members)
	default:
		return fmt.Sprintf("%s on any of %d members.", what, members)
	}
}

func (c *orphansCall) heads() []string {
	heads := []string{"MEMBER", "NAMESPACE", "OBJECT", "RUN", "ATTEMPT", "STATE", "AGE"}
	if c.output == outputWide {
		heads = append(heads, "RUN UID")
	}
	return append(heads, "WHY")
}

func (c *orphansCall) rows(entries []garbage.Entry, now time.Time) [][]cell {
	var rows [][]cell
	for _, e := range entries {
		texts := []string{
			e.Member, e.Namespace, objectName(e.Kind, e.Name), runName(e), number(e.Attempt), stateOf(e), elapsed(e.Created, now),
		}
		if c.output == outputWide {
			texts = append(texts, string(e.Run))
		}
		row := cells(append(texts, e.Why)...)
		row[5].colour = stateColour(e)
		rows = append(rows, row)
	}
	return rows
}

// cells are texts as a row, with a dash for what there is not.
func cells(texts ...string) []cell {
	row := make([]cell, 0, len(texts))
	for _, text := range texts {
		row = append(row, cell{text: cmp.Or(printable(text), "-")})
	}
	return row
}

func forPrograms(e garbage.Entry) orphan {
	o := orphan{
		Member: e.Member, Kind: e.Kind, Namespace: e.Namespace, Name: e.Name, UID: e.UID,
		Run: runName(e), RunUID: e.Run, Attempt: e.Attempt, State: stateOf(e), Created: e.Created.UTC(), Orphan: e.Orphan, Why: e.Why,
	}
	if !e.Ends.IsZero() {
		o.Ends = new(e.Ends.UTC())
	}
	return o
}

func objectName(kind, name string) string { return strings.ToLower(kind) + "/" + name }

// runName is what the object says, which anybody on the member can write.
func runName(e garbage.Entry) string {
	if e.Home == (garbage.Home{}) {
		return ""
	}
	return printable(e.Home.String())
}

func stateOf(e garbage.Entry) string {
	if e.Deleting {
		return "deleting"
	}
	return string(e.State)
}

func stateColour(e garbage.Entry) string {
	switch {
	case e.Deleting:
		return quiet
	case e.Orphan && e.State == garbage.Running:
		return red
	case e.State == garbage.Running:
		return cyan
	case e.State == garbage.Suspended:
		return yellow
	default:
		return plain
	}
}
