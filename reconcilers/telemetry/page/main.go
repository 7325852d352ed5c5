// Command page writes the tables of docs/telemetry.md: what spans say, which metrics there are, and which Events.
//
//	go run ./reconcilers/telemetry/page    from the root of the repository; `make generate` does it
//
// A table stands between two comments that name it. What stands around them is written by hand.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
)

const document = "docs/telemetry.md"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	data, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	text := string(data)
	for name, rows := range map[string][][]string{
		"attributes": attributes(), "waits": waits(), "metrics": metrics(),
		"transition events": transitions(), "other events": others(),
	} {
		if text, err = replace(text, name, table(rows)); err != nil {
			return err
		}
	}
	return os.WriteFile(document, []byte(text), 0o644)
}

// replace puts a table between its two comments.
func replace(text, name, table string) (string, error) {
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end -->\n"
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("%s has no lines %q and %q", document, begin, end)
	}
	return before + begin + table + end + after, nil
}

func waits() [][]string {
	rows := [][]string{{"reason", "meaning"}}
	for _, w := range lifecycle.Waits {
		rows = append(rows, []string{code(w.Reason), w.Doc})
	}
	return rows
}

func attributes() [][]string {
	rows := [][]string{{"attribute", "of", "meaning"}}
	for _, k := range story.Keys {
		var roles []string
		for _, r := range k.On {
			roles = append(roles, string(r))
		}
		rows = append(rows, []string{code(k.Key), strings.Join(roles, ", "), k.Doc})
	}
	return rows
}

func metrics() [][]string {
	rows := [][]string{{"metric", "type", "labels", "meaning"}}
	for _, d := range telemetry.Definitions() {
		var labels []string
		for _, l := range d.Labels {
			labels = append(labels, code(l))
		}
		rows = append(rows, []string{code(d.Name), d.Type, strings.Join(labels, ", "), d.Help})
	}
	return rows
}

func transitions() [][]string {
	rows := [][]string{{"reason", "type", "meaning"}}
	for _, e := range telemetry.TransitionEvents() {
		rows = append(rows, []string{code(e.Reason), strings.Join(e.Types, " or "), e.Doc})
	}
	return rows
}

func others() [][]string {
	rows := [][]string{{"reason", "type", "on", "meaning"}}
	for _, r := range event.Reasons() {
		rows = append(rows, []string{code(r.Name()), r.Type(), r.On(), r.Doc()})
	}
	return rows
}

func code(word string) string { return "`" + word + "`" }

// table is one of Markdown's, its first row the head.
func table(rows [][]string) string {
	lines := []string{line(rows[0]), strings.Repeat("|---", len(rows[0])) + "|"}
	for _, r := range rows[1:] {
		lines = append(lines, line(r))
	}
	return strings.Join(lines, "\n") + "\n"
}

func line(cells []string) string {
	cells = slices.Clone(cells)
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "|", `\|`), "\n", " ")
	}
	return "| " + strings.Join(cells, " | ") + " |"
}
