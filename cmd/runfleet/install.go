package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// installCall is one call of install, read.
type installCall struct {
	chartFlags
	timeout        time.Duration
	force          bool
	hub            *hub
	stdout, stderr io.Writer

	parts  []part                       // what shall be there
	before []*unstructured.Unstructured // what of it is there; nil where it is not
	stale  []part                       // what an earlier installation has and this one has not
	table  *installTable                // of what is done
}

func newInstallCommand() *cobra.Command {
	var call installCall
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install the operator on the hub, or change its values",
		Long: `Install the operator on the hub: the kinds, the operator with its rights and its configuration, rights for people. It is
what "runfleet manifests" prints of the same values, and the namespace if it is missing.

Calling it again changes what other values change, and removes what they leave out. Everything that could refuse it is
asked before anything is changed. It ends when the operator is rolled out.

Three values have no default: image, config.agent.image.repository and config.agent.image.tag.`,
		Example: `  runfleet install -f values.yaml
  runfleet install -f values.yaml --set replicas=1 --timeout 10m`,
		Args: usage(cobra.NoArgs),
	}
	call.add(cmd)
	cmd.Flags().BoolVar(&call.force, "force-conflicts", false, "take over fields that somebody else has set otherwise")
	cmd.Flags().DurationVar(&call.timeout, "timeout", 5*time.Minute, "how long to wait for the operator, a `TIME`; 0 does not wait")
	flags := addReachFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if call.timeout < 0 {
			return usagef("--timeout must not be negative: 0 does not wait")
		}
		objects, err := call.render(cmd.InOrStdin())
		if err != nil {
			return err
		}
		if call.parts, err = partsOf(objects); err != nil {
			return err
		}
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if call.hub, err = flags.connect(call.stderr); err != nil {
			return err
		}
		return call.run(cmd.Context())
	}
	return cmd
}

func (c *installCall) run(ctx context.Context) error {
	if err := c.check(ctx); err != nil {
		return err
	}
	c.table = newInstallTable(c.stdout, c.system, append([]part{namespacePart(c.system)}, append(c.parts, c.stale...)...))
	if err := c.namespace(ctx); err != nil {
		return err
	}
	for i, p := range c.parts {
		result, err := c.hub.apply(ctx, p, c.before[i], c.force, false)
		if err != nil {
			return c.hub.explain("applying "+p.name(c.system), err)
		}
		c.table.tell(p, result)
		if p.kind.kind == crdKind && result != partUnchanged {
			if err := c.hub.established(ctx, p); err != nil {
				return err
			}
		}
	}
	for _, p := range c.stale {
		if err := c.hub.remove(ctx, p); err != nil {
			return c.hub.explain("removing "+p.name(c.system), err)
		}
		c.table.tell(p, partRemoved)
	}
	if c.timeout == 0 {
		return nil
	}
	return c.rollout(ctx)
}

// namespace makes the namespace of the operator where it is missing. It is as strict as Kubernetes can be told.
func (c *installCall) namespace(ctx context.Context) error {
	p := namespacePart(c.system)
	there, err := c.hub.read(ctx, p)
	if err != nil || there != nil {
		return err
	}
	p.object.SetLabels(map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := c.hub.client.Create(ctx, p.object.DeepCopy(), owner); err != nil {
		return c.hub.explain("creating the namespace "+c.system, err)
	}
	c.table.tell(p, partCreated)
	return nil
}

// remove deletes a part, and what it owns in the background. One that is gone already is well.
func (h *hub) remove(ctx context.Context, p part) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return client.IgnoreNotFound(h.client.Delete(ctx, p.object.DeepCopy(), client.PropagationPolicy("Background")))
}

// installTable tells each step in a line as soon as it is done.
type installTable struct {
	grid   *grid
	w      io.Writer
	system string
	begun  bool
}

func newInstallTable(w io.Writer, system string, parts []part) *installTable {
	t := &installTable{grid: newGrid(pageFor(w), []string{"OBJECT", "RESULT"}), w: w, system: system}
	for _, p := range parts {
		t.grid.fit([][]cell{{{text: p.name(system)}, {text: partUnchanged}}})
	}
	return t
}

var resultColours = map[string]string{partCreated: green, partChanged: yellow, partUnchanged: quiet, partRemoved: red}

func (t *installTable) tell(p part, result string) {
	if !t.begun {
		fmt.Fprintln(t.w, t.grid.head())
		t.begun = true
	}
	fmt.Fprintln(t.w, t.grid.line([]cell{{text: p.name(t.system)}, {result, resultColours[result]}}))
}
