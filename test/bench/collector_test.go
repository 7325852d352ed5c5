package main

import (
	"strings"
	"testing"
)

func TestACollectorMayCostNoMoreThanChance(t *testing.T) {
	calm := []bill{{100, 200, 1}, {101, 200, 1.01}, {100, 201, 1.02}}
	for name, c := range map[string]struct {
		healthy, holed []bill
		missed         string
	}{
		"the same":                   {calm, calm, ""},
		"4 % more":                   {calm, []bill{{104, 208, 1.04}}, ""},
		"a tenth more":               {calm, []bill{{100, 220, 1.2}}, "reconciles, cpu_seconds"},
		"less than two rounds apart": {[]bill{{100, 200, 1}, {100, 200, 1.3}}, []bill{{100, 200, 1.3}}, ""},
	} {
		var out strings.Builder
		err := judge(&out, c.healthy, c.holed)
		if (err == nil) != (c.missed == "") || err != nil && !strings.HasSuffix(err.Error(), "costs "+c.missed) {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
}
