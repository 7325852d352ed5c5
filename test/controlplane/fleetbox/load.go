package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/test/controlplane/box"
)

func loadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "load TAR...",
		Short: "Import images from tars, as docker save writes them, into every real node of a box",
	}
	dir := dirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return badUsage("name at least one tar: fleetbox load TAR...")
		}
		at, err := place(*dir)
		if err != nil {
			return err
		}
		tars, err := archives(args)
		if err != nil {
			return err
		}
		return box.Load(cmd.Context(), at, tars...)
	}
	return cmd
}

// archives are absolute paths of files that are there.
func archives(tars []string) ([]string, error) {
	all := make([]string, len(tars))
	for i, tar := range tars {
		path, err := filepath.Abs(tar)
		if err != nil {
			return nil, fmt.Errorf("looking for image %s: %w", tar, err)
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return nil, badUsage("image %s: want a tar, as docker save writes it", tar)
		}
		all[i] = path
	}
	return all, nil
}
