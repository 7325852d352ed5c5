package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/reconcilers/fleet/membership"
)

func newFleetLeaveCommand() *cobra.Command {
	var flags twoSides
	cmd := &cobra.Command{
		Use:   "leave NAME",
		Short: "End that a cluster is a member, once no run is placed there",
		Long: `End that a cluster is a member: its MemberCluster and the Secret that join wrote are removed. With a kubeconfig of
the member, also what join created there; without one, as where the member cannot be reached, the command that removes
it later is printed. Workspaces and Secrets of runs stay.

The member is cordoned first. While runs are placed there they are named and nothing is removed: call again once they
have ended.`,
		Example: `  runfleet fleet leave eu-1 --kubeconfig eu-1.kubeconfig`,
		Args:    usage(cobra.ExactArgs(1)),
	}
	flags.addFlags(cmd, ", to clean up there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		h, err := flags.hub.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if _, err := h.memberOf(cmd.Context(), args[0]); err != nil {
			return err
		}
		leave := membership.Leave{System: flags.system, Name: args[0]}
		leave.Say = func(line string) { fmt.Fprintln(cmd.OutOrStdout(), printable(line)) }
		if leave.Hub, err = reachSide(&flags.hub, cmd.ErrOrStderr()); err != nil {
			return err
		}
		if flags.ofMember() {
			if leave.Member, err = reachSide(&flags.member, cmd.ErrOrStderr()); err != nil {
				return fmt.Errorf("the member: %w", err)
			}
		}
		err = leave.Run(cmd.Context())
		if busy, ok := errors.AsType[membership.Busy](err); ok {
			return lines(args[0]+" is cordoned and stays: these runs are placed there (runfleet wait tells when they end):", busy)
		}
		if err != nil {
			return errors.New(oneLine(err.Error()))
		}
		return nil
	}
	return cmd
}
