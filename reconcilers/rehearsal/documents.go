package rehearsal

import (
	"bytes"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// separator is the line between two documents; one may begin with a comment.
var separator = regexp.MustCompile(`^---[ \t]*(#.*)?\r?\n?$`)

// Documents reads the objects of a manifest, YAML or JSON, with the items of a List each for itself. A key that stands twice
// is an error. Errors have the line of the whole text.
func Documents(text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, document := range split(text) {
		data, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("it is no YAML: %w", err)
		}
		var value any
		if err := utiljson.Unmarshal(data, &value); err != nil { // whole numbers stay whole: the schema's rules tell them apart
			return nil, fmt.Errorf("it is no YAML: %w", err)
		}
		if value == nil {
			continue
		}
		o, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("it is no object: it needs apiVersion, kind, metadata and spec")
		}
		found, err := flatten(&unstructured.Unstructured{Object: o})
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// split takes the documents apart. Each keeps the lines before it, empty, so that an error tells the line of the file.
func split(text []byte) [][]byte {
	documents := [][]byte{nil}
	for line := range bytes.Lines(text) {
		last := len(documents) - 1
		if separator.Match(line) {
			before := bytes.Count(documents[last], []byte("\n"))
			documents = append(documents, bytes.Repeat([]byte("\n"), before+1))
			continue
		}
		documents[last] = append(documents[last], line...)
	}
	return documents
}

func flatten(o *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	if o.GetKind() == "" || o.GetAPIVersion() == "" {
		return nil, fmt.Errorf("an object has no apiVersion or kind")
	}
	if !o.IsList() {
		return []*unstructured.Unstructured{o}, nil
	}
	list, err := o.ToList()
	if err != nil {
		return nil, fmt.Errorf("reading the %s: %w", o.GetKind(), err)
	}
	var objects []*unstructured.Unstructured
	for i := range list.Items {
		objects = append(objects, &list.Items[i])
	}
	return objects, nil
}
