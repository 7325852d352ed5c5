package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// change is a verb that sets one switch of a run's spec.
type change struct {
	verb, short, long string
	field             string
	to                bool
	already           string              // what a run is that has the switch so
	done              func(v1.Run) string // what follows
}

var changes = []change{
	{
		verb: "cancel", short: "End runs: stop their agents and start none again",
		long:  `End runs as Cancelled: the agent is stopped, what it pushed stays, and none is started again.`,
		field: "cancel", to: true, already: "is being cancelled already", done: cancelled,
	},
	{
		verb: "suspend", short: "Stop the agents of runs until they are resumed",
		long:  `Stop the agents of runs, and start none until "runfleet resume". A stopped attempt is not charged to the retries.`,
		field: "suspend", to: true, already: "is suspended already", done: suspended,
	},
	{
		verb: "resume", short: "Let suspended runs go on",
		long:  `Let suspended runs go on with a new attempt.`,
		field: "suspend", to: false, already: "is not suspended", done: resumed,
	},
}

func newChangeCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, c := range changes {
		cmd := &cobra.Command{
			Use:   c.verb + " RUN...",
			Short: c.short,
			Long: c.long + "\n\nDoing it twice does nothing more. The same with kubectl:\n" +
				"  kubectl patch docsrun NAME --type=merge -p '" + c.patch() + "'",
			Example:           "  runfleet " + c.verb + " docsrun/shop",
			ValidArgsFunction: completeRuns,
		}
		flags := addHubFlags(cmd)
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			refs, err := parseRuns(args)
			if err != nil {
				return err
			}
			h, err := flags.connect(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			items, err := h.find(cmd.Context(), refs, false)
			if err != nil {
				return err
			}
			for _, i := range items {
				said, err := c.apply(cmd.Context(), h, i)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", i, said)
			}
			return nil
		}
		out = append(out, cmd)
	}
	return out
}

func (c change) patch() string { return fmt.Sprintf(`{"spec":{%q:%t}}`, c.field, c.to) }

// apply sets the switch, unless that would change nothing, and says what was done.
func (c change) apply(ctx context.Context, h *hub, i item) (string, error) {
	run := i.run()
	spec := run.RunSpec()
	switch {
	case i.object.GetDeletionTimestamp() != nil:
		return "is being deleted", nil
	case map[string]bool{"cancel": spec.Cancel, "suspend": spec.Suspend}[c.field] == c.to:
		return c.already, nil
	case c.to && ended(run):
		return fmt.Sprintf("has ended as %s: there is nothing to %s", run.RunStatus().Phase, c.verb), nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := h.client.Patch(ctx, i.object, client.RawPatch(types.MergePatchType, []byte(c.patch()))); err != nil {
		return "", h.explain(c.verb+" of "+i.String(), err)
	}
	return c.done(run), nil
}

// out says that an agent may be at work, and where.
func out(s *v1.RunStatus) (string, bool) {
	switch s.Phase {
	case v1.PhaseProvisioning, v1.PhaseRunning, v1.PhaseStopping:
		return fmt.Sprintf("attempt %d on %s", s.Attempt, s.Cluster), true
	default:
		return "", false
	}
}

func cancelled(r v1.Run) string {
	if attempt, at := out(r.RunStatus()); at {
		return "will be cancelled: " + attempt + " is stopped"
	}
	return "will be cancelled: no agent is at work"
}

func suspended(r v1.Run) string {
	if attempt, at := out(r.RunStatus()); at {
		return "is suspended: " + attempt + " is stopped"
	}
	return "is suspended: no agent is at work, and none is started"
}

func resumed(r v1.Run) string {
	if ended(r) {
		return fmt.Sprintf("is no longer suspended; it has ended as %s", r.RunStatus().Phase)
	}
	return "goes on"
}
