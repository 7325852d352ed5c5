package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// What the agents are.
const (
	simulatedAgents = "simulated"
	realAgents      = "real"
)

// superviseVerb makes this program the supervisor of its own fleet.
const superviseVerb = "supervise"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) == 1 && args[0] == superviseVerb {
		if err := box.Supervise(os.Stdin, os.Stdout); err != nil {
			return 1 // its log says why
		}
		return 0
	}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	dir := flags.String("dir", ".runfleet/demo", "directory of the fleet")
	keep := flags.Bool("keep", false, "keep the fleet and say how to go on with it")
	agent := flags.String("agent", simulatedAgents, "simulated, or real: real nodes, and the real agent in containers (root on Linux)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *agent != simulatedAgents && *agent != realAgents {
		fmt.Fprintf(os.Stderr, "demo: -agent %q: want %s or %s\n", *agent, simulatedAgents, realAgents)
		return 2
	}
	// A reader that has gone (make demo | head) is an interruption too: everything is taken down all the same.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	err := perform(ctx, *dir, *keep, *agent == realAgents)
	switch {
	case ctx.Err() != nil:
		return 130
	case err != nil:
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		return 1
	default:
		return 0
	}
}

// perform plays the demo in the root of the checkout, and takes down whatever it started.
func perform(ctx context.Context, dir string, keep, truly bool) (err error) {
	if truly {
		if err := missing(exec.LookPath); err != nil {
			return err
		}
	}
	root, err := programs.Checkout()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("going to the checkout: %w", err)
	}
	promises, err := readPromises(os.DirFS("docs/examples"))
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "runfleet-demo-")
	if err != nil {
		return fmt.Errorf("making a directory for what is thrown away: %w", err)
	}
	d := &demo{page: newPage(os.Stdout), dir: dir, temp: temp, promises: promises}
	if truly {
		d.real, d.promises = &world{}, realPromises
	}
	defer func() {
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "\ndemo: interrupted, taking everything down")
		}
		if err != nil && ctx.Err() == nil && d.operator != nil && d.operator.Crash() == nil {
			err = fmt.Errorf("%w\n%s", err, d.lastWords())
		}
		err = errors.Join(err, d.end(context.WithoutCancel(ctx), keep && err == nil))
	}()
	return d.play(ctx)
}
