package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fsm"
)

// rules finds where the texts of a table speak of a rule of docs/lifecycle.md, also across the end of a line.
var rules = regexp.MustCompile(`\b[Rr]ule\s+[A-Z]\b`)

func newFSMExplainCommand() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use:   "explain STATE [TRIGGER]",
		Short: "Say what a state means for the world, and what each trigger does there",
		Example: `  runfleet fsm explain Running
  runfleet fsm explain Stopping AgentGone --kind coderun`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return completeExplain(kind, len(args)), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := tableOf(kind)
			if err != nil {
				return err
			}
			s, on, err := findCell(t, args)
			if err != nil {
				return err
			}
			text := t.Explain(s, on, paper(cmd.OutOrStdout()))
			if rules.MatchString(text) {
				text += "\nRules S to W: docs/lifecycle.md\n"
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
	addKindFlag(cmd, &kind)
	return cmd
}

// findCell finds the state and, if there is one, the trigger that the arguments name.
func findCell(t fsm.Table, args []string) (fsm.State, fsm.Trigger, error) {
	switch {
	case len(args) == 0:
		return "", "", usagef("name a state. States: %s", strings.Join(texts(stateNames(t)), ", "))
	case len(args) > 2:
		return "", "", usagef("name one state and at most one trigger")
	}
	s, err := pick("state", args[0], stateNames(t))
	if err != nil {
		if on, mistaken := pick("trigger", args[0], triggerNames(t)); mistaken == nil {
			return "", "", usagef("%s is a trigger: name a state before it, as in %q. States: %s",
				on, fmt.Sprintf("explain %s %s", t.Initial, on), strings.Join(texts(stateNames(t)), ", "))
		}
		return "", "", err
	}
	if len(args) == 1 {
		return s, "", nil
	}
	on, err := pick("trigger", args[1], triggerNames(t))
	return s, on, err
}

func completeExplain(kind string, given int) []string {
	t, err := tableOf(kind)
	switch {
	case err != nil:
		return nil
	case given == 0:
		return texts(stateNames(t))
	case given == 1:
		return texts(triggerNames(t))
	default:
		return nil
	}
}

func stateNames(t fsm.Table) []fsm.State {
	var names []fsm.State
	for _, d := range t.States {
		names = append(names, d.Name)
	}
	return names
}

func triggerNames(t fsm.Table) []fsm.Trigger {
	var names []fsm.Trigger
	for _, d := range t.Triggers {
		names = append(names, d.Name)
	}
	return names
}

func texts[T ~string](names []T) []string {
	var out []string
	for _, n := range names {
		out = append(out, string(n))
	}
	return out
}
