package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// settings are how much is measured.
type settings struct {
	runs, rounds, idle int
	takeover, render   bool
	collector          bool
	out                string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.runs, "runs", 300, "runs in a round, half of each kind")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds of each side, in turn")
	flags.IntVar(&s.idle, "idle", 40, "runs that are applied one by one on an idle fleet, for latencies")
	flags.BoolVar(&s.takeover, "takeover", false, "measure how soon a second operator acts when the first is killed, and nothing else")
	flags.BoolVar(&s.collector, "collector", false, "measure what a collector of traces costs that never answers, and nothing else")
	flags.BoolVar(&s.render, "render", false, "measure how fast attempts are rendered, and nothing else; it needs no fleet")
	flags.StringVar(&s.out, "o", "bin/bench.json", "file for the figures")
	if err := flags.Parse(args); err != nil {
		return err
	}
	say := func(format string, a ...any) { fmt.Fprintf(stderr, format+"\n", a...) }
	r := &report{Runs: s.runs, Rounds: s.rounds}
	if !s.takeover && !s.collector {
		say("rendering ...")
		if err := r.renders(); err != nil { //nolint:contextcheck // it asks nobody and waits for nobody
			return fmt.Errorf("measuring how fast attempts are rendered: %w", err)
		}
	}
	if s.render {
		return r.printRenders(stdout)
	}
	say("starting a hub and two members ...")
	f, err := startFleet(ctx)
	if err != nil {
		return err
	}
	defer f.stop()
	if s.takeover {
		return f.takeOver(ctx, stdout, say)
	}
	if s.collector {
		return f.withCollector(ctx, s, stdout, say)
	}
	if err := measure(ctx, f, s, r, say); err != nil {
		return err
	}
	if err := r.write(s.out); err != nil {
		return err
	}
	r.print(stdout)
	return nil
}

// measure runs the rounds. Every round uses a namespace of its own, so that none meets what another left.
func measure(ctx context.Context, f *testFleet, s settings, r *report, say func(string, ...any)) error {
	say("one by one on an idle fleet: %d runs ...", s.idle)
	idle, err := f.oneByOne(ctx, s.idle)
	if err != nil {
		return fmt.Errorf("measuring the idle fleet: %w", err)
	}
	r.idle(idle)
	for n := range s.rounds {
		plain, err := f.plainRound(ctx, fmt.Sprintf("plain-%d", n), s.runs)
		if err != nil {
			return fmt.Errorf("round %d of the plain client: %w", n+1, err)
		}
		before, err := f.counts()
		if err != nil {
			return err
		}
		ours, err := f.operatorRound(ctx, fmt.Sprintf("runs-%d", n), s.runs)
		if err != nil {
			return fmt.Errorf("round %d of the operator: %w", n+1, err)
		}
		after, err := f.counts()
		if err != nil {
			return err
		}
		r.round(plain, ours, after.minus(before), s.runs)
		say("round %d: plain %.1f s, runfleet %.1f s, ratio %.2f", n+1, plain.Seconds(), ours.took.Seconds(),
			plain.Seconds()/ours.took.Seconds())
	}
	r.RSSMiB, err = f.rss()
	return err
}
