// Command sim runs the production reconcilers against a fake fleet, many times, each time with other faults. Every story
// comes from a seed and can be told again.
//
//	go run ./test/sim -seeds 10000     tells many stories on all cores, and says how they went
//	go run ./test/sim -seed 42 -v      tells one, readable
//	go run ./test/sim -story FILE -v   tells a story that was written down, such as test/sim/testdata/two-leases.txt
//
// See docs/simulation.md.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/world"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// heap is how much the garbage collector lets lie before it works at all, in bytes: a story lives for some milliseconds, and
// what is alive of it fits many times.
const heap = 512 << 20

// run exits with 0 when every invariant held, 1 when one was violated, 2 when it was asked for nonsense.
func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("sim", flag.ContinueOnError)
	flags.SetOutput(errs)
	seed := flags.Uint64("seed", 0, "tell the story of this seed alone")
	first := flags.Uint64("first", 1, "the first of the seeds")
	seeds := flags.Uint64("seeds", 1000, "how many stories to tell")
	story := flags.String("story", "", "tell the story of this file, with the delays of -seed")
	verbose := flags.Bool("v", false, "with -seed or -story: say step by step what happens")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	tell := func(transcript *strings.Builder) world.Result { return world.Tell(*seed, operator.Plant{}, transcript) }
	if *story != "" {
		script, err := read(*story)
		if err != nil {
			fmt.Fprintln(errs, err)
			return 2
		}
		tell = func(transcript *strings.Builder) world.Result { return script.Tell(max(*seed, 1), transcript) }
	}
	if *seed > 0 || *story != "" {
		return tellOne(tell, *verbose, out)
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(heap)
	report := tellMany(*first, *seeds)
	report.print(out)
	if len(report.failures) > 0 {
		return 1
	}
	return 0
}

func read(file string) (world.Script, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return world.Script{}, fmt.Errorf("reading the story: %w", err)
	}
	script, err := world.ParseScript(string(text))
	if err != nil {
		return script, fmt.Errorf("reading the story %s: %w", file, err)
	}
	return script, nil
}

func tellOne(tell func(*strings.Builder) world.Result, verbose bool, out io.Writer) int {
	var transcript *strings.Builder
	if verbose {
		transcript = &strings.Builder{}
	}
	r := tell(transcript)
	if verbose {
		fmt.Fprint(out, transcript.String())
	}
	verdict := "every invariant held"
	if r.Violation != "" {
		verdict = r.Violation
	}
	fmt.Fprintf(out, "seed %d: %d steps in %s of virtual time: %s\n", r.Seed, r.Steps, r.Elapsed.Round(time.Millisecond), verdict)
	if r.Violation != "" {
		return 1
	}
	return 0
}
