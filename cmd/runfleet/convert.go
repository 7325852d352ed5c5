package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/api/migrate"
)

func newConvertCommand() *cobra.Command {
	var files []string
	var output string
	cmd := &cobra.Command{
		Use:   "convert -f FILE",
		Short: "Convert runs of the original system",
		Long: `Convert runs of the original system: TaskRuns of orchestrator.io/v1 and runs of agents.platform become DocsRuns and
CodeRuns; runs of orchestrator.platform/v1 pass without what means nothing here. It needs no cluster, and changes
nothing.

Standard output is what kubectl can apply. Standard error has a note for each field that has no home, and for each
object that is left out: what has ended would be executed again, and what is under way would get a second agent. A
secret in a manifest is never repeated in a note.

Exits with 1 when an object was left out because a person must fill in something first.`,
		Example: `  runfleet convert -f taskruns.yaml                          look first
  runfleet convert -f taskruns.yaml | kubectl apply -f -     then ask for them
  kubectl get taskruns -A -o yaml | runfleet convert -f -    from a cluster`,
		Args: usage(cobra.NoArgs),
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil,
		"a `FILE` of manifests, a directory of them, or - for standard input; may be repeated")
	addOutputFlag(cmd, &output, outputYAML, outputJSON)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(files) == 0 {
			return usagef("name a file of manifests with -f, or -f - for standard input")
		}
		objects, err := readManifests(files, cmd.InOrStdin())
		if err != nil {
			return err
		}
		return tellConverted(cmd, output, migrate.Convert(objects))
	}
	return cmd
}

// tellConverted prints the objects, and on standard error the notes.
func tellConverted(cmd *cobra.Command, output string, r migrate.Result) error {
	for _, n := range r.Notes {
		fmt.Fprintln(cmd.ErrOrStderr(), printable(n.String()))
	}
	if output == outputJSON {
		list := map[string]any{"apiVersion": "v1", "kind": "List", "items": r.Objects}
		if err := printValue(cmd.OutOrStdout(), outputJSON, list); err != nil {
			return err
		}
	} else if err := printDocuments(cmd, r.Objects); err != nil {
		return err
	}
	if r.Incomplete {
		return fmt.Errorf("some objects need something first, and were left out: the notes say what")
	}
	return nil
}

func printDocuments(cmd *cobra.Command, objects []map[string]any) error {
	for i, o := range objects {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "---")
		}
		if err := printValue(cmd.OutOrStdout(), outputYAML, o); err != nil {
			return err
		}
	}
	return nil
}
