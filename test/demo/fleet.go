package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/process"
	"github.com/runfleet/runfleet/test/otlp"
	"k8s.io/client-go/tools/clientcmd"
)

// goodbye is how long what was started gets to end by itself.
const goodbye = 30 * time.Second

// startFleet makes the fleet. One that runs in the directory is somebody's: of a demo that runs, or that was told to keep it.
func (d *demo) startFleet(ctx context.Context) error {
	switch there, err := box.Look(ctx, d.dir); {
	case errors.Is(err, box.ErrNoBox):
	case err != nil:
		return fmt.Errorf("looking for a fleet in %s: %w", d.dir, err)
	case there.Alive:
		return fmt.Errorf("there is a fleet in %s: another demo runs, or was told to keep it. Take it down: make fleet-down FLEET=%s",
			d.dir, d.dir)
	default: // what a killed one left
		if err := box.Down(ctx, d.dir); err != nil {
			return fmt.Errorf("clearing %s: %w", d.dir, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("looking for this program: %w", err)
	}
	options := box.Options{Dir: d.dir, Members: 2, Simulate: true, Progress: os.Stdout, Supervisor: []string{self, superviseVerb}}
	if d.real != nil {
		options.Simulate, options.Containerd, options.Images = false, true, []string{d.real.image}
	}
	d.fleet, err = box.Up(ctx, options)
	if start, ok := errors.AsType[*box.StartError](err); ok && len(start.Tail) > 0 {
		return fmt.Errorf("%w\n  %s", err, strings.Join(start.Tail, "\n  "))
	}
	return err
}

// operatorUser is the service account of docs/examples/operator.yaml: whatever the operator needs must be granted there.
const operatorUser = "system:serviceaccount:runfleet-system:runfleet"

// actAs writes a kubeconfig by which an administrator acts as somebody else, with that one's rights alone.
func actAs(user, from, to string) error {
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig of the hub: %w", err)
	}
	for _, admin := range config.AuthInfos {
		admin.Impersonate = user
	}
	if err := clientcmd.WriteToFile(*config, to); err != nil {
		return fmt.Errorf("writing a kubeconfig for the operator: %w", err)
	}
	return nil
}

// startOperator starts the operator. The context that it returns ends when the operator does, with what it said last.
func (d *demo) startOperator(ctx context.Context) (context.Context, error) {
	path, err := filepath.Abs(runfleetPath)
	if err != nil {
		return ctx, fmt.Errorf("looking for the operator: %w", err)
	}
	kubeconfig := filepath.Join(d.temp, "operator.kubeconfig")
	if err := actAs(operatorUser, d.fleet.Hub.Kubeconfig, kubeconfig); err != nil {
		return ctx, err
	}
	if d.collector == nil {
		if d.collector, err = otlp.Listen(ctx); err != nil {
			return ctx, err
		}
	}
	d.typed("runfleet", "operator", "&")
	d.operator, err = process.Start(process.Spec{
		Name: "operator", Path: path, Log: filepath.Join(d.temp, "operator.log"),
		// Nobody asks this one for metrics or probes, and a port could be taken.
		Args: []string{"operator", "--kubeconfig", kubeconfig, "--metrics-address", "0", "--health-address", "0", "--log-format", "text",
			"--otlp-endpoint", d.collector.Endpoint()},
	})
	if err != nil {
		return ctx, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		<-d.operator.Done()
		if crash := d.operator.Crash(); crash != nil {
			cancel(fmt.Errorf("the operator ended by itself (%w), saying last\n  %s", crash.Cause, strings.Join(crash.Tail, "\n  ")))
		}
	}()
	return ctx, nil
}

// lastWords are those of the operator, for whoever finds out why a run did not end as it should.
func (d *demo) lastWords() string {
	return "the operator said last\n  " + strings.Join(process.Tail(d.operator.Log, 10), "\n  ")
}

// end takes down what was started. ctx must not end with an interrupt: whoever wants to leave in a hurry wants nothing left.
func (d *demo) end(ctx context.Context, keep bool) error {
	var errs []error
	if d.operator != nil {
		_ = syscall.Kill(d.operator.PID(), syscall.SIGTERM)
		select {
		case <-d.operator.Done():
		case <-time.After(goodbye):
			errs = append(errs, fmt.Errorf("the operator did not end within %v and was killed", goodbye))
		}
		d.operator.Stop()
	}
	if d.fleet != nil && keep {
		d.kept()
	} else if d.fleet != nil {
		ctx, cancel := context.WithTimeout(ctx, goodbye)
		defer cancel()
		errs = append(errs, box.Down(ctx, d.dir))
	}
	if d.real != nil {
		errs = append(errs, d.real.close())
	}
	return errors.Join(append(errs, os.RemoveAll(d.temp))...)
}

// kept says how to go on with the fleet.
func (d *demo) kept() {
	d.chapter("The fleet is kept.")
	d.said(fmt.Sprintf("hub       %s", d.relative(d.fleet.Hub.Kubeconfig)))
	for _, m := range d.fleet.Members {
		d.said(fmt.Sprintf("%s  %s", m.Name, d.relative(m.Kubeconfig)))
	}
	d.quietly("  The operator has ended with the demo. Go on:")
	d.typed("export", "KUBECONFIG="+d.fleet.Hub.Kubeconfig)
	d.typed("bin/runfleet", "operator", "--metrics-address", "0", "--health-address", "0", "--log-format", "text",
		"2>bin/operator.log", "&")
	if d.real != nil {
		d.quietly("  Forge and model have ended with the demo, so agents cannot work any more. Their logs and runs are there:")
		d.typed("bin/runfleet", "logs", realPromises[0].run)
	} else {
		d.typed("bin/runfleet", "retry", "cr/auth-task-7", "--prompt", "Log in by e-mail, too.")
		d.typed("bin/runfleet", "wait", "cr/auth-task-7")
	}
	d.quietly("  Take it down; the operator ends by itself when its hub is gone:")
	d.typed("make", "fleet-down", "FLEET="+d.dir)
}

// relative is a path as one types it in the checkout.
func (d *demo) relative(path string) string {
	if wd, err := os.Getwd(); err == nil {
		if r, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(r) {
			return r
		}
	}
	return path
}
