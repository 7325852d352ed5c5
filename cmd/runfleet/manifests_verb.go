package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/cmd/runfleet/chart"
)

// installer is the name of the release, and who it says to be managed by.
const installer = "runfleet"

// chartFlags are the values of the chart and the namespace it is rendered for.
type chartFlags struct {
	files, settings []string
	system          string
}

func (f *chartFlags) add(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVarP(&f.files, "values", "f", nil, "a YAML `FILE` of values, - for standard input; of several the later wins")
	cmd.Flags().StringArrayVar(&f.settings, "set", nil, "one value, as `KEY.BELOW=VALUE`, the value as YAML has it; may be repeated")
	cmd.Flags().StringVar(&f.system, "system-namespace", v1.SystemNamespace, "the `NAMESPACE` of the operator")
}

// render makes the objects of the chart.
func (f *chartFlags) render(stdin io.Reader) ([]chart.Object, error) {
	var documents [][]byte
	for _, name := range f.files {
		text, err := readValues(name, stdin)
		if err != nil {
			return nil, fmt.Errorf("reading values: %w", err)
		}
		documents = append(documents, text)
	}
	values, err := chart.Values(documents, f.settings)
	var refused chart.Refused
	switch {
	case errors.As(err, &refused):
		return nil, usageError{refused}
	case err != nil:
		return nil, usageError{err}
	}
	return chart.Render(chart.Release{Name: installer, Namespace: f.system, Service: installer}, values)
}

func readValues(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

func newManifestsCommand() *cobra.Command {
	var flags chartFlags
	cmd := &cobra.Command{
		Use:   "manifests",
		Short: "Print everything that the hub needs: kinds, rights, operator, configuration",
		Long: `Print everything that the hub needs: the kinds, the operator with its rights and its configuration, rights for people.
It is what Helm makes of the chart in cmd/runfleet/chart with the same values, and needs neither Helm nor a cluster. The
namespace must exist.

Three values have no default: image, config.agent.image.repository and config.agent.image.tag.`,
		Example: `  runfleet manifests -f values.yaml | kubectl apply --server-side -f -
  runfleet manifests -f values.yaml --set replicas=1 --set 'namespaces=[team-a, team-b]'`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			objects, err := flags.render(cmd.InOrStdin())
			if err != nil {
				return err
			}
			for _, o := range objects {
				text, err := yaml.Marshal(o)
				if err != nil {
					return fmt.Errorf("printing YAML: %w", err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "---\n%s", text)
			}
			return nil
		},
	}
	flags.add(cmd)
	return cmd
}
