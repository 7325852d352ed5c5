package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	// spansFile is where the demo leaves what the operator exported, for whoever wants to go on looking.
	spansFile = ".runfleet/demo-spans.json"
	// exported is how long the last span of a run may take to arrive: the operator sends a batch each second.
	exported = 15 * time.Second
)

// trace ends the demo with the run to which most has happened: what it did with its time, as the operator exported it.
func (d *demo) trace(ctx context.Context) error {
	run := d.eventful()
	d.chapter(fmt.Sprintf("Every run is one trace, which the operator exported as it went on. That of %s, to which most happened:", run))
	if err := d.awaitTrace(ctx, run); err != nil {
		return err
	}
	if err := d.collector.WriteFile(spansFile); err != nil {
		return err
	}
	args := []string{"trace", run, "--from", spansFile}
	d.typed("runfleet", args...)
	cmd := d.command(ctx, runfleetPath, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr // it knows how wide the terminal is
	if err := cmd.Run(); err != nil {
		return because(ctx, fmt.Errorf("runfleet %s: %w", strings.Join(args, " "), err))
	}
	fmt.Fprintln(d.w)
	d.quietly("  The other runs are in that file, too; -o html makes a page.")
	return nil
}

// eventful is the run with most transitions.
func (d *demo) eventful() string {
	best := d.promises[0].run
	for _, p := range d.promises {
		if d.sights[p.run].status.Transitions > d.sights[best].status.Transitions {
			best = p.run
		}
	}
	return best
}

// awaitTrace waits for the span of the run itself, the last one that is told of it.
func (d *demo) awaitTrace(ctx context.Context, run string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, exported, errors.New("the span of the run did not arrive at the collector"))
	defer cancel()
	kind, name, _ := strings.Cut(run, "/")
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		for _, s := range d.collector.Spans() {
			if strings.EqualFold(s.Attribute("cicd.pipeline.name"), kind) && s.Attribute("runfleet.run.name") == name {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
