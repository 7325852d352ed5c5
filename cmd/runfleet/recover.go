package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
)

// recoverCall is one call of recover, read.
type recoverCall struct {
	orphansCall // looks at the members
	without     []string
}

func newRecoverCommand() *cobra.Command {
	var call recoverCall
	cmd := &cobra.Command{
		Use:   "recover",
		Short: "Show how far a restored hub is, and go on without a member that cannot answer",
		Long: `Show what a hub that was restored from a backup still waits for. Every run is left alone until all members were asked
twice what they execute of it: so nothing runs twice that the backup does not know.

A member that will never answer holds all of them up. --without says to go on without it, and means: no agent of this
hub executes there any more. If that is wrong, two agents of one run may be alive at once.`,
		Example: `  runfleet recover                   what the hub waits for, and what was lost
  runfleet recover --without eu-1    go on: no agent executes on eu-1 any more`,
		Args: usage(cobra.NoArgs),
	}
	cmd.Flags().StringSliceVar(&call.without, "without", nil, "do not wait for this `MEMBER` (may be given several times)")
	cmd.Flags().StringVar(&call.system, "system-namespace", v1.SystemNamespace, "the `NAMESPACE` of the operator, with all kubeconfigs")
	addOutputFlag(cmd, &call.output, outputJSON, outputYAML)
	flags := addHubFlags(cmd)
	cmd.Flags().Lookup("namespace").Usage = "only runs of this `NAMESPACE` (default all)"
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if call.hub, err = flags.connect(call.stderr); err != nil {
			return err
		}
		call.hub.namespace = flags.namespace
		return call.run(cmd.Context())
	}
	return cmd
}

func (c *recoverCall) run(ctx context.Context) error {
	record, waived, err := c.record(ctx)
	if err != nil {
		return err
	}
	if len(c.without) > 0 {
		return c.waive(ctx, record, waived)
	}
	r, err := c.look(ctx, record, waived)
	if err != nil {
		return err
	}
	if c.output != "" {
		return printValue(c.stdout, c.output, r)
	}
	c.print(r)
	return nil
}

func (c *recoverCall) record(ctx context.Context) (incarnation.Record, []string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	record, waived, err := incarnation.Read(ctx, c.hub.client, c.system)
	if apierrors.IsNotFound(err) {
		return record, nil, exitError{exitFail, fmt.Errorf("no operator has ever led this hub: there is no ConfigMap %s/%s",
			c.system, incarnation.RecordName)}
	}
	if err != nil {
		return record, nil, c.hub.explain("reading the hub's record", err)
	}
	return record, waived, nil
}

// waive writes down that some members are not waited for.
func (c *recoverCall) waive(ctx context.Context, record incarnation.Record, waived []string) error {
	r, err := c.look(ctx, record, waived)
	if err != nil {
		return err
	}
	if record.Restored == nil {
		return exitError{exitFail, fmt.Errorf("this hub was never restored: it waits for nobody")}
	}
	for _, name := range c.without {
		i := slices.IndexFunc(r.Members, func(m countedMember) bool { return m.Name == name })
		switch {
		case i < 0:
			return usagef("there is no member %q: the hub waits for %s", name, cmp.Or(strings.Join(uncounted(r.Members), ", "), "nobody"))
		case r.Members[i].Counted:
			return exitError{exitFail, fmt.Errorf("member %s answers, so it is counted: nobody has to vouch for it", name)}
		}
		if !slices.Contains(waived, name) {
			waived = append(waived, name)
		}
	}
	if err := c.annotate(ctx, strings.Join(waived, ",")); err != nil {
		return err
	}
	for _, name := range c.without {
		fmt.Fprintf(c.stdout, "member %s is not waited for any more: no agent of this hub may execute there\n", name)
	}
	return nil
}

func (c *recoverCall) annotate(ctx context.Context, names string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	object := &corev1.ConfigMap{}
	if err := c.hub.client.Get(ctx, types.NamespacedName{Namespace: c.system, Name: incarnation.RecordName}, object); err != nil {
		return c.hub.explain("reading the hub's record", err)
	}
	was := object.DeepCopy()
	if object.Annotations == nil {
		object.Annotations = map[string]string{}
	}
	object.Annotations[v1.AnnotationRecoverWithout] = names
	if err := c.hub.client.Patch(ctx, object, client.MergeFromWithOptions(was, client.MergeFromWithOptimisticLock{})); err != nil {
		return c.hub.explain("writing the hub's record", err)
	}
	return nil
}
