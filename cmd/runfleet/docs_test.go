package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every call that docs/cli.md shows names verbs and flags that exist, and every verb is in it.
func TestTheDocumentedCallsExist(t *testing.T) {
	data, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile("(?m)^runfleet ([^#|&\n]*)").FindAllStringSubmatch(string(data), -1)
	if len(calls) < 10 {
		t.Fatalf("only %d calls found", len(calls))
	}
	for _, c := range calls {
		root := newRootCommand("runfleet")
		root.SetOut(io.Discard)
		words := strings.Fields(strings.ReplaceAll(c[1], `"`, " "))
		cmd, rest, err := root.Find(words)
		if err != nil || cmd == root {
			t.Errorf("runfleet %s: no such verb (%v)", c[1], err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("runfleet %s: %v", c[1], err)
		}
	}
	for _, cmd := range newRootCommand("runfleet").Commands() {
		if cmd.IsAvailableCommand() && !strings.Contains(string(data), "`"+cmd.Name()) {
			t.Errorf("docs/cli.md says nothing of %s", cmd.Name())
		}
	}
	for _, c := range changes {
		if !strings.Contains(string(data), "-p '"+c.patch()+"'") {
			t.Errorf("docs/cli.md lacks the kubectl line of %s", c.verb)
		}
	}
}
