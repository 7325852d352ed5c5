package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/garbage"
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
nothing any more is swept by the operator within the hour; an agent that lives ends at its own deadline, and the last
column says how to end it now.

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
	listed, err := c.hub.list(ctx, []*kind{members}, false)
	if err != nil {
		return err
	}
	readers, silent := c.reach(ctx, listed)
	uid, err := c.hub.identity(ctx)
	if err != nil {
		return err
	}
	entries, failed, err := c.survey(ctx, uid, readers)
	if err != nil {
		return err
	}
	maps.Copy(silent, failed)
	if !c.all {
		entries = slices.DeleteFunc(entries, func(e garbage.Entry) bool { return !e.Orphan })
	}
	if err := c.print(entries, len(listed), len(silent)); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(silent)) {
		fmt.Fprintf(c.stderr, "member %s was not asked: %s\n", name, oneLine(silent[name].Error()))
	}
	if len(silent) > 0 {
		return exitError{exitFail, fmt.Errorf("incomplete: %d of %d members could not be asked", len(silent), len(listed))}
	}
	return nil
}

// reach connects to all members at once, so that one that hangs takes no more time than its own.
func (c *orphansCall) reach(ctx context.Context, listed []item) (map[string]client.Reader, map[string]error) {
	var mu sync.Mutex
	var dials sync.WaitGroup
	readers, silent := map[string]client.Reader{}, map[string]error{}
	for _, i := range listed {
		m, ok := i.object.(*v1.MemberCluster)
		if !ok {
			continue
		}
		dials.Go(func() {
			r, err := fleet.Reach(ctx, c.hub.client, c.hub.config, c.system, m, answerTime)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				silent[m.Name] = err
			} else {
				readers[m.Name] = r
			}
		})
	}
	dials.Wait()
	return readers, silent
}

// survey says why what lies there does.
func (c *orphansCall) survey(ctx context.Context, uid types.UID, readers map[string]client.Reader) (
	[]garbage.Entry, map[string]error, error,
) {
	surveyor := garbage.Surveyor{
		Hub: c.hub.client, HubUID: uid, Namespace: c.hub.namespace, Retention: c.retention(ctx), Timeout: answerTime, Now: time.Now,
	}
	entries, failed, err := surveyor.Survey(ctx, readers)
	if err != nil {
		return nil, nil, c.hub.explain("looking for orphans", err)
	}
	return entries, failed, nil
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
func (c *orphansCall) retention(ctx context.Context) func(v1.Run) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	source, err := config.Load(ctx, c.hub.client, c.system)
	if err != nil {
		return nil
	}
	return func(run v1.Run) time.Duration {
		return source.Current().Retention(run.RunSpec().RetentionSeconds, run.RunStatus().Phase)
	}
}
