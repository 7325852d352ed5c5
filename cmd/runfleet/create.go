package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func newCreateCommand() *cobra.Command {
	cmd := newGroup("create", "Create a run")
	cmd.Long = `Create a run. What has no flag here stands in a manifest: --dry-run prints one to begin with.`
	cmd.AddCommand(newCreateDocsCommand(), newCreateCodeCommand())
	return cmd
}

// runFlags are those of both kinds.
type runFlags struct {
	ask       askFlags
	retries   int32
	cluster   string
	selector  map[string]string
	labels    map[string]string
	again     bool
	dryRun    bool
	output    string
	hub       *hubFlags
	mandatory []string
}

func (f *runFlags) add(cmd *cobra.Command) {
	f.ask.add(cmd)
	cmd.Flags().Int32Var(&f.retries, "retries", 2, "how many attempts may follow the first, a `NUMBER`; 0 is none")
	cmd.Flags().StringVar(&f.cluster, "cluster", "", "the one `MEMBER` to use (default any that is ready)")
	cmd.Flags().StringToStringVar(&f.selector, "selector", nil, "labels `KEY=VALUE` that the member must have")
	cmd.Flags().StringToStringVar(&f.labels, "label", nil, "labels `KEY=VALUE` of the run")
	cmd.Flags().BoolVar(&f.again, "continue-session", false, "go on with the session that the workspace still has")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the manifest and create nothing; it needs no cluster")
	addOutputFlag(cmd, &f.output, outputJSON, outputYAML, outputName)
	completeFlag(cmd, "cluster", completeMembers)
	for _, name := range []string{"selector", "label"} {
		cmd.Flags().Lookup(name).DefValue = "" // not "[]"
	}
	f.hub = addHubFlags(cmd)
}

// need marks flags that a run cannot do without.
func (f *runFlags) need(cmd *cobra.Command, names ...string) {
	f.mandatory = names
	for _, n := range names {
		cmd.Flags().Lookup(n).Usage += " (needed)"
	}
}

// missing names all flags at once that are needed and not there.
func (f *runFlags) missing(cmd *cobra.Command) error {
	var missing []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		for _, n := range f.mandatory {
			if n == flag.Name && !flag.Changed {
				missing = append(missing, "--"+n)
			}
		}
	})
	if len(missing) > 0 {
		return usagef("still needed: %s", strings.Join(missing, ", "))
	}
	return nil
}

// fill writes the flags of both kinds into a run.
func (f *runFlags) fill(cmd *cobra.Command, name string, run v1.Run) error {
	asked, err := f.ask.read(cmd)
	if err != nil {
		return err
	}
	run.SetName(name)
	run.SetLabels(f.labels)
	asked.into(run)
	spec := run.RunSpec()
	spec.ContinueSession = f.again
	if cmd.Flags().Changed("retries") {
		spec.Retry.MaxRetries = new(f.retries)
	}
	if f.cluster != "" || len(f.selector) > 0 {
		spec.Placement = &v1.Placement{Cluster: f.cluster}
	}
	if len(f.selector) > 0 {
		spec.Placement.Selector = &v1.ClusterSelector{MatchLabels: map[string]v1.LabelValue{}}
		for k, v := range f.selector {
			spec.Placement.Selector.MatchLabels[k] = v1.LabelValue(v)
		}
	}
	return nil
}

// create creates the run, or prints it.
func (f *runFlags) create(cmd *cobra.Command, k *kind, run v1.Run) error {
	i := item{kind: k, object: run}
	if f.dryRun {
		run.SetNamespace(f.hub.namespace)
		run.GetObjectKind().SetGroupVersionKind(k.gvk())
		if f.output == outputName {
			fmt.Fprintln(cmd.OutOrStdout(), i)
			return nil
		}
		if f.output == "" {
			f.output = outputYAML
		}
		return printManifest(cmd.OutOrStdout(), f.output, run)
	}
	h, err := f.hub.connect(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	run.SetNamespace(h.namespace)
	if err := h.create(cmd.Context(), i); err != nil {
		return err
	}
	switch f.output {
	case "":
		fmt.Fprintf(cmd.OutOrStdout(), "%s created in namespace %s\n", i, h.namespace)
	case outputName:
		fmt.Fprintln(cmd.OutOrStdout(), i)
	default:
		run.GetObjectKind().SetGroupVersionKind(k.gvk())
		run.SetManagedFields(nil)
		return printManifest(cmd.OutOrStdout(), f.output, run)
	}
	return nil
}

func (h *hub) create(ctx context.Context, i item) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	err := h.client.Create(ctx, i.object, client.FieldValidation("Strict"))
	switch {
	case err == nil:
		return nil
	case apierrors.IsAlreadyExists(err):
		return fmt.Errorf("%s exists already in namespace %s: choose another name, or ask it again: runfleet retry %s", i, h.namespace, i)
	case apierrors.IsNotFound(err) && !isMissingKind(err):
		return fmt.Errorf("creating %s: there is no namespace %[2]s: name another with -n, or run: kubectl create namespace %[2]s",
			i, h.namespace)
	default:
		return h.explain("creating "+i.String(), err)
	}
}

// oneName is the name of the run to create.
func oneName(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", usagef("name the run, as in: create docs shop")
	case len(args) > 1:
		return "", usagef("name one run, not %d: a value with spaces needs quotes", len(args))
	case strings.Contains(args[0], "/"):
		return "", usagef("%q: the kind is said already, write only the name", args[0])
	}
	return args[0], nil
}
