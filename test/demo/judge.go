package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// judge shows how each run ended and why, and returns an error for every one that ended otherwise than its example says.
func (d *demo) judge() error {
	var errs []error
	for i, line := range d.table() {
		if i == 0 {
			d.said(line)
			continue
		}
		p := d.promises[i-1]
		seen := d.sights[p.run]
		phase := string(seen.status.Phase)
		fmt.Fprintln(d.w, "    "+strings.Replace(line, phase, d.paint(colourOf(seen.status.Phase), phase), 1))
		for _, why := range seen.why() {
			d.remark(why)
		}
		if b := p.broken(&seen.status); b != "" {
			errs = append(errs, fmt.Errorf("%s did not end as its example says: %s", p.run, b))
		}
	}
	errs = append(errs, d.turns()...)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	took := time.Since(d.began).Round(time.Second).Seconds()
	d.chapter(fmt.Sprintf("All %d ended as their examples say, %.0f s after the fleet was up.", len(d.promises), took))
	return nil
}

// table is a head and a line for each promise.
func (d *demo) table() []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tENDED\tCLUSTER\tATTEMPTS\tTOOK")
	for _, p := range d.promises {
		s := d.sights[p.run].status
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", p.run, s.Phase, s.Cluster, s.Attempt, took(s))
	}
	_ = w.Flush()
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

// took is the time from the first agent's start to the end, with the waits between attempts.
func took(s v1.RunStatus) string {
	if s.StartedAt == nil || s.FinishedAt == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f s", s.FinishedAt.Sub(s.StartedAt.Time).Seconds())
}

// why are the sentences that explain an end: what was waited for, how earlier attempts went, and the last word.
func (s *sight) why() []string {
	var words []string
	if s.waited != "" {
		words = append(words, "waited: "+s.waited)
	}
	for _, a := range s.status.Attempts {
		if a.Number < s.status.Attempt && a.Message != "" {
			words = append(words, a.Message)
		}
	}
	last := s.status.Reason + ": " + s.status.Message
	if s.status.Phase == v1.PhaseSucceeded {
		last = cmp.Or(s.status.PullRequestURL, s.status.Message)
	}
	return append(words, last)
}

// turns returns an error for each service whose runs should have taken turns and did not: all but one must have waited, and
// no two may have worked at once.
func (d *demo) turns() []error {
	groups := map[string][]string{}
	for _, p := range d.promises {
		if p.turn {
			groups[p.service] = append(groups[p.service], p.run)
		}
	}
	var errs []error
	for service, runs := range groups {
		slices.SortFunc(runs, func(a, b string) int { return d.sights[a].status.StartedAt.Compare(d.sights[b].status.StartedAt.Time) })
		for i, run := range runs[1:] {
			before, after := d.sights[runs[i]].status, d.sights[run]
			if after.waited == "" || after.status.StartedAt.Before(before.FinishedAt) {
				errs = append(errs, fmt.Errorf("%s did not wait until %s had left the workspace of %s", run, runs[i], service))
			}
		}
	}
	return errs
}

func colourOf(p v1.Phase) string {
	if p == v1.PhaseSucceeded {
		return green
	}
	return red
}
