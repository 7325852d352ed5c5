package reconcilers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestAnErrorIsOneOfAFewWords(t *testing.T) {
	for want, err := range map[string]error{
		"Forbidden": fmt.Errorf("creating: %w", apierrors.NewForbidden(schema.GroupResource{Resource: "jobs"}, "a", errors.New("because"))),
		"timeout":   fmt.Errorf("creating: %w", context.DeadlineExceeded),
		"_OTHER":    errors.New("a user's words"),
	} {
		if got := errorType(err); got != want {
			t.Errorf("%v: want %s, got %s", err, want, got)
		}
	}
	webhook := &apierrors.StatusError{ErrStatus: metav1.Status{Reason: "a webhook's own words"}}
	if got := errorType(webhook); got != "_OTHER" {
		t.Errorf("whoever refuses may write what they like: %s", got)
	}
}

func TestRetriesAreCountedPerEffectUntilItSucceeds(t *testing.T) {
	l := NewLedger()
	e := lifecycle.Effect{Verb: lifecycle.VerbEnsure, Resource: lifecycle.Agent, Cluster: "east", Attempt: 1, ResourceVersion: "1"}
	again, other := e, e
	again.ResourceVersion, other.Resource = "2", lifecycle.Inputs
	for i, step := range []struct {
		effect lifecycle.Effect
		failed bool
		want   int
	}{{e, true, 0}, {again, true, 1}, {other, false, 0}, {e, false, 2}, {e, true, 0}} {
		if got := l.tried("u", step.effect, step.failed); got != step.want {
			t.Errorf("step %d: want %d before it, got %d", i, step.want, got)
		}
	}
}

func TestALineOfTheLogLeadsToTheNewestTransition(t *testing.T) {
	run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{UID: "u"}}
	if got := transitionIDs(run); got != nil {
		t.Errorf("before a trace there is none, got %v", got)
	}
	run.Status.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	if got := transitionIDs(run); got != nil {
		t.Errorf("before a transition there is none, got %v", got)
	}
	run.Status.History = []v1.Transition{{Seq: 1, To: v1.PhaseProvisioning}, {Seq: 2, To: v1.PhaseRunning}}
	want := []any{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736", "span_id", story.TransitionID("u", run.Status.History[1]).String()}
	if got := transitionIDs(run); !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}
