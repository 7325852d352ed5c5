package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// uninstallCall is one call of uninstall, read.
type uninstallCall struct {
	system         string
	deleteRuns     bool
	crds, yes      bool
	timeout        time.Duration
	hub            *hub
	stdin          io.Reader
	stdout, stderr io.Writer

	parts []part // what is there, in the order in which it goes
}

func newUninstallCommand() *cobra.Command {
	var call uninstallCall
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the operator from the hub, once no run needs it",
		Long: `Remove what "runfleet install" or "runfleet manifests" made on the hub. The kinds, the members, all Secrets and the
namespace stay, and so does the ConfigMap runfleet-hub, by which members know this hub when it is installed again.

Every run has a finalizer that the operator alone removes, once nothing of the run is left on the members. So it is
refused while there are runs: --delete-runs deletes all of them first, and waits until they are gone.`,
		Example: `  runfleet uninstall
  runfleet uninstall --delete-runs --crds    nothing but Secrets and the namespace is left`,
		Args: usage(cobra.NoArgs),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&call.deleteRuns, "delete-runs", false, "delete all runs of all namespaces first: their agents are stopped")
	f.BoolVar(&call.crds, "crds", false, "remove the kinds too, and so every MemberCluster")
	f.BoolVarP(&call.yes, "yes", "y", false, "do not ask before the kinds are removed")
	f.DurationVar(&call.timeout, "timeout", 5*time.Minute, "how long to wait for the runs, and then for the operator, a `TIME`")
	f.StringVar(&call.system, "system-namespace", v1.SystemNamespace, "the `NAMESPACE` of the operator")
	flags := addReachFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if call.timeout <= 0 {
			return usagef("--timeout must be more than nothing")
		}
		call.stdin, call.stdout, call.stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
		if call.hub, err = flags.connect(call.stderr); err != nil {
			return err
		}
		call.hub.namespace = ""
		return call.run(cmd.Context())
	}
	return cmd
}

func (c *uninstallCall) run(ctx context.Context) error {
	if err := c.check(ctx); err != nil {
		return err
	}
	if c.deleteRuns {
		if err := c.clear(ctx); err != nil {
			return err
		}
	}
	if err := c.halt(ctx); err != nil {
		return err
	}
	table := newInstallTable(c.stdout, c.system, c.parts)
	for _, p := range c.parts {
		if err := c.hub.remove(ctx, p); err != nil {
			return fmt.Errorf("%w\nCall it again to go on", c.hub.explain("removing "+p.name(c.system), err))
		}
		table.tell(p, partRemoved)
	}
	switch {
	case len(c.parts) == 0:
		fmt.Fprintln(c.stderr, "nothing of an installation is there")
	case c.crds:
		fmt.Fprintf(c.stderr, "the namespace %s and its Secrets stay\n", c.system)
	default:
		fmt.Fprintf(c.stderr, "the kinds, the members, the namespace %s and its Secrets stay\n", c.system)
	}
	return nil
}

// check asks everything that could refuse it, the person included, and changes nothing.
func (c *uninstallCall) check(ctx context.Context) error {
	if err := c.hub.require(ctx, "uninstall", rightsToFind()); err != nil {
		return err
	}
	for _, k := range slices.Backward(chartKinds) {
		if k.kept {
			continue
		}
		on, err := c.hub.partsOn(ctx, k, installed)
		if err != nil {
			return err
		}
		c.parts = append(c.parts, on...)
	}
	if err := c.checkOwner(ctx); err != nil {
		return err
	}
	if c.crds {
		kinds, err := c.crdParts(ctx)
		if err != nil {
			return err
		}
		c.parts = append(c.parts, kinds...)
	}
	needs := append(rightsTo(c.parts, "delete"), rightsTo(c.deployments(), "patch")...)
	if len(c.deployments()) > 0 {
		needs = append(needs, right{"list", podKind, c.system})
	}
	for _, k := range runKinds {
		runs := chartKind{group: v1.GroupVersion.Group, resource: k.aliases[0]}
		needs = append(needs, right{"list", runs, ""})
		if c.deleteRuns {
			needs = append(needs, right{"delete", runs, ""})
		}
	}
	if err := c.hub.require(ctx, "uninstall", needs); err != nil {
		return err
	}
	runs, err := c.runs(ctx)
	if err != nil {
		return err
	}
	if !c.deleteRuns {
		if err := c.refuse(runs, "Nothing was changed."); err != nil {
			return err
		}
	}
	return c.confirm(ctx)
}

// checkOwner refuses what is of Helm, or in another namespace than was named.
func (c *uninstallCall) checkOwner(ctx context.Context) error {
	for _, p := range c.deployments() {
		if ns := p.object.GetNamespace(); ns != c.system {
			return fmt.Errorf("the operator is in the namespace %s. Nothing was changed. Name it: --system-namespace %s", ns, ns)
		}
	}
	there, err := c.hub.read(ctx, bare(deploymentKind(), c.system, installer))
	if err == nil && there != nil && ofHelm(there) {
		return fmt.Errorf("the operator is of a Helm release. Nothing was changed. helm uninstall removes it: docs/install.md")
	}
	return err
}

// deployments are those among the parts: one, or none after a call that was interrupted.
func (c *uninstallCall) deployments() []part {
	return slices.DeleteFunc(slices.Clone(c.parts), func(p part) bool { return p.kind != deploymentKind() })
}

// crdParts are the kinds that are there.
func (c *uninstallCall) crdParts(ctx context.Context) ([]part, error) {
	var all []part
	for _, k := range allKinds {
		p := bare(chartKinds[0], "", k.aliases[0]+"."+v1.GroupVersion.Group)
		there, err := c.hub.read(ctx, p)
		if err != nil {
			return nil, err
		}
		if there != nil {
			all = append(all, p)
		}
	}
	return all, nil
}

// confirm asks the person before every MemberCluster goes.
func (c *uninstallCall) confirm(ctx context.Context) error {
	if !c.crds || c.yes {
		return nil
	}
	names, err := c.hub.names(ctx, []*kind{members})
	if err != nil && !isMissingKind(err) {
		return c.hub.explain("listing the members", err)
	}
	what := fmt.Sprintf("--crds removes the kinds, and with them %d members of the fleet", len(names))
	if _, _, ok := terminal(c.stderr); !ok {
		return usagef("%s: --yes says that this is meant", what)
	}
	fmt.Fprintf(c.stderr, "%s. Remove them? [y/N] ", what)
	answer, _ := bufio.NewReader(c.stdin).ReadString('\n')
	if strings.ToLower(strings.TrimSpace(answer)) != "y" {
		return exitError{exitFail, fmt.Errorf("nothing was changed")}
	}
	return nil
}
