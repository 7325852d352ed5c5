// Command runfleet is the one binary of Runfleet. Linked as kubectl-runfleet it is a plugin of kubectl.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}

// run is main with everything it touches handed in, so that a test can call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCommand(args[0])
	root.SetArgs(args[1:])
	root.SetOut(stdout)
	root.SetErr(stderr)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && exitCode(err) == exitFail {
		return exitInterrupted
	}
	if said := err.Error(); said != "" {
		fmt.Fprintf(stderr, "%s: %s\n", root.DisplayName(), asCalled(root, said))
	}
	if isUsage(err) {
		fmt.Fprintf(stderr, "See '%s --help'.\n", called.CommandPath())
	}
	return exitCode(err)
}
