package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// logsCall is one call of logs, read.
type logsCall struct {
	road
	stdout io.Writer

	follow  bool
	raw     bool
	attempt int32 // 0 is the newest
}

func newLogsCommand() *cobra.Command {
	var call logsCall
	cmd := &cobra.Command{
		Use:   "logs RUN",
		Short: "Show what the agent of a run says and does",
		Long: `Show what the agent of a run says, which tools it calls, what goes wrong in them and what it has spent, from whichever
member runs it. Where its pod is gone, show how the attempt ended, as the run records it.

With -f it goes on as the agent does, with each further attempt of the run, and ends when the run has ended, by the exit
codes of wait: 0 Succeeded, 3 Failed, 4 Cancelled, 6 deleted.

The member is asked by the kubeconfig that the operator has for it. That user may not read logs unless it was given the
ClusterRole runfleet-logs of docs/members.md; --own-contexts goes by your own contexts, which must be called as the
members are.`,
		Example: `  runfleet logs coderun/auth-7                 what there is of the newest attempt
  runfleet logs -f auth-7 --own-contexts       all that comes, by your own contexts
  runfleet logs auth-7 --attempt 1
  runfleet logs auth-7 --raw | jq .            the log as the pod wrote it`,
		ValidArgsFunction: completeRun,
	}
	cmd.Flags().BoolVarP(&call.follow, "follow", "f", false, "go on until the run has ended")
	cmd.Flags().Int32Var(&call.attempt, "attempt", 0, "the attempt with the number `N` (default the newest); -f begins with it")
	cmd.Flags().BoolVar(&call.raw, "raw", false, "print the log byte by byte, and what else there is to say to standard error")
	completeFlag(cmd, "attempt", completeAttempts)
	call.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		refs, err := parseRuns(args)
		switch {
		case err != nil:
			return err
		case len(refs) > 1:
			return usagef("name one run: a log is one agent's")
		case cmd.Flags().Changed("attempt") && call.attempt < 1:
			return usagef("--attempt %d: attempts are counted from 1", call.attempt)
		}
		if call.hub, err = call.flags.connect(call.stderr); err != nil {
			return err
		}
		return call.show(cmd.Context(), refs)
	}
	return cmd
}

func (c *logsCall) show(ctx context.Context, refs []ref) error {
	items, err := c.hub.find(ctx, refs, false)
	if err != nil {
		if _, missing := errors.AsType[missingError](err); missing {
			return exitError{exitGone, err}
		}
		return err
	}
	run := items[0]
	status := run.run().RunStatus()
	if c.attempt > 0 && status.Attempt > 0 && attemptOf(status, c.attempt) == nil {
		return usagef("%s has no attempt %d: there are %s", run, c.attempt, strings.Join(attemptNumbers(status), ", "))
	}
	if c.follow {
		return newFollowing(c, run).follow(ctx)
	}
	return c.once(ctx, run)
}

// once shows what there is.
func (c *logsCall) once(ctx context.Context, run item) error {
	status := run.run().RunStatus()
	number := c.attempt
	if number == 0 {
		number = status.Attempt
	}
	a := attemptOf(status, number)
	if a == nil {
		return fmt.Errorf("there is no attempt yet, so there is no log: %s (-f waits for it)", waits(run, time.Now()))
	}
	show := c.begin(run, a, true)
	read := c.read(ctx, run, a, show)
	switch {
	case read.end == logEnded:
		show.finish(true)
		c.outcome(run, a, "")
		return nil
	case a.EndedAt == nil && read.end == logBroken:
		return read.err
	case a.EndedAt == nil && read.end == logGone && a.StartSeenAt != nil:
		return fmt.Errorf("the pod of attempt %d is gone, and how it ended is not known yet: %s", a.Number, waits(run, time.Now()))
	case a.EndedAt == nil:
		return fmt.Errorf("attempt %d has no log yet: %s (-f waits for it)", a.Number, waits(run, time.Now()))
	case c.raw && read.end != logBroken:
		return fmt.Errorf("attempt %d: %s (without --raw: how it ended)", a.Number, c.missing(ctx, run, a, read.end))
	}
	show.finish(false)
	c.outcome(run, a, c.missing(ctx, run, a, read.end))
	return read.err
}

// outcome tells how the attempt ended, if it has, and why there is no log, if there is none.
func (c *logsCall) outcome(run item, a *v1.Attempt, missing string) {
	lines := recorded(run.run(), a, time.Now())
	if missing != "" {
		lines = append(lines, cell{"  " + missing, quiet})
	}
	out := c.aside()
	for _, l := range lines {
		fmt.Fprintln(out, paintOn(pageFor(out), l.colour, l.text))
	}
}

// missing says why an attempt that has ended has no log.
func (c *logsCall) missing(ctx context.Context, run item, a *v1.Attempt, end logEnd) string {
	switch end {
	case logGone:
		return gone(run.run(), a, c.hub.retention(ctx, c.system), time.Now())
	case logUnstarted:
		return "its agent never started, so there is no log"
	default:
		return ""
	}
}

// aside is where all goes that is no log.
func (c *logsCall) aside() io.Writer {
	if c.raw {
		return c.stderr
	}
	return c.stdout
}

func attemptNumbers(s *v1.RunStatus) []string {
	var all []string
	for _, a := range s.Attempts {
		all = append(all, strconv.Itoa(int(a.Number)))
	}
	return all
}

// completeAttempts completes the attempts that the named run has.
func completeAttempts(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	numbers := ask(cmd, func(ctx context.Context, h *hub) ([]string, error) {
		refs, err := parseRuns(args)
		if err != nil {
			return nil, err
		}
		items, err := h.find(ctx, refs[:1], false)
		if err != nil {
			return nil, err
		}
		return attemptNumbers(items[0].run().RunStatus()), nil
	})
	return numbers, cobra.ShellCompDirectiveNoFileComp
}
