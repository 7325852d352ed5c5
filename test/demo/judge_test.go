package main

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func TestRunsOfOneServiceTakeTurns(t *testing.T) {
	at := func(second int) *metav1.MicroTime { return new(metav1.NewMicroTime(time.Unix(int64(second), 0))) }
	worked := func(from, to int, waited string) *sight {
		return &sight{status: v1.RunStatus{StartedAt: at(from), FinishedAt: at(to)}, waited: waited}
	}
	promises := []promise{{run: "coderun/a", service: "cart", turn: true}, {run: "coderun/b", service: "cart", turn: true}}
	for name, c := range map[string]struct {
		a, b *sight
		want string
	}{
		"one after the other":            {worked(0, 6, ""), worked(7, 13, "held"), ""},
		"whichever comes first":          {worked(7, 13, "held"), worked(0, 6, ""), ""},
		"both at once":                   {worked(0, 6, "held"), worked(5, 9, "held"), "coderun/b did not wait until coderun/a"},
		"nobody was seen waiting":        {worked(0, 6, ""), worked(7, 13, ""), "coderun/b did not wait until coderun/a"},
		"the first waited, not the next": {worked(0, 6, "held"), worked(7, 13, ""), "coderun/b did not wait until coderun/a"},
	} {
		d := &demo{promises: promises, sights: sights{"coderun/a": c.a, "coderun/b": c.b}}
		got := ""
		for _, err := range d.turns() {
			got += err.Error()
		}
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
}

func TestAnEndIsExplained(t *testing.T) {
	s := sight{
		waited: "the Lease is held by cart-1",
		status: v1.RunStatus{
			Phase: v1.PhaseFailed, Reason: "AgentError", Message: "attempt 2: exit code 1", Attempt: 2,
			Attempts: []v1.Attempt{{Number: 1, Message: "attempt 1: exit code 1"}, {Number: 2, Message: "attempt 2: exit code 1"}},
		},
	}
	want := []string{"waited: the Lease is held by cart-1", "attempt 1: exit code 1", "AgentError: attempt 2: exit code 1"}
	if diff := cmp.Diff(want, s.why()); diff != "" {
		t.Errorf("a failure (-want +got):\n%s", diff)
	}
	s.status.Phase, s.status.PullRequestURL = v1.PhaseSucceeded, "https://github.com/example/shop/pull/1"
	want[2] = "https://github.com/example/shop/pull/1"
	if diff := cmp.Diff(want, s.why()); diff != "" {
		t.Errorf("a success (-want +got):\n%s", diff)
	}
}
