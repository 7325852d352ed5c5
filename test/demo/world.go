package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/test/controlplane/machine"
	"github.com/runfleet/runfleet/test/controlplane/progress"
	"github.com/runfleet/runfleet/test/e2e/forge"
	"github.com/runfleet/runfleet/test/e2e/model"
)

// world is what real agents need beside the fleet: their image, and a forge and a model on this machine where pods reach them.
type world struct {
	image string // a tar
	forge *forge.Forge
	url   string // of the model

	silence func() error // ends the model
}

// missing says what this machine lacks for real agents, all of it at once, or nil.
func missing(look func(string) (string, error)) error {
	var lacks []string
	for _, tool := range []struct{ name, from string }{
		{"mmdebstrap", "mmdebstrap"}, {"npm", "npm"}, {"jq", "jq"}, {"git", "git"},
	} {
		if _, err := look(tool.name); err != nil {
			lacks = append(lacks, "the program "+tool.name+" (package "+tool.from+")")
		}
	}
	var errs []error
	if err := machine.Missing(); err != nil {
		errs = append(errs, err)
	}
	if len(lacks) > 0 {
		errs = append(errs, errors.New("the agent's image and the repositories need what is missing here: "+strings.Join(lacks, "; ")))
	}
	if len(errs) > 0 {
		errs = append(errs, errors.New("make demo without AGENT=real needs none of it: the agents are then simulated"))
	}
	return errors.Join(errs...)
}

// buildImage builds the agent's image, or finds the one that was built.
func (w *world) buildImage(ctx context.Context) error {
	line := progress.Start(os.Stdout, "building the agent's image, or finding the one that was built (three minutes the first time)")
	cmd := exec.CommandContext(ctx, "sh", "cmd/runfleet/images/build.sh", "agent")
	// What the script starts ends with it. A terminal's Ctrl-C does not reach it, and the end of the context does.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = goodbye
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	line.End(err)
	if err != nil {
		return because(ctx, fmt.Errorf("building the agent's image: %w\n%s", err, said.String()))
	}
	w.image = strings.TrimSpace(string(out))
	return nil
}

// open starts the forge and the model at an address of this machine.
func (w *world) open(ctx context.Context, dir, address string) error {
	var err error
	if w.forge, err = forge.Start(ctx, filepath.Join(dir, "forge"), address); err != nil {
		return fmt.Errorf("starting the forge: %w", err)
	}
	if _, err = w.forge.Create(ctx, repository, files); err != nil {
		return because(ctx, err)
	}
	w.url, w.silence, err = model.NewServer(plays).Listen(ctx, address)
	return err
}

// close ends what open has started.
func (w *world) close() error {
	var errs []error
	if w.silence != nil {
		errs = append(errs, w.silence())
	}
	if w.forge != nil {
		errs = append(errs, w.forge.Stop())
	}
	return errors.Join(errs...)
}

// addressFor is the address of this machine that pods of a member with a real node reach: its own one in the node's network.
func addressFor(ctx context.Context, kubeconfig string) (string, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig of a member: %w", err)
	}
	member, err := client.New(config, client.Options{})
	if err != nil {
		return "", fmt.Errorf("connecting to a member: %w", err)
	}
	var nodes corev1.NodeList
	if err := member.List(ctx, &nodes); err != nil {
		return "", because(ctx, fmt.Errorf("looking for the node of a member: %w", err))
	}
	here, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("looking for the addresses of this machine: %w", err)
	}
	for _, n := range nodes.Items {
		for _, a := range n.Status.Addresses {
			for _, own := range here {
				if network, ok := own.(*net.IPNet); ok && a.Type == corev1.NodeInternalIP && network.Contains(net.ParseIP(a.Address)) {
					return network.IP.String(), nil
				}
			}
		}
	}
	return "", errors.New("no address of this machine lies in the network of a member's node")
}
