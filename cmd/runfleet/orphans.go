package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
)

// orphansCall is one call of orphans, read.
type orphansCall struct {
	hub    *hub
	system string
	output string
	all    bool
	stdout io.Writer
	stderr io.Writer
}

func newOrphansCommand() *cobra.Command {
	var call orphansCall
	cmd := &cobra.Command{
		Use:   "orphans",
		Short: "Show what lies on members that no run accounts for",
		Long: `Show the objects on all members that no run accounts for: Jobs, pods and ConfigMaps whose run is gone. What can execute
nothing any more is swept by the operator within the hour (in a restored hub when all members were counted, see runfleet
recover); an agent that lives ends at its own deadline, and the last column says how to end it now.

Every member is asked by the kubeconfig that the operator has for it, so this needs the right to read its Secret. Exits
with 1 when a member could not be asked: then the list may lack something.`,
		Example: `  runfleet orphans               what no run accounts for
  runfleet orphans --all         everything of Runfleet's, and why it is still there
  runfleet orphans -n team-a     in one namespace`,
		Args: usage(cobra.NoArgs),
	}
	cmd.Flags().BoolVar(&call.all, "all", false, "also what a run accounts for, workspaces, and objects of other hubs")
	cmd.Flags().StringVar(&call.system, "system-namespace", v1.SystemNamespace,
		"the `NAMESPACE` of the operator, with all kubeconfigs")
	addOutputFlag(cmd, &call.output, outputWide, outputName, outputJSON, outputYAML)
	flags := addHubFlags(cmd)
	cmd.Flags().Lookup("namespace").Usage = "only this `NAMESPACE` (default all)"
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if call.hub, err = flags.connect(call.stderr); err != nil {
			return err
		}
		call.hub.namespace = flags.namespace
		return call.show(cmd.Context())
	}
	return cmd
}

func (c *orphansCall) show(ctx context.Context) error {
	r, err := c.reach(ctx)
	if err != nil {
		return err
	}
	record, waived, err := incarnation.Read(ctx, c.hub.client, c.system)
	if err != nil { // who may not read it is told of orphans all the same
		record, waived = incarnation.Record{}, nil
	}
	entries, err := c.survey(ctx, r, r.quarantined(record, waived))
	if err != nil {
		return err
	}
	if !c.all {
		entries = slices.DeleteFunc(entries, func(e garbage.Entry) bool { return !e.Orphan })
	}
	if err := c.print(entries, len(r.members), len(r.silent)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(r.silent)) {
		fmt.Fprintf(c.stderr, "member %s was not asked: %s\n", name, oneLine(r.silent[name].Error()))
	}
	if len(r.silent) > 0 {
		return exitError{exitFail, fmt.Errorf("incomplete: %d of %d members could not be asked", len(r.silent), len(r.members))}
	}
	return nil
}

// survey says why what lies on the members does. Who does not answer it any more is silent from then on.
func (c *orphansCall) survey(ctx context.Context, r *reached, quarantined bool) ([]garbage.Entry, error) {
	surveyor := garbage.Surveyor{
		Hub: c.hub.client, HubUID: r.hub, Namespace: c.hub.namespace, Retention: c.hub.retention(ctx, c.system), Quarantined: quarantined,
		Timeout: answerTime, Now: time.Now,
	}
	entries, failed, err := surveyor.Survey(ctx, r.readers)
	if err != nil {
		return nil, c.hub.explain("looking for orphans", err)
	}
	maps.Copy(r.silent, failed)
	return entries, nil
}

// identity is the UID by which objects on members name their hub.
func (h *hub) identity(ctx context.Context) (types.UID, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	system := &metav1.PartialObjectMetadata{}
	system.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := h.client.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, system); err != nil {
		return "", h.explain("asking the hub for its identity, the namespace "+metav1.NamespaceSystem, err)
	}
	return system.UID, nil
}

// retention reads the operator's configuration. Who may not, or finds none that is valid, is not told how long things stay.
func (h *hub) retention(ctx context.Context, system string) func(v1.Run) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	source, err := config.Load(ctx, h.client, system)
	if err != nil {
		return nil
	}
	return func(run v1.Run) time.Duration {
		return source.Current().Retention(run.RunSpec().RetentionSeconds, run.RunStatus().Phase)
	}
}
