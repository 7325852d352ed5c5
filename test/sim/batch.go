package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/world"
)

// report is what many stories came to.
type report struct {
	stories  int
	took     time.Duration
	failures []world.Result // by seed
	steps    []int          // sorted
	faults   map[string]int
	rows     map[string]int
}

// tellMany tells the stories of a range of seeds on all cores.
func tellMany(first, count uint64) report {
	began := time.Now()
	var next atomic.Uint64
	parts := make([]report, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			parts[i] = newReport()
			for n := next.Add(1); n <= count; n = next.Add(1) {
				parts[i].add(world.Tell(first+n-1, operator.Plant{}, nil))
			}
		})
	}
	wg.Wait()
	all := newReport()
	for _, p := range parts {
		all.merge(p)
	}
	slices.Sort(all.steps)
	slices.SortFunc(all.failures, func(a, b world.Result) int { return cmp.Compare(a.Seed, b.Seed) })
	all.took = time.Since(began)
	return all
}

func newReport() report { return report{faults: map[string]int{}, rows: map[string]int{}} }

func (r *report) add(s world.Result) {
	r.stories++
	r.steps = append(r.steps, s.Steps)
	if s.Violation != "" {
		r.failures = append(r.failures, s)
	}
	sum(r.faults, s.Faults)
	sum(r.rows, s.Rows)
}

func (r *report) merge(o report) {
	r.stories += o.stories
	r.steps = append(r.steps, o.steps...)
	r.failures = append(r.failures, o.failures...)
	sum(r.faults, o.faults)
	sum(r.rows, o.rows)
}

func sum(to, from map[string]int) {
	for k, n := range from {
		to[k] += n
	}
}

// print writes the report: what was told, what was done to it, which rows of the table fired, and what went wrong.
func (r *report) print(out io.Writer) {
	median := 0
	if len(r.steps) > 0 {
		median = r.steps[len(r.steps)/2]
	}
	fmt.Fprintf(out, "%-24s %10d\n", "schedules", r.stories)
	fmt.Fprintf(out, "%-24s %10d\n", "failures", len(r.failures))
	fmt.Fprintf(out, "%-24s %10d\n", "median steps", median)
	fmt.Fprintf(out, "%-24s %10.0f\n", "schedules per second", float64(r.stories)/r.took.Seconds())
	fmt.Fprintf(out, "\nfaults\n")
	for _, name := range slices.Sorted(maps.Keys(r.faults)) {
		fmt.Fprintf(out, "  %-22s %10d\n", name, r.faults[name])
	}
	fmt.Fprintf(out, "\nrows\n")
	var never []string
	for _, id := range world.Rows() {
		if r.rows[id] == 0 {
			never = append(never, id)
			continue
		}
		fmt.Fprintf(out, "  %-22s %10d\n", id, r.rows[id])
	}
	fmt.Fprintf(out, "  never fired: %s\n", cmp.Or(strings.Join(never, " "), "none"))
	r.printFailures(out)
}

// printFailures names the first failing seeds, and how to see them.
func (r *report) printFailures(out io.Writer) {
	const most = 10
	for _, f := range r.failures[:min(most, len(r.failures))] {
		fmt.Fprintf(out, "\nseed %d, after %d steps: %s\n  go run ./test/sim -seed %d -v\n", f.Seed, f.Steps, f.Violation, f.Seed)
	}
	if n := len(r.failures) - most; n > 0 {
		fmt.Fprintf(out, "\nand %d more\n", n)
	}
}
