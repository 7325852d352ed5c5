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
	return versionOf(info)
}

// versionOf reads "v1.2.0 (commit 0123456789ab, modified) go1.26.3"; the commit is missing from what "go run"
// builds, and is not said again where the version is made of it.
func versionOf(info *debug.BuildInfo) string {
	v, commit, modified := info.Main.Version, "", ""
	if v == "" {
		v = "(devel)"
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if commit != "" && !strings.Contains(v, commit) {
		v += " (commit " + commit + modified + ")"
	}
	return v + " " + info.GoVersion
}
