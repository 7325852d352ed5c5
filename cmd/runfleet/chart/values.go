package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"sigs.k8s.io/yaml"
)

// Values are the chart's own with those of files, each a YAML document, and then settings, each key.below=value, laid over them:
// sections are merged, null takes a default away, everything else replaces. What the schema refuses is an error.
func Values(documents [][]byte, settings []string) (map[string]any, error) {
	text, err := files.ReadFile("values.yaml")
	if err != nil {
		return nil, err
	}
	values, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("reading the chart's values: %w", err)
	}
	given := map[string]any{}
	for _, document := range documents {
		over, err := decode(document)
		if err != nil {
			return nil, fmt.Errorf("reading values: %w", err)
		}
		merge(given, over)
	}
	for _, setting := range settings {
		over, err := parse(setting)
		if err != nil {
			return nil, err
		}
		merge(given, over)
	}
	takeAway(values, given)
	merge(values, given)
	return values, check(values)
}

// merge lays the one over the other.
func merge(under, over map[string]any) {
	for name, v := range over {
		below, sections := under[name].(map[string]any)
		if section, ok := v.(map[string]any); ok && sections {
			merge(below, section)
			continue
		}
		under[name] = v
	}
}

// takeAway removes the defaults for which null is given, and that null. Elsewhere null is a value like any other, as of Helm.
func takeAway(defaults, given map[string]any) {
	for name, standard := range defaults {
		v, is := given[name]
		if is && v == nil {
			delete(defaults, name)
			delete(given, name)
			continue
		}
		below, sections := standard.(map[string]any)
		if section, ok := v.(map[string]any); ok && sections {
			takeAway(below, section)
		}
	}
}

// parse reads one key.below=value, the value as YAML reads it.
func parse(setting string) (map[string]any, error) {
	path, text, found := strings.Cut(setting, "=")
	names := strings.Split(path, ".")
	if !found || slices.Contains(names, "") {
		return nil, fmt.Errorf("%q is no setting: write key.below=value, such as log.verbosity=2", setting)
	}
	v, err := scalar(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is no YAML: %w", path, text, err)
	}
	for _, name := range slices.Backward(names) {
		v = map[string]any{name: v}
	}
	out, _ := v.(map[string]any)
	return out, nil
}

// scalar reads a value, which may be a list or a section too. A colon in it makes no section: images have some.
func scalar(text string) (any, error) {
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	err = decoder.Decode(&v)
	return v, err
}

// check holds values against the schema.
func check(values map[string]any) error {
	text, err := files.ReadFile("values.schema.json")
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("reading the chart's schema: %w", err)
	}
	const name = "values.schema.json"
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		return fmt.Errorf("reading the chart's schema: %w", err)
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		return fmt.Errorf("reading the chart's schema: %w", err)
	}
	var refused *jsonschema.ValidationError
	if err := schema.Validate(values); errors.As(err, &refused) {
		return Refused(mistakes(refused))
	} else if err != nil {
		return err
	}
	return nil
}

// Refused are the mistakes in values, each with the path of the value.
type Refused []string

func (r Refused) Error() string { return "the values are refused:\n  " + strings.Join(r, "\n  ") }

// mistakes are the leaves of what the schema says, in the order of their paths.
func mistakes(e *jsonschema.ValidationError) []string {
	found := map[string]bool{}
	printer := message.NewPrinter(language.English)
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			walk(cause)
		}
		if len(e.Causes) == 0 {
			line := e.ErrorKind.LocalizedString(printer)
			if len(e.InstanceLocation) > 0 {
				line = strings.Join(e.InstanceLocation, ".") + ": " + line
			}
			found[line] = true
		}
	}
	walk(e)
	return slices.Sorted(maps.Keys(found))
}
