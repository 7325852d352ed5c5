package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPageFitsItsWidth(t *testing.T) {
	var b strings.Builder
	p := &page{w: &b, width: 40}
	p.chapter("A hub and two members: real API servers on this machine.")
	p.typed("kubectl", "patch", "dr", "shop", "-p", `{"spec": {"suspend": true}}`)
	p.said("The run is invalid:\n* spec.branch: must not begin with a dash\n")
	p.remark("https://github.com/example/shop/a-word-is-never-broken/pull/1")
	want := `
A hub and two members: real API servers
on this machine.
  $ kubectl patch dr shop -p \
        '{"spec": {"suspend": true}}'
    The run is invalid:
    * spec.branch: must not begin with a
      dash
      https://github.com/example/shop/a-word-is-never-broken/pull/1
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPageHasColoursOnlyWhereTheyAreWanted(t *testing.T) {
	for colour, want := range map[bool]string{false: "Failed", true: "\x1b[31mFailed\x1b[0m"} {
		if got := (&page{colour: colour}).paint(red, "Failed"); got != want {
			t.Errorf("colour %v: want %q, got %q", colour, want, got)
		}
	}
}
