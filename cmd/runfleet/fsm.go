package main

import (
	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// kindTables are the tables by the names that people type.
var kindTables = []struct {
	name  string
	table func() fsm.Table
}{
	{"docsrun", lifecycle.DocsTable},
	{"coderun", lifecycle.CodeTable},
}

func newFSMCommand() *cobra.Command {
	cmd := newGroup("fsm", "Read, draw and prove the life of a run")
	cmd.Long = `Read, draw and prove the life of a run.

Everything here is printed from the transition table that the operator runs by.`
	cmd.AddCommand(newFSMExplainCommand(), newFSMCheckCommand(), newFSMDocsCommand(), newFSMCRDsCommand())
	cmd.AddCommand(newFSMPrintCommands()...)
	return cmd
}

func kindNames() []string {
	var names []string
	for _, k := range kindTables {
		names = append(names, k.name)
	}
	return names
}

// tableOf finds the table of a kind.
func tableOf(kind string) (fsm.Table, error) {
	name, err := pick("kind", kind, kindNames())
	if err != nil {
		return fsm.Table{}, err
	}
	for _, k := range kindTables {
		if k.name == name {
			return k.table(), nil
		}
	}
	return fsm.Table{}, usagef("kind %q has no table", kind)
}

func completeKinds(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return kindNames(), cobra.ShellCompDirectiveNoFileComp
}

// addKindFlag adds --kind with its completion.
func addKindFlag(cmd *cobra.Command, kind *string) {
	cmd.Flags().StringVar(kind, "kind", kindNames()[0], "the kind of run: docsrun or coderun")
	completeFlag(cmd, "kind", completeKinds)
}
