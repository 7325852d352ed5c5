package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fsm"
)

// prints are the verbs that print a table in one form.
var prints = []struct {
	verb, short string
	form        func(context.Context, fsm.Table, fsm.Ink) ([]byte, error)
}{
	{"mermaid", "Print the state diagram for Mermaid", text(fsm.Table.Mermaid)},
	{"dot", "Print the state diagram for Graphviz", text(fsm.Table.DOT)},
	{"svg", "Print the state diagram as a picture", func(ctx context.Context, t fsm.Table, _ fsm.Ink) ([]byte, error) { return drawSVG(ctx, t) }},
	{"matrix", "Print what each trigger does in each state", func(_ context.Context, t fsm.Table, ink fsm.Ink) ([]byte, error) {
		return []byte(t.PaintedMatrix(ink)), nil
	}},
	{"json", "Print the whole table for programs", func(_ context.Context, t fsm.Table, _ fsm.Ink) ([]byte, error) { return t.JSON() }},
}

func text(form func(fsm.Table) string) func(context.Context, fsm.Table, fsm.Ink) ([]byte, error) {
	return func(_ context.Context, t fsm.Table, _ fsm.Ink) ([]byte, error) { return []byte(form(t)), nil }
}

func newFSMPrintCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, p := range prints {
		var kind string
		cmd := &cobra.Command{
			Use:               p.verb + " [docsrun|coderun]",
			Short:             p.short,
			Args:              usage(cobra.MaximumNArgs(1)),
			ValidArgsFunction: completeKinds,
			RunE: func(cmd *cobra.Command, args []string) error {
				if len(args) > 0 {
					if cmd.Flags().Changed("kind") {
						return usagef("the kind is named twice: leave out %q or --kind", args[0])
					}
					kind = args[0]
				}
				t, err := tableOf(kind)
				if err != nil {
					return err
				}
				w := cmd.OutOrStdout()
				b, err := p.form(cmd.Context(), t, ink(w))
				if err != nil {
					return err
				}
				_, err = w.Write(b)
				return err
			},
		}
		addKindFlag(cmd, &kind)
		out = append(out, cmd)
	}
	return out
}
