package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/api/crds"
)

func newCRDsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "crds",
		Short: "Print the CustomResourceDefinitions to install on the hub",
		Long: `Print the CustomResourceDefinitions to install on the hub. They are those that this binary was built with. Applying
them again, also newer ones, loses nothing.`,
		Example: "  runfleet crds | kubectl apply -f -",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range crds.Files {
				data, err := crds.FS.ReadFile(name)
				if err != nil {
					return fmt.Errorf("reading %s: %w", name, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "---\n%s", data)
			}
			return nil
		},
	}
}
