package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// labels are those that a node must have.
func labels(at func(*draft) *map[string]string) setting {
	const want = "labels of nodes, such as {pool: agents}"
	return setting{
		read: func(d *draft, v any) error {
			m, ok := v.(map[string]any)
			if !ok {
				return is(v, want)
			}
			found := map[string]string{}
			for _, name := range slices.Sorted(maps.Keys(m)) {
				value, ok := m[name].(string)
				switch {
				case len(validation.IsQualifiedName(name)) > 0:
					return is(name, "the key of a label, such as pool or example.com/pool")
				case !ok:
					return fmt.Errorf("%s %w", name, is(m[name], "its value in quotes, since a label's value is text"))
				case len(validation.IsValidLabelValue(value)) > 0:
					return fmt.Errorf("%s %w", name, is(value, "the value of a label, such as agents"))
				}
				found[name] = value
			}
			*at(d) = found
			return nil
		},
		show:   func(*draft) string { return "" },
		schema: schema{"type": "object", "additionalProperties": schema{"type": "string"}},
	}
}

func tolerations(at func(*draft) *[]corev1.Toleration) setting {
	return setting{
		read: func(d *draft, v any) error {
			items, ok := v.([]any)
			if !ok {
				return is(v, "a list of tolerations, each such as "+wantToleration)
			}
			found := []corev1.Toleration{}
			for _, item := range items {
				t, err := asToleration(item)
				if err != nil {
					return fmt.Errorf("one item %w", err)
				}
				found = append(found, t)
			}
			*at(d) = found
			return nil
		},
		show:   func(*draft) string { return "" },
		schema: schema{"type": "array", "items": tolerationSchema},
	}
}

const wantToleration = "{key: agents, operator: Exists, effect: NoSchedule}"

// asToleration takes what an API server takes, which would refuse the pods of every run otherwise.
func asToleration(v any) (corev1.Toleration, error) {
	var t corev1.Toleration
	text, err := json.Marshal(v)
	if err != nil {
		return t, is(v, wantToleration)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if _, section := v.(map[string]any); !section || strict.Decode(&t) != nil {
		return t, is(v, "key, operator, value, effect and tolerationSeconds alone, such as "+wantToleration)
	}
	exists := t.Operator == corev1.TolerationOpExists
	switch {
	case !exists && t.Operator != corev1.TolerationOpEqual && t.Operator != "":
		err = is(v, "operator: Exists or Equal")
	case t.Key == "" && !exists:
		err = is(v, "the key of the taint, or operator: Exists for every taint")
	case t.Key != "" && len(validation.IsQualifiedName(t.Key)) > 0:
		err = is(v, "the key of a taint, such as agents or example.com/agents")
	case exists && t.Value != "" || len(validation.IsValidLabelValue(t.Value)) > 0:
		err = is(v, "a value such as yes with operator: Equal, and none with Exists")
	case !slices.Contains(effects, t.Effect):
		err = is(v, "effect: NoSchedule, PreferNoSchedule or NoExecute, or leave it out for all three")
	case t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute:
		err = is(v, "effect: NoExecute beside tolerationSeconds")
	}
	return t, err
}

var effects = []corev1.TaintEffect{"", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
