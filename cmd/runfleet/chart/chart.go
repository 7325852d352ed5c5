// Package chart is the Helm chart of the operator, and what renders it without Helm.
//
// The templates use text/template and three functions that Helm has too, toJson, toYaml and fromYaml: all that is in a value or a
// file is written by one of the first two, so nothing of it becomes syntax. test/helm proves that Helm makes the same objects of the
// same values, and refuses the same values.
package chart

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/crds"
)

// files are the chart. The CRDs are links to those of package crds, which an embedding does not follow.
//
//go:embed Chart.yaml values.yaml values.schema.json templates/*.yaml templates/_labels.tpl files
var files embed.FS

// Release is what Helm calls one installation of a chart.
type Release struct {
	Name      string
	Namespace string
	Service   string // who installs it
}

// Object is an object of Kubernetes, with numbers as json.Number.
type Object map[string]any

// Render makes the objects of a release, the CRDs first. Values are those of Values.
func Render(r Release, values map[string]any) ([]Object, error) {
	t, err := template.New("").Option("missingkey=zero").Funcs(template.FuncMap{"toJson": toJSON, "toYaml": toYAML, "fromYaml": fromYAML}).
		ParseFS(files, "templates/*.yaml", "templates/_labels.tpl")
	if err != nil {
		return nil, fmt.Errorf("reading the chart: %w", err)
	}
	names, err := fs.Glob(files, "templates/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Object
	for _, name := range crds.Files {
		text, err := crds.FS.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if all, err = read(all, name, text); err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	for _, name := range names {
		var text bytes.Buffer
		data := map[string]any{"Release": r, "Values": values, "Files": reader{}}
		if err := t.ExecuteTemplate(&text, strings.TrimPrefix(name, "templates/"), data); err != nil {
			return nil, fmt.Errorf("rendering the chart: %w", err)
		}
		if all, err = read(all, name, text.Bytes()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read adds the objects of a stream of YAML.
func read(all []Object, name string, text []byte) ([]Object, error) {
	for part := range strings.SplitSeq("\n"+string(text), "\n---\n") {
		o, err := decode([]byte(part))
		if err != nil {
			return nil, fmt.Errorf("reading %s of the chart: %w", name, err)
		}
		if len(o) > 0 {
			all = append(all, o)
		}
	}
	return all, nil
}

// decode reads YAML as Helm does: numbers stay as they are written.
func decode(text []byte) (map[string]any, error) {
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var out map[string]any
	err = decoder.Decode(&out)
	return out, err
}

func toJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

func toYAML(v any) (string, error) {
	data, err := yaml.Marshal(v)
	return strings.TrimSuffix(string(data), "\n"), err
}

func fromYAML(text string) (map[string]any, error) { return decode([]byte(text)) }

// reader is what Helm calls .Files.
type reader struct{}

// Get returns the text of a file of the chart.
func (reader) Get(name string) (string, error) {
	text, err := files.ReadFile(name)
	return string(text), err
}
