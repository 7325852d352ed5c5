package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// The forms of output beside the table.
const (
	outputJSON = "json"
	outputYAML = "yaml"
	outputWide = "wide"
	outputName = "name"
)

// choice is a flag that takes one of some words.
type choice struct {
	value *string
	words []string
}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c choice) Type() string { return strings.Join(c.words, "|") }

// Set implements pflag.Value.
func (c choice) Set(s string) error {
	if !slices.Contains(c.words, s) {
		return fmt.Errorf("write one of %s", strings.Join(c.words, ", "))
	}
	*c.value = s
	return nil
}

func addOutputFlag(cmd *cobra.Command, value *string, words ...string) {
	cmd.Flags().VarP(choice{value, words}, "output", "o", "print another form")
	completeFlag(cmd, "output", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	})
}

// printObjects prints objects as the API server has them, apart from the bookkeeping of their fields. Several are a
// List, as of kubectl.
func printObjects(w io.Writer, output string, items []item, single bool) error {
	objects := []any{}
	for _, i := range items {
		if u, ok := i.object.(*unstructured.Unstructured); ok {
			u.SetManagedFields(nil)
			objects = append(objects, u.Object)
		}
	}
	if single && len(objects) == 1 {
		return printValue(w, output, objects[0])
	}
	return printValue(w, output, map[string]any{"apiVersion": "v1", "kind": "List", "metadata": map[string]any{}, "items": objects})
}

// printManifest prints a typed object, without what it leaves empty.
func printManifest(w io.Writer, output string, object runtime.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return fmt.Errorf("printing the manifest: %w", err)
	}
	return printValue(w, output, content)
}

// printValue prints anything as JSON or YAML.
func printValue(w io.Writer, output string, value any) error {
	if output == outputYAML {
		data, err := yaml.Marshal(value)
		if err != nil {
			return fmt.Errorf("printing YAML: %w", err)
		}
		_, err = w.Write(data)
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "    ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}
