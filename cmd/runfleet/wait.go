package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func newWaitCommand() *cobra.Command {
	var target string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait RUN...",
		Short: "Wait until runs have ended, and exit by how they ended",
		Long: `Wait until runs have ended, or have reached a phase, and exit by the outcome.

Each outcome is a line of standard output: run, phase, and its pull request or the reason. Changes of phase before it
are lines of standard error.

Exit codes; with several runs the highest counts:
  0  Succeeded, or in the phase of --for
  3  Failed
  4  Cancelled
  5  not there within --timeout
  6  the run does not exist, or was deleted meanwhile
  1  anything else, such as a run that succeeded without the phase of --for
  2  the call makes no sense`,
		Example: `  runfleet wait docsrun/shop --timeout 2h
  runfleet wait cr/auth-7 --for=Running && echo started

With kubectl, where only success ends the waiting early:
  kubectl wait docsrun/shop --for=condition=Succeeded --timeout=2h`,
		ValidArgsFunction: completeRuns,
	}
	cmd.Flags().StringVar(&target, "for", "final", "the `PHASE` to wait for; final is any of Succeeded, Failed and Cancelled")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait, a `TIME` such as 30m (default as long as it takes)")
	completeFlag(cmd, "for", completePhases)
	flags := addHubFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		refs, err := parseRuns(args)
		if err != nil {
			return err
		}
		phase, err := targetPhase(target)
		if err != nil {
			return err
		}
		if timeout < 0 {
			return usagef("--timeout must not be negative: leave it out to wait as long as it takes")
		}
		h, err := flags.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		items, err := h.find(cmd.Context(), refs, false)
		if err != nil {
			if _, missing := errors.AsType[missingError](err); missing {
				return exitError{exitGone, err}
			}
			return err
		}
		w := newWaiting(items, phase, cmd.OutOrStdout(), cmd.ErrOrStderr())
		return w.wait(cmd.Context(), h, timeout)
	}
	return cmd
}

// waiting is the state of a wait for some runs.
type waiting struct {
	target v1.Phase // "" is any final one
	open   map[string]types.UID
	order  []item
	phases map[string]v1.Phase // as told last
	wide   int                 // of the longest name
	code   int
	stdout io.Writer
	stderr io.Writer
}

func newWaiting(items []item, target v1.Phase, stdout, stderr io.Writer) *waiting {
	w := &waiting{
		target: target, order: items, open: map[string]types.UID{}, phases: map[string]v1.Phase{}, stdout: stdout, stderr: stderr,
	}
	for _, i := range items {
		w.open[i.key()] = i.object.GetUID()
		w.wide = max(w.wide, len(i.String()))
	}
	return w
}

func (w *waiting) wait(ctx context.Context, h *hub, timeout time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var late <-chan time.Time
	if timeout > 0 {
		late = time.After(timeout)
	}
	kinds, opts := w.scope(h)
	for seen := h.follow(ctx, kinds, opts); len(w.open) > 0; {
		select {
		case <-ctx.Done():
			return exitError{exitInterrupted, nil}
		case <-late:
			return exitError{max(w.code, exitTimeout), fmt.Errorf("after %s: %s", timeout, w.left())}
		case s := <-seen:
			switch {
			case s.err != nil:
				return s.err
			case s.notice != "":
				fmt.Fprintln(w.stderr, s.notice)
			case s.listed:
				w.missed(s.kind)
			default:
				w.see(s.item)
			}
		}
	}
	if w.code != exitOK {
		return exitError{w.code, nil}
	}
	return nil
}

// scope is what has to be followed: of a kind of which one run is waited for, nothing but that.
func (w *waiting) scope(h *hub) ([]*kind, func(*kind) []client.ListOption) {
	named := map[*kind][]string{}
	var kinds []*kind
	for _, i := range w.order {
		if named[i.kind] == nil {
			kinds = append(kinds, i.kind)
		}
		named[i.kind] = append(named[i.kind], i.object.GetName())
	}
	return kinds, func(k *kind) []client.ListOption {
		opts := []client.ListOption{client.InNamespace(h.namespace)}
		if len(named[k]) == 1 {
			opts = append(opts, client.MatchingFields{"metadata.name": named[k][0]})
		}
		return opts
	}
}

// see looks at a run in its newest form.
func (w *waiting) see(i item) {
	uid, ok := w.open[i.key()]
	run := i.run()
	switch {
	case !ok || run == nil:
		return
	case i.gone || uid != i.object.GetUID():
		w.end(i, exitGone, "Deleted", "")
		return
	}
	status := run.RunStatus()
	if code, done := judge(run, w.target); done {
		w.end(i, code, status.Phase, outcome(status))
		return
	}
	if last, told := w.phases[i.key()]; !told || last != status.Phase {
		w.phases[i.key()] = status.Phase
		w.line(w.stderr, i, status.Phase, outcome(status))
	}
}

// missed ends what was deleted between the first look and the list. What the list had was seen before.
func (w *waiting) missed(k *kind) {
	for _, i := range w.order {
		_, waits := w.open[i.key()]
		if _, seen := w.phases[i.key()]; i.kind == k && waits && !seen {
			w.end(i, exitGone, "Deleted", "")
		}
	}
}

func (w *waiting) end(i item, code int, phase v1.Phase, text string) {
	delete(w.open, i.key())
	w.code = max(w.code, code)
	w.line(w.stdout, i, phase, text)
}

func (w *waiting) line(out io.Writer, i item, phase v1.Phase, text string) {
	g := newGrid(pageFor(out), []string{"", "", ""})
	g.width = 0 // an outcome is not cut
	g.widths = []int{w.wide, len(v1.PhaseProvisioning), 0}
	fmt.Fprintln(out, g.line([]cell{{text: i.String()}, {string(phase), phaseColour(phase)}, {text: text}}))
}

// left says what did not come in time.
func (w *waiting) left() string {
	var parts []string
	for _, i := range w.order {
		if _, waits := w.open[i.key()]; waits {
			parts = append(parts, fmt.Sprintf("%s is %s", i, cmp.Or(string(w.phases[i.key()]), "not seen yet")))
		}
	}
	return strings.Join(parts, ", ")
}

func targetPhase(name string) (v1.Phase, error) {
	if strings.EqualFold(name, "final") {
		return "", nil
	}
	return pick("phase", name, phases())
}

// phases are those that the table knows, in its order.
func phases() []v1.Phase {
	var names []v1.Phase
	for _, s := range stateNames(kindTables[0].table()) {
		names = append(names, v1.Phase(s))
	}
	return slices.Clip(names)
}
