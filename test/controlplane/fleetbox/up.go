package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/disk"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

func upCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a hub and its members, and print where they are as JSON",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	members := cmd.Flags().Int("members", 2, "how many member clusters")
	nodes := cmd.Flags().String("nodes", "kwok",
		"kwok: simulated nodes, on which Jobs run; containerd: a real one in each member (root on Linux); none: clusters that only serve")
	hubNode := cmd.Flags().Bool("hub-node", false, "with --nodes containerd: a real node in the hub too")
	tars := cmd.Flags().StringArray("image", nil, "with --nodes containerd: a tar whose images every real node gets; may be repeated")
	free := assumeFree(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *members < 0 || *members > box.MaxMembers {
			return badUsage("--members %d: want 0 to %d", *members, box.MaxMembers)
		}
		if !slices.Contains([]string{"kwok", "containerd", "none"}, *nodes) {
			return badUsage("--nodes %q: want kwok, containerd or none", *nodes)
		}
		if *nodes != "containerd" && (*hubNode || len(*tars) > 0) {
			return badUsage("--hub-node and --image need --nodes containerd")
		}
		images, err := archives(*tars)
		if err != nil {
			return err
		}
		at, err := place(*dir)
		if err != nil {
			return err
		}
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("looking for this program: %w", err)
		}
		summary, err := box.Up(cmd.Context(), box.Options{
			Dir:        at,
			Members:    *members,
			Simulate:   *nodes == "kwok",
			Containerd: *nodes == "containerd",
			HubNode:    *hubNode,
			Images:     images,
			Progress:   cmd.ErrOrStderr(),
			Free:       free(),
			Supervisor: []string{self, "supervise"},
		})
		if err != nil {
			return err
		}
		return json.NewEncoder(cmd.OutOrStdout()).Encode(summary)
	}
	return cmd
}

func buildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "build [PROGRAM...]",
		Short: "Build the programs of the control planes that are missing, all of them unless named",
	}
	free := assumeFree(cmd)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if len(names) == 0 {
			names = programs.All()
		}
		_, err := programs.Need(cmd.Context(), programs.Options{Progress: cmd.ErrOrStderr(), Free: free()}, names...)
		return err
	}
	return cmd
}

func superviseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "supervise",
		Short:  "Look after a box; only up calls this",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return box.Supervise(os.Stdin, os.Stdout)
		},
	}
}

// assumeFree adds a flag by which tests fill the disk without filling it.
func assumeFree(cmd *cobra.Command) func() disk.Gauge {
	assumed := cmd.Flags().Int64("assume-free-disk", -1, "bytes that are taken to be free on every disk")
	_ = cmd.Flags().MarkHidden("assume-free-disk")
	return func() disk.Gauge {
		if *assumed < 0 {
			return disk.Free
		}
		return func(string) (uint64, error) { return uint64(*assumed), nil }
	}
}
