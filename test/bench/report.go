package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is bin/bench.json. Ratios compare the two sides in one run of this program; milliseconds and MiB are of this machine.
type report struct {
	Runs   int `json:"runs"`
	Rounds int `json:"rounds"`

	ThroughputRatio  float64 `json:"throughput_ratio"` // plain client's time / ours, median of the rounds
	WritesPerDocsRun float64 `json:"writes_per_docsrun"`
	WritesPerCodeRun float64 `json:"writes_per_coderun"`
	LiveReadsPerRun  float64 `json:"live_reads_per_run"`
	ReconcilesPerRun float64 `json:"reconciles_per_run"`

	ApplyToJobP50          float64 `json:"apply_to_job_p50_ms"` // on an idle fleet, one run at a time
	ApplyToJobP99          float64 `json:"apply_to_job_p99_ms"`
	CompleteToSucceededP99 float64 `json:"complete_to_succeeded_p99_ms"` // as is this
	RSSMiB                 float64 `json:"rss_mib"`                      // the operator's peak

	Ratios       []float64      `json:"throughput_ratios"`
	PlainSeconds []float64      `json:"plain_seconds"`
	OurSeconds   []float64      `json:"runfleet_seconds"`
	Writes       map[string]int `json:"writes"` // of all rounds, by kind of run, verb and resource
	Reads        map[string]int `json:"live_reads"`
	LoadedJobP50 float64        `json:"loaded_apply_to_job_p50_ms"` // while all runs of a round are under way
	LoadedJobP99 float64        `json:"loaded_apply_to_job_p99_ms"`

	DocsRendersPerSecond float64 `json:"docsrun_renders_per_second"` // on one core of this machine
	CodeRendersPerSecond float64 `json:"coderun_renders_per_second"`

	loaded     []time.Duration
	reconciles int
}

func (r *report) idle(o outcome) {
	toJob := spans(o.applied, o.job)
	r.ApplyToJobP50, r.ApplyToJobP99 = percentile(toJob, 50), percentile(toJob, 99)
	r.CompleteToSucceededP99 = percentile(spans(o.complete, o.succeeded), 99)
}

// round adds one round of each side, and what the operator did in its own.
func (r *report) round(plain time.Duration, ours outcome, did counts, runs int) {
	r.PlainSeconds = append(r.PlainSeconds, plain.Seconds())
	r.OurSeconds = append(r.OurSeconds, ours.took.Seconds())
	r.Ratios = append(r.Ratios, plain.Seconds()/ours.took.Seconds())
	r.ThroughputRatio = median(r.Ratios)
	r.loaded = append(r.loaded, spans(ours.applied, ours.job)...)
	r.LoadedJobP50, r.LoadedJobP99 = percentile(r.loaded, 50), percentile(r.loaded, 99)
	if r.Writes == nil {
		r.Writes, r.Reads = map[string]int{}, map[string]int{}
	}
	add(r.Writes, did.writes)
	add(r.Reads, did.reads)
	r.reconciles += did.reconciles
	all := float64(runs * len(r.Ratios))
	r.WritesPerDocsRun, r.WritesPerCodeRun = r.writesOf("DocsRun")/(all/2), r.writesOf("CodeRun")/(all/2)
	r.LiveReadsPerRun = float64(sum(r.Reads)) / all
	r.ReconcilesPerRun = float64(r.reconciles) / all
}

// apart are the writes that are counted apart: they are told in the table, and no part of the bars.
func apart(what string) bool {
	return strings.Contains(what, " events") || strings.Contains(what, " leases")
}

func (r *report) writesOf(kind string) float64 {
	n := 0
	for what, count := range r.Writes {
		if strings.HasPrefix(what, kind+" ") && !apart(what) {
			n += count
		}
	}
	return float64(n)
}

func add(to, more map[string]int) {
	for k, n := range more {
		to[k] += n
	}
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

// spans are the times between two moments of each run that has both.
func spans(from, to map[string]time.Time) []time.Duration {
	var out []time.Duration
	for key, began := range from {
		if ended, ok := to[key]; ok && !ended.IsZero() {
			out = append(out, max(0, ended.Sub(began)))
		}
	}
	return out
}

// percentile is the smallest value that p per cent do not exceed (nearest rank), in milliseconds.
func percentile(d []time.Duration, p float64) float64 {
	if len(d) == 0 {
		return math.NaN()
	}
	d = slices.Sorted(slices.Values(d))
	rank := int(math.Ceil(p / 100 * float64(len(d))))
	return float64(d[max(rank, 1)-1].Microseconds()) / 1000
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func (r *report) write(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

type lineFunc func(what string, got float64, bar string, ok bool)

// newTable begins a table of figures. What line writes is aligned when the table is flushed.
func newTable(w io.Writer) (t *tabwriter.Writer, line lineFunc) {
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "figure\tmeasured\tbar\t\t\n")
	return t, func(what string, got float64, bar string, ok bool) {
		verdict := "ok"
		if !ok {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\t\n", what, got, bar, verdict)
	}
}

// print shows the figures beside their bars.
func (r *report) print(w io.Writer) {
	t, line := newTable(w)
	r.renderLines(line)
	line("throughput_ratio", r.ThroughputRatio, ">= 0.45", r.ThroughputRatio >= 0.45)
	line("writes_per_docsrun", r.WritesPerDocsRun, "<= 8", r.WritesPerDocsRun <= 8)
	line("writes_per_coderun", r.WritesPerCodeRun, "<= 9", r.WritesPerCodeRun <= 9)
	line("live_reads_per_run", r.LiveReadsPerRun, "0", r.LiveReadsPerRun == 0)
	line("reconciles_per_run", r.ReconcilesPerRun, "<= 10", r.ReconcilesPerRun <= 10)
	line("apply_to_job_p50_ms", r.ApplyToJobP50, "< 100", r.ApplyToJobP50 < 100)
	fmt.Fprintf(t, "apply_to_job_p99_ms\t%.2f\t\t\t\n", r.ApplyToJobP99)
	fmt.Fprintf(t, "complete_to_succeeded_p99_ms\t%.2f\t\t\t\n", r.CompleteToSucceededP99)
	fmt.Fprintf(t, "rss_mib\t%.1f\t\t\t\n", r.RSSMiB)
	_ = t.Flush()
	all := float64(r.Runs * len(r.Ratios))
	fmt.Fprintf(w, "\nrequests per run of its kind (%d rounds of %d runs; events and leases apart)\n", len(r.Ratios), r.Runs)
	for _, table := range []map[string]int{r.Writes, r.Reads} {
		for _, what := range slices.Sorted(maps.Keys(table)) {
			per := float64(table[what]) / all
			if strings.HasPrefix(what, "DocsRun") || strings.HasPrefix(what, "CodeRun") {
				per *= 2
			}
			fmt.Fprintf(w, "  %7.3f  %s\n", per, what)
		}
	}
	fmt.Fprintf(w, "\nunder load: apply to Job p50 %.0f ms, p99 %.0f ms; rounds %.2f\n", r.LoadedJobP50, r.LoadedJobP99, r.Ratios)
}
