// Command fleetbox runs a fleet of real Kubernetes control planes on this
// machine: a hub and its members, in which simulated agents run. See ../README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its surroundings as arguments. It returns the exit code: 2
// for a command line that makes no sense, 130 for an interruption, else 1.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	root := &cobra.Command{
		Use:               "fleetbox",
		Short:             "A fleet of real Kubernetes control planes on this machine",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(upCommand(), downCommand(), statusCommand(), buildCommand(), loadCommand(), superviseCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, errUnhealthy) {
		return 1 // The table has said it.
	}
	return complain(stderr, err)
}

// complain says in one line what went wrong, after the last words of the
// component that ended, if that is why.
func complain(stderr io.Writer, err error) int {
	if start, ok := errors.AsType[*box.StartError](err); ok && len(start.Tail) > 0 {
		indent(stderr, start.Tail)
	}
	line, hint, _ := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	if hint != "" {
		line += "; did you mean " + strings.Join(strings.Fields(hint), " or ") + "?"
	}
	fmt.Fprintf(stderr, "fleetbox: %s\n", strings.ReplaceAll(strings.TrimSpace(line), "\n", "; "))
	_, usage := errors.AsType[usageError](err)
	switch {
	case usage || strings.HasPrefix(line, "unknown command"):
		return 2
	case errors.Is(err, context.Canceled):
		return 130
	default:
		return 1
	}
}

// A usageError is the caller's mistake.
type usageError struct{ error }

func badUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// dirFlag adds --dir, which every verb has.
func dirFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("dir", "", "directory of the box (default: .runfleet/fleet in the checkout)")
}

// place returns the directory that is meant.
func place(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	checkout, err := programs.Checkout()
	if err != nil {
		return "", fmt.Errorf("%w; name a directory with --dir", err)
	}
	return filepath.Join(checkout, ".runfleet", "fleet"), nil
}
