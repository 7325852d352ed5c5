package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/test/controlplane/box"
)

func downCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop a box and remove everything it made",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		at, err := place(*dir)
		if err != nil {
			return err
		}
		err = box.Down(cmd.Context(), at)
		if errors.Is(err, box.ErrNoBox) {
			// What was asked for is so.
			fmt.Fprintf(cmd.ErrOrStderr(), "fleetbox: %v\n", err)
			return nil
		}
		return err
	}
	return cmd
}
