package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet/membership"
)

// fleetColumns are those of fleet list. The labels are last, since they are the longest.
var fleetColumns = []column{
	{"NAME", always, false, func(i item, _ time.Time) cell { return cell{text: i.object.GetName()} }},
	{"READY", always, false, readyCell},
	{"REASON", always, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return readiness(m).Reason })},
	{"VERSION", always, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return m.Status.KubernetesVersion })},
	{"SCHEDULING", wideOnly, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return string(m.Spec.Scheduling) })},
	{"RUNS", always, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return load(m) })},
	{"EXPIRES", always, false, expires},
	{"AGE", always, true, age},
	{"LAST SEEN", wideOnly, true, ofMember(func(m *v1.MemberCluster, now time.Time) string { return ago(m.Status.LastSeen, now) })},
	{"LABELS", always, false, func(i item, _ time.Time) cell { return cell{text: labelsOf(i.object.GetLabels())} }},
	{"MESSAGE", wideOnly, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return readiness(m).Message })},
}

// spare are the columns that go where the terminal is too narrow for all, the first first.
var spare = []string{"AGE", "VERSION", "RUNS", "EXPIRES"}

// fleetTable is the table on a page. A narrow one has only the columns for which there is room, and no line is longer than it.
func fleetTable(p page, wide bool, items []item, now time.Time) []string {
	columns := slices.Clone(fleetColumns)
	if wide {
		p.width = 0 // whoever asks for everything gets it, and the terminal wraps it
	} else {
		columns = slices.DeleteFunc(columns, func(c column) bool { return c.where == wideOnly })
	}
	p.strict = p.width > 0
	for _, head := range spare {
		if newGrid(p, heads(columns)).fits(rowsOf(columns, items, now)) {
			break
		}
		columns = slices.DeleteFunc(columns, func(c column) bool { return c.head == head })
	}
	return newGrid(p, heads(columns)).lines(rowsOf(columns, items, now))
}

// expires is how long the credentials are valid, in red where somebody has to act.
func expires(i item, _ time.Time) cell {
	m, ok := i.object.(*v1.MemberCluster)
	if !ok {
		return cell{}
	}
	left := m.Status.CredentialsLeft
	return cell{left, map[bool]string{true: red}[left == "expired" || left == "<1h"]}
}

func labelsOf(labels map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, k+"="+labels[k])
	}
	return strings.Join(all, ",")
}

func newFleetListCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the members: ready or why not, version, runs, and how long their credentials are valid",
		Example: `  runfleet fleet list
  runfleet fleet list -o wide   with the sentence that goes with the reason`,
		Args: usage(cobra.NoArgs),
	}
	addOutputFlag(cmd, &output, outputWide, outputName, outputJSON, outputYAML)
	flags := addHubFlags(cmd)
	cmd.Flags().Lookup("namespace").Hidden = true // members are in none
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		h, err := flags.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		raw := output == outputJSON || output == outputYAML
		items, err := h.list(cmd.Context(), []*kind{members}, raw)
		switch {
		case err != nil:
			return err
		case raw:
			return printObjects(cmd.OutOrStdout(), output, items, false)
		case output == outputName:
			for _, i := range items {
				fmt.Fprintln(cmd.OutOrStdout(), i)
			}
			return nil
		case len(items) == 0:
			fmt.Fprintln(cmd.ErrOrStderr(), "No members: runfleet fleet join adds one.")
			return nil
		}
		for _, l := range fleetTable(pageFor(cmd.OutOrStdout()), output == outputWide, items, time.Now()) {
			fmt.Fprintln(cmd.OutOrStdout(), l)
		}
		return nil
	}
	return cmd
}

// newCordonCommand makes cordon or uncordon.
func newCordonCommand(verb string, to v1.MemberScheduling) *cobra.Command {
	short := map[string]string{
		"cordon": "Place nothing new on members; what executes there goes on", "uncordon": "Place runs on members again",
	}[verb]
	cmd := &cobra.Command{
		Use:   verb + " NAME...",
		Short: short,
		Long: short + ".\n\nDoing it twice does nothing more. The same with kubectl:\n  kubectl patch mc NAME --type=merge -p '" +
			fmt.Sprintf(`{"spec":{"scheduling":%q}}`, to) + "'",
		Example:           "  runfleet fleet " + verb + " eu-1",
		Args:              usage(cobra.MinimumNArgs(1)),
		ValidArgsFunction: completeMembers,
	}
	flags := addHubFlags(cmd)
	cmd.Flags().Lookup("namespace").Hidden = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		h, err := flags.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		for _, name := range args {
			m, err := h.memberOf(cmd.Context(), name)
			if err != nil {
				return err
			}
			changed, err := membership.Cordon(cmd.Context(), h.client, m, to)
			if err != nil {
				return h.explain(verb+" of "+name, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", name,
				map[bool]string{true: verb + "ed", false: "was " + verb + "ed already"}[changed])
		}
		return nil
	}
	return cmd
}
