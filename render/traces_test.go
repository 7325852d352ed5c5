package render

import (
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

func TestTheAgentIsToldTheSpanOfItsAttempt(t *testing.T) {
	for _, run := range sampleRuns() {
		for _, n := range []int32{1, 2} {
			o, err := Render(run, n, sampleHub, SampleSettings())
			if err != nil {
				t.Fatal(err)
			}
			want := "00-4bf92f3577b34da6a3ce929d0e0e4736-" + story.AttemptID(run.GetUID(), n).String() + "-01"
			if got := environment(o)["TRACEPARENT"]; got != want {
				t.Errorf("%T, attempt %d: want %s, got %q", run, n, want, got)
			}
		}
		run.RunStatus().TraceParent = "" // as of a run that an operator before this one began
		if got, there := environment(mustRender(t, run, SampleSettings()))["TRACEPARENT"]; there {
			t.Errorf("%T: nothing is recorded, and the agent is told %q", run, got)
		}
	}
}

func TestOthersMayAddToWhoTheAgentIsAndNotTakeFromIt(t *testing.T) {
	const ours = "cicd.pipeline.run.id=5d1b7f6e-3f0c-4a52-9a6b-1c2d3e4f5a6b,runfleet.attempt=2"
	for name, c := range map[string]struct{ configured, own, want string }{
		"nobody":                            {"", "", ours},
		"both, in the order of their right": {"team=a,region=eu", "team=b, cost=12%25", ours + ",team=a,region=eu,cost=12%25"},
		"what is ours":                      {"runfleet.attempt=7", "cicd.pipeline.run.id=x,a=b", ours + ",a=b"},
		"what a reader could stumble over":  {"team", "a=b,c=%zz", ours},
		"a dollar, which stays one":         {"", "a=$(HOME)", ours + ",a=$$(HOME)"},
	} {
		run, s := codeRun(), SampleSettings()
		if c.configured != "" {
			s.Env = map[string]string{resourceAttributes: c.configured}
		}
		if c.own != "" {
			run.Spec.Env = map[string]v1.EnvValue{resourceAttributes: v1.EnvValue(c.own)}
		}
		run.Spec.EnvFromSecrets = []v1.SecretEnvVar{{Name: resourceAttributes, SecretName: "s", SecretKey: "k"}}
		o := mustRender(t, run, s)
		if got := environment(o)[resourceAttributes]; got != c.want {
			t.Errorf("%s: want %s, got %s", name, c.want, got)
		}
		n := 0
		for _, v := range container(o).Env {
			if v.Name == resourceAttributes {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: it stands there %d times", name, n)
		}
	}
	if Reserved(resourceAttributes) || !Reserved("TRACEPARENT") {
		t.Error("the configuration may add attributes, and name no other parent")
	}
}
