package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/process"
	"github.com/runfleet/runfleet/test/otlp"
)

// patience is how long the runs may take together. They take a quarter of a minute, and real ones a whole one; a busy machine is
// given time.
const (
	patience     = 2 * time.Minute
	realPatience = 10 * time.Minute
)

// demo is one performance.
type demo struct {
	*page
	began    time.Time
	dir      string // of the fleet
	temp     string // thrown away
	promises []promise
	fleet    *box.Summary     // nil before it is up
	operator *process.Process // nil before it is started
	sights   sights
	real     *world // nil where agents are simulated

	collector *otlp.Receiver // of the operator's spans, and of real agents' ones
}

// play shows the chapters in their order.
func (d *demo) play(ctx context.Context) error {
	if d.real != nil {
		d.chapter("The agent, in an image of its own: Debian's packages, and Claude Code from npm.")
		if err := d.real.buildImage(ctx); err != nil {
			return err
		}
	}
	d.chapter("A hub and two members: real API servers on this machine, nothing installed.")
	if err := d.startFleet(ctx); err != nil {
		return err
	}
	d.began = time.Now()

	d.chapter("The hub learns the kinds, what the operator may do and how it is configured, and where the members are.")
	if err := d.register(ctx); err != nil {
		return err
	}

	d.chapter("The operator starts, with the rights of its service account, and connects to them.")
	ctx, err := d.startOperator(ctx)
	if err != nil {
		return err
	}
	if err := d.kubectl(ctx, "wait", "memberclusters", "--all", "--for=condition=Ready", "--timeout=60s"); err != nil {
		return err
	}
	if err := d.runfleet(ctx, "get", "members"); err != nil {
		return err
	}

	if d.real != nil {
		if err := d.handOut(ctx); err != nil {
			return err
		}
	}

	d.chapter("A run that cannot work is refused before it exists, with the field, the rule and what to write instead.")
	if err := d.refused(ctx, "apply", "-f", "test/demo/bad-coderun.yaml"); err != nil {
		return err
	}

	d.chapter(fmt.Sprintf("%d runs, as people write them: placed, run as Jobs, followed, retried, reported.", len(d.promises)))
	if err := d.follow(ctx); err != nil {
		return err
	}

	d.chapter("How each of them ended, and why.")
	if err := d.judge(); err != nil {
		return err
	}
	if d.real != nil {
		if err := d.deliveries(ctx); err != nil {
			return err
		}
	}
	return d.trace(ctx)
}

// register tells the hub everything that the operator needs to know.
func (d *demo) register(ctx context.Context) error {
	commands := [][]string{
		{"apply", "--server-side", "-f", "api/crds"},
		{"wait", "crd", "--all", "--for=condition=Established", "--timeout=30s"},
		{"apply", "-f", "docs/examples/operator.yaml"},
	}
	for _, m := range d.fleet.Members {
		commands = append(commands, []string{
			"-n", "runfleet-system", "create", "secret", "generic", m.Name, "--from-file=kubeconfig=" + d.relative(m.Kubeconfig),
		})
	}
	if d.real == nil {
		commands = append(commands, []string{"apply", "-f", "docs/examples/config.yaml", "-f", "docs/examples/members.yaml"})
	}
	for _, args := range commands {
		if err := d.kubectl(ctx, args...); err != nil {
			return err
		}
	}
	if d.real != nil {
		return d.configure(ctx)
	}
	return nil
}

// follow asks for the runs and shows what becomes of them, until all are final.
func (d *demo) follow(ctx context.Context) error {
	within := patience
	path, requests := kubectlPath, [][]string{{"apply", "-R", "-f", "docs/examples"}}
	if d.real != nil {
		within, path, requests = realPatience, runfleetPath, d.real.create()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not all runs have ended within %v", within))
	defer cancel()
	for _, args := range requests {
		d.typed(filepath.Base(path), args...)
	}
	d.typed("runfleet", "get", "-w")
	table := d.command(ctx, runfleetPath, "get", "-w") // begins first, to show the runs as they come
	table.Stdout, table.Stderr = os.Stdout, os.Stderr
	table.Cancel = func() error { return table.Process.Signal(os.Interrupt) }
	if err := table.Start(); err != nil {
		return fmt.Errorf("starting the live table: %w", err)
	}
	var err error
	for _, args := range requests {
		err = errors.Join(err, d.silently(ctx, path, args...))
	}
	if err == nil {
		err = d.watch(ctx)
	}
	cancel()
	_ = table.Wait() // it was interrupted, and was only there to be looked at
	return err
}

// kubectl shows and runs a command that must succeed. What it says is only shown when it does not.
func (d *demo) kubectl(ctx context.Context, args ...string) error {
	d.typed("kubectl", args...)
	return d.silently(ctx, kubectlPath, args...)
}

// silently runs a command that must succeed.
func (d *demo) silently(ctx context.Context, path string, args ...string) error {
	_, err := d.output(ctx, path, args...)
	return err
}

// output is what a command says that must succeed.
func (d *demo) output(ctx context.Context, path string, args ...string) (string, error) {
	out, err := d.command(ctx, path, args...).CombinedOutput()
	if err != nil {
		return "", because(ctx, fmt.Errorf("%s %s: %w\n%s", path, strings.Join(args, " "), err, out))
	}
	return string(out), nil
}

// runfleet shows and runs a command that must succeed, and shows what it says.
func (d *demo) runfleet(ctx context.Context, args ...string) error {
	d.typed("runfleet", args...)
	out, err := d.output(ctx, runfleetPath, args...)
	d.said(out)
	return err
}

// refused shows and runs a command that the API server must refuse, and shows what it says.
func (d *demo) refused(ctx context.Context, args ...string) error {
	d.typed("kubectl", args...)
	out, err := d.command(ctx, kubectlPath, args...).CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited || ctx.Err() != nil {
		return because(ctx, fmt.Errorf("kubectl %s should have been refused: %w\n%s", strings.Join(args, " "), err, out))
	}
	d.said(string(out))
	return nil
}

// The programs, from the root of the checkout.
const (
	kubectlPath  = "bin/k8s/kubectl"
	runfleetPath = "bin/runfleet"
)

// command is a program that speaks to the hub. kubectl keeps what it discovers under ~/.kube unless it is told another place.
func (d *demo) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+d.fleet.Hub.Kubeconfig, "KUBECACHEDIR="+filepath.Join(d.temp, "kubectl"))
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// because is why something failed: the end of the context, where that is it.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
