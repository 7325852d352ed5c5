package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const wantQuantity = "a quantity above zero, such as 500m or 4Gi"

func asQuantity(v any) (resource.Quantity, error) {
	s, ok := v.(string)
	if n, number := v.(json.Number); number { // cpu: 2
		s, ok = n.String(), true
	}
	q, err := resource.ParseQuantity(s)
	if !ok || err != nil || q.Sign() <= 0 {
		return resource.Quantity{}, is(v, wantQuantity)
	}
	return q, nil
}

func quantity(at func(*draft) *resource.Quantity) setting {
	return setting{
		read: func(d *draft, v any) (err error) {
			*at(d), err = asQuantity(v)
			return err
		},
		show:   func(d *draft) string { return at(d).String() },
		schema: quantitySchema,
	}
}

// leastSize is less than any agent gets along with: who writes 10 means Gi.
var leastSize = resource.MustParse("64Mi")

// size is a quantity of bytes that a directory may hold.
func size(at func(*draft) *resource.Quantity) setting {
	s := quantity(at)
	s.read = func(d *draft, v any) error {
		q, err := asQuantity(v)
		if err != nil || q.Cmp(leastSize) < 0 {
			return is(v, "a size of at least 64Mi, such as 5Gi")
		}
		*at(d) = q
		return nil
	}
	return s
}

func resources(at func(*draft) *corev1.ResourceList) setting {
	return setting{
		read: func(d *draft, v any) error {
			m, ok := v.(map[string]any)
			if !ok {
				return is(v, "resources and their quantities, such as cpu: 500m")
			}
			found := corev1.ResourceList{}
			for name, v := range m {
				q, err := asQuantity(v)
				if err != nil {
					return fmt.Errorf("%s %w", name, err)
				}
				found[corev1.ResourceName(name)] = q
			}
			*at(d) = found
			return nil
		},
		show: func(d *draft) string {
			if len(*at(d)) == 0 {
				return ""
			}
			var parts []string
			for name, q := range *at(d) {
				parts = append(parts, fmt.Sprintf("%s: %s", name, q.String()))
			}
			slices.Sort(parts)
			return "{" + strings.Join(parts, ", ") + "}"
		},
		schema: schema{"type": "object", "additionalProperties": quantitySchema},
	}
}
