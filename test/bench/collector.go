package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// bill is what one round cost the operator.
type bill struct{ writes, reconciles, cpu float64 }

// tick is what the kernel counts a process's time in, in seconds.
const tick = 0.01

// withCollector measures the same runs with an operator that exports nothing, and with one whose collector takes its connections
// and never answers, in turn. Each round has an operator of its own.
func (f *testFleet) withCollector(ctx context.Context, s settings, out io.Writer, say func(string, ...any)) error {
	hole, err := blackHole(ctx)
	if err != nil {
		return err
	}
	var healthy, holed []bill
	for n := range s.rounds {
		for _, side := range []struct {
			name  string
			flags []string
			bills *[]bill
		}{{"without", nil, &healthy}, {"black-holed", []string{"--otlp-endpoint", hole}, &holed}} {
			b, err := f.billOf(ctx, fmt.Sprintf("%s-%d", side.name, n), s.runs, side.flags)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", n+1, side.name, err)
			}
			*side.bills = append(*side.bills, b)
			say("round %d, %s: %.0f writes, %.0f reconciles, %.2f s of CPU", n+1, side.name, b.writes, b.reconciles, b.cpu)
		}
	}
	return judge(out, healthy, holed)
}

// blackHole is the URL of what takes connections and never answers, until ctx ends.
func blackHole(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening as a collector: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() }) // open till then, and nobody reads it
		}
	}()
	return "http://" + l.Addr().String(), nil
}

// billOf is one round with an operator of its own.
func (f *testFleet) billOf(ctx context.Context, name string, runs int, flags []string) (bill, error) {
	end(f.operator, syscall.SIGTERM)
	f.operator = nil
	if err := f.startOperator(ctx, flags...); err != nil {
		return bill{}, err
	}
	if _, err := f.operatorRoundOf(ctx, "warm-"+name, 0); err != nil { // it leads, and its caches are warm
		return bill{}, err
	}
	before, err := f.counts()
	if err != nil {
		return bill{}, err
	}
	began, err := f.cpu()
	if err != nil {
		return bill{}, err
	}
	if _, err := f.operatorRound(ctx, name, runs); err != nil {
		return bill{}, err
	}
	ended, err := f.cpu()
	if err != nil {
		return bill{}, err
	}
	after, err := f.counts()
	if err != nil {
		return bill{}, err
	}
	did := after.minus(before)
	return bill{writes: float64(sum(did.writes)), reconciles: float64(did.reconciles), cpu: ended - began}, nil
}

// cpu is the operator's time so far, in seconds, as the kernel counts it.
func (f *testFleet) cpu() (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", f.operator.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading the operator's time: %w", err)
	}
	_, rest, _ := strings.Cut(string(data), ") ") // behind the name, which may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("the kernel does not tell the operator's time")
	}
	user, userErr := strconv.ParseFloat(fields[11], 64)
	system, systemErr := strconv.ParseFloat(fields[12], 64)
	return (user + system) * tick, errors.Join(userErr, systemErr)
}

// judge prints the figures of both sides, and is an error where one of them differs by more than it may: by 5 % at most, or by no
// more than two healthy rounds do.
func judge(out io.Writer, healthy, holed []bill) error {
	t, line := newTable(out)
	var missed []string
	for _, figure := range []struct {
		name string
		of   func(bill) float64
	}{
		{"writes", func(b bill) float64 { return b.writes }},
		{"reconciles", func(b bill) float64 { return b.reconciles }},
		{"cpu_seconds", func(b bill) float64 { return b.cpu }},
	} {
		without, with := column(healthy, figure.of), column(holed, figure.of)
		usual := median(without)
		differs := math.Abs(median(with)-usual) / usual * 100
		may := max(5, (slices.Max(without)-slices.Min(without))/usual*100)
		line(figure.name+" without a collector", usual, "", true)
		line(figure.name+" with a black hole", median(with), "", true)
		line("difference in %", differs, fmt.Sprintf("< %.1f", may), differs < may)
		if differs >= may {
			missed = append(missed, figure.name)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(missed) > 0 {
		return fmt.Errorf("a black-holed collector costs %s", strings.Join(missed, ", "))
	}
	return nil
}

func column(bills []bill, of func(bill) float64) (all []float64) {
	for _, b := range bills {
		all = append(all, of(b))
	}
	return all
}
