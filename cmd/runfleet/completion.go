package main

import (
	"io"

	"github.com/spf13/cobra"
)

// shells are those whose completion is printed.
var shells = []struct {
	name  string
	print func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", func(root *cobra.Command, w io.Writer) error { return root.GenZshCompletion(w) }},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
}

func newCompletionCommand() *cobra.Command {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print what makes a shell complete names",
		Long: `Print what makes a shell complete verbs, flags, and the names of runs, phases and members.

  bash   source <(runfleet completion bash)                                  (in ~/.bashrc; needs bash-completion)
  zsh    source <(runfleet completion zsh)                                   (in ~/.zshrc, after compinit)
  fish   runfleet completion fish > ~/.config/fish/completions/runfleet.fish`,
		ValidArgs: names,
		Args:      usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("name a shell: bash, zsh or fish")
			}
			name, err := pick("shell", args[0], names)
			if err != nil {
				return err
			}
			for _, s := range shells {
				if s.name == name {
					return s.print(cmd.Root(), cmd.OutOrStdout())
				}
			}
			return nil
		},
	}
}
