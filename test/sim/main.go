// Command sim runs the production reconcilers against a fake fleet, many times, each time with other faults. Every story
// comes from a seed and can be told again.
//
//	go run ./test/sim -seeds 10000     tells many stories on all cores, and says how they went
//	go run ./test/sim -seed 42 -v      tells one, readable
//
// See docs/simulation.md.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/world"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run exits with 0 when every invariant held, 1 when one was violated, 2 when it was asked for nonsense.
func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("sim", flag.ContinueOnError)
	flags.SetOutput(errs)
	seed := flags.Uint64("seed", 0, "tell the story of this seed alone")
	first := flags.Uint64("first", 1, "the first of the seeds")
	seeds := flags.Uint64("seeds", 1000, "how many stories to tell")
	verbose := flags.Bool("v", false, "with -seed: say step by step what happens")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	if *seed > 0 {
		return tellOne(*seed, *verbose, out)
	}
	report := tellMany(*first, *seeds)
	report.print(out)
	if len(report.failures) > 0 {
		return 1
	}
	return 0
}

func tellOne(seed uint64, verbose bool, out io.Writer) int {
	var transcript *strings.Builder
	if verbose {
		transcript = &strings.Builder{}
	}
	r := world.Tell(seed, operator.Plant{}, transcript)
	if verbose {
		fmt.Fprint(out, transcript.String())
	}
	fmt.Fprintf(out, "seed %d: %d steps in %s of virtual time: %s\n", seed, r.Steps, r.Elapsed, verdict(r))
	if r.Violation != "" {
		return 1
	}
	return 0
}

func verdict(r world.Result) string {
	if r.Violation != "" {
		return r.Violation
	}
	return "every invariant held"
}
