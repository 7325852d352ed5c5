package main

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// groups are the verbs as the help shows them.
var groups = []struct {
	id, title string
	commands  func() []*cobra.Command
}{
	{"runs", "Runs:", func() []*cobra.Command {
		return append([]*cobra.Command{
			newCreateCommand(), newGetCommand(), newWaitCommand(), newLogsCommand(), newTraceCommand(), newExplainCommand(),
			newReplayCommand(), newRetryCommand(),
		}, newChangeCommands()...)
	}},
	{"fleet", "Fleet:", func() []*cobra.Command {
		return []*cobra.Command{
			newInstallCommand(), newUninstallCommand(), newManifestsCommand(), newOperatorCommand(), newCRDsCommand(),
			newFleetCommand(), newOrphansCommand(),
			newRecoverCommand(), newSecretsCommand(), newConvertCommand(), newNetworkPolicyCommand(),
		}
	}},
	{"files", "Files:", func() []*cobra.Command { return []*cobra.Command{newRenderCommand(), newDiffCommand()} }},
	{"machine", "Machine:", func() []*cobra.Command { return []*cobra.Command{newFSMCommand()} }},
}

// newRootCommand builds the whole command line. The name it was called by is the name it shows.
func newRootCommand(called string) *cobra.Command {
	root := newGroup("runfleet", "AI coding agents as Kubernetes Jobs across a fleet of clusters")
	root.Version = thisBuild().String()
	root.SilenceErrors = true // run prints the error, once
	root.SilenceUsage = true  // the help is one flag away; a wall of text hides the error
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	if strings.HasPrefix(filepath.Base(called), "kubectl-") {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl runfleet"}
	}
	root.CompletionOptions.DisableDefaultCmd = true // ours has the shells and the words
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, cmd := range g.commands() {
			cmd.GroupID = g.id
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(newVersionCommand(), newCompletionCommand())
	helpAsCalled(root, root)
	return root
}

// asCalled writes the commands that a text names as the program was called.
func asCalled(root *cobra.Command, text string) string {
	if root.DisplayName() == root.Name() {
		return text
	}
	var verbs []string
	for _, c := range root.Commands() {
		verbs = append(verbs, regexp.QuoteMeta(c.Name()))
	}
	either := regexp.QuoteMeta(root.DisplayName()) + "|" + root.Name()
	named := regexp.MustCompile(`\b(?:` + either + `) (` + strings.Join(verbs, "|") + `)\b`)
	return named.ReplaceAllString(text, root.DisplayName()+" $1")
}

func helpAsCalled(root, cmd *cobra.Command) {
	cmd.Long, cmd.Example = asCalled(root, cmd.Long), asCalled(root, cmd.Example)
	for _, c := range cmd.Commands() {
		helpAsCalled(root, c)
	}
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
