package apiserver

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Select returns the objects that list options ask for. A cache selects by its indexes and by nothing else; without them
// the field selectors of an API server hold.
func Select(from []client.Object, indexes map[string]client.IndexerFunc, opts []client.ListOption) ([]client.Object, error) {
	var o client.ListOptions
	o.ApplyOptions(opts)
	var want []fields.Requirement
	if o.FieldSelector != nil {
		want = o.FieldSelector.Requirements()
	}
	var out []client.Object
	for _, object := range from {
		if o.Namespace != "" && object.GetNamespace() != o.Namespace {
			continue
		}
		if o.LabelSelector != nil && !o.LabelSelector.Matches(labels.Set(object.GetLabels())) {
			continue
		}
		ok, err := fieldsMatch(object, indexes, want)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, object)
		}
		if o.Limit > 0 && len(out) == int(o.Limit) {
			break
		}
	}
	return out, nil
}

func fieldsMatch(o client.Object, indexes map[string]client.IndexerFunc, want []fields.Requirement) (bool, error) {
	for _, r := range want {
		var have []string
		switch index, ok := indexes[r.Field]; {
		case ok:
			have = index(o)
		case indexes != nil:
			return false, fmt.Errorf("the cache of %T has no index %q", o, r.Field)
		default:
			have = field(o, r.Field)
		}
		if !slices.Contains(have, r.Value) {
			return false, nil
		}
	}
	return true, nil
}

// field is what an API server selects by.
func field(o client.Object, name string) []string {
	event, ok := o.(*corev1.Event)
	switch {
	case ok && name == "involvedObject.uid":
		return []string{string(event.InvolvedObject.UID)}
	case ok && name == "type":
		return []string{event.Type}
	case name == "metadata.name":
		return []string{o.GetName()}
	default:
		return nil
	}
}
