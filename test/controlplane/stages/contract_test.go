package stages

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// The box decides how its agents behave, and the product knows nothing of it; what they write must all the same be
// what the product reads.
func TestOutcomesKeepTheContract(t *testing.T) {
	known := lifecycle.Results()
	check := func(service string, outcome any) {
		if _, garbage := outcome.(string); garbage || outcome == nil {
			return
		}
		text, err := json.Marshal(outcome)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		var got lifecycle.Outcome
		if err := d.Decode(&got); err != nil {
			t.Errorf("%s: %v in %s", service, err, text)
		}
		if !slices.Contains(known, got.Result) {
			t.Errorf("%s: result %q is none of %v", service, got.Result, known)
		}
	}
	behaviours, err := Behaviours()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range behaviours {
		for _, p := range b.Plans {
			check(b.Service, p.Outcome)
		}
	}
	check("interrupted", interrupted.Outcome)
}
