package backends_test

import (
	"strings"
	"testing"

	"github.com/runfleet/runfleet/test/backends"
)

func read(t *testing.T, name string) backends.Example {
	t.Helper()
	e, err := backends.ReadExample("../../docs/examples/" + name + ".yaml")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return e
}

func TestTheObjectsOfTheExamplesLeadToEachOther(t *testing.T) {
	for _, name := range []string{"jaeger", "collector"} {
		for _, problem := range read(t, name).Problems() {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestObjectsThatDoNotAreFound(t *testing.T) {
	for _, c := range []struct{ old, is, want string }{
		{`"0.0.0.0:4318"`, `"0.0.0.0:4319"`, "no port 4318"},
		{"${env:AUTHORIZATION}", "Bearer abc", "in the open"},
	} {
		e := read(t, "collector")
		e.Config.Data["config.yaml"] = strings.Replace(e.Settings(), c.old, c.is, 1)
		if got := strings.Join(e.Problems(), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, got %q", c.is, c.want, got)
		}
	}
}
