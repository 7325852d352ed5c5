package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/render"
)

const (
	renderTime = 2 * time.Second // for each kind
	renderBar  = 1000            // a second, on one core
)

// rendersPerSecond measures how often one core renders the second attempt of an example: all its files and objects. A second is
// one that the core worked for this program, so that neighbours do not count.
func rendersPerSecond(example string) (float64, error) {
	run, c, err := toRender(example)
	if err != nil {
		return 0, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.GC()
	n := 0
	began := worked()
	for worked()-began < renderTime {
		for range 100 {
			if _, err := render.Render(run, 2, rehearsal.HubUID, c.Render); err != nil {
				return 0, err
			}
			n++
		}
	}
	return float64(n) / (worked() - began).Seconds(), nil
}

// worked is the time that cores have worked for this program.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) //nolint:forbidigo // it cannot fail with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func toRender(example string) (v1.Run, config.Config, error) {
	c, _, err := config.Parse([]byte(configuration))
	if err != nil {
		return nil, c, err
	}
	text, err := os.ReadFile(filepath.Join("docs", "examples", example))
	if err != nil {
		return nil, c, fmt.Errorf("reading an example: %w", err)
	}
	objects, err := rehearsal.Documents(text)
	if err != nil {
		return nil, c, fmt.Errorf("reading %s: %w", example, err)
	}
	run, err := rehearsal.Admit(objects[0])
	if err != nil {
		return nil, c, fmt.Errorf("reading %s: %w", example, err)
	}
	run, _, err = rehearsal.Attempt(run, 2, c)
	return run, c, err
}

// renders measures both kinds.
func (r *report) renders() (err error) {
	if r.DocsRendersPerSecond, err = rendersPerSecond("docsrun.yaml"); err != nil {
		return err
	}
	r.CodeRendersPerSecond, err = rendersPerSecond("coderun.yaml")
	return err
}

// renderLines are the figures beside their bar.
func (r *report) renderLines(line lineFunc) {
	bar := fmt.Sprintf(">= %d", renderBar)
	line("docsrun_renders_per_second", r.DocsRendersPerSecond, bar, r.DocsRendersPerSecond >= renderBar)
	line("coderun_renders_per_second", r.CodeRendersPerSecond, bar, r.CodeRendersPerSecond >= renderBar)
}

// printRenders shows these figures alone, and fails where one is below the bar.
func (r *report) printRenders(w io.Writer) error {
	t, line := newTable(w)
	r.renderLines(line)
	if err := t.Flush(); err != nil {
		return err
	}
	if min(r.DocsRendersPerSecond, r.CodeRendersPerSecond) < renderBar {
		return errors.New("a bar was missed")
	}
	return nil
}
