package main

import (
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// newRootCommand builds the whole command line. The name it was called by is the name it shows.
func newRootCommand(called string) *cobra.Command {
	root := newGroup("runfleet", "AI coding agents as Kubernetes Jobs across a fleet of clusters")
	root.Version = version()
	root.SilenceErrors = true // run prints the error, once
	root.SilenceUsage = true  // the help is one flag away; a wall of text hides the error
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	if strings.HasPrefix(filepath.Base(called), "kubectl-") {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl runfleet"}
	}
	root.AddCommand(newFSMCommand())
	return root
}

// newGroup is a command that only holds others: alone it shows its help, and it knows what a mistyped one should be.
func newGroup(use, short string) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			var names []string
			for _, c := range cmd.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name())
				}
			}
			return unknown("command", args[0], names)
		},
	}
}

// version is what the Go toolchain wrote into the binary.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	return v + " " + info.GoVersion
}
