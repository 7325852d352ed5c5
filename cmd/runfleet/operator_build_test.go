package main

import (
	"bytes"
	"encoding/json"
	"testing"

	ctrl "sigs.k8s.io/controller-runtime"
)

func TestEveryLineOfTheLogIsJSONWithoutErrors(t *testing.T) {
	var b bytes.Buffer
	setLogger(&b, "json", 0)
	ctrl.Log.Info("Starting EventSource", "source", func() {}, "worker count", 16, "nothing", nil)
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	if line["source"] != "func()" || line["worker count"] != 16.0 {
		t.Errorf("%s", b.String())
	}
}
