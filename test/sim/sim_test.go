package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/world"
)

// TestStoriesKeepTheInvariants tells some; `make sim` tells many more.
func TestStoriesKeepTheInvariants(t *testing.T) {
	const first, count = 1, 100
	r := tellMany(first, count)
	var out strings.Builder
	r.print(&out)
	if len(r.failures) > 0 {
		t.Error(out.String())
	}
	if r.stories != count {
		t.Errorf("told %d stories, want %d", r.stories, count)
	}
	const leastSteps = 100
	if median := r.steps[len(r.steps)/2]; median < leastSteps {
		t.Errorf("the median story has %d steps, want at least %d", median, leastSteps)
	}
}

func TestASeedTellsTheSameStoryAgain(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		var once, again strings.Builder
		first := world.Tell(seed, operator.Plant{}, &once)
		second := world.Tell(seed, operator.Plant{}, &again)
		if diff := cmp.Diff(once.String(), again.String()); diff != "" {
			t.Fatalf("seed %d tells another story the second time:\n%s", seed, diff)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("seed %d comes to another result the second time:\n%s", seed, diff)
		}
		if silent := world.Tell(seed, operator.Plant{}, nil); silent.Steps != first.Steps {
			t.Errorf("seed %d has %d steps without a transcript and %d with one", seed, silent.Steps, first.Steps)
		}
	}
}

// TestBugsStayFixed tells the stories of bugs that the simulation found, each with some choices of delays.
func TestBugsStayFixed(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, err := world.ParseScript(string(text))
			if err != nil {
				t.Fatal(err)
			}
			for seed := uint64(1); seed <= 10; seed++ {
				var transcript strings.Builder
				if r := script.Tell(seed, &transcript); r.Violation != "" {
					t.Fatalf("with the delays of seed %d: %s\n%s\n%s", seed, r.Violation, script.About, transcript.String())
				}
			}
		})
	}
}
