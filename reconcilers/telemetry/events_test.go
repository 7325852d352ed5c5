package telemetry

import (
	"fmt"
	"slices"
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/event"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// decided is a transition to a phase, by a trigger.
func decided(on fsm.Trigger, to v1.Phase, message string) lifecycle.Decision {
	return lifecycle.Decision{
		Row:    fsm.Row{ID: "1", On: on},
		Status: v1.RunStatus{Phase: to, Attempt: 2, Cluster: "east", Message: message},
	}
}

func TestNotesNameAttemptAndMemberOnce(t *testing.T) {
	was := v1.RunStatus{Phase: v1.PhaseRunning}
	for message, want := range map[string]string{
		"":                                 "Running -> Failed, attempt 2 on member east",
		"exit code 1":                      "Running -> Failed, attempt 2 on member east: exit code 1",
		"attempt 2 on member east: code 1": "Running -> Failed, attempt 2: attempt 2 on member east: code 1",
	} {
		if got := Note(was, decided(lifecycle.AgentFailed, v1.PhaseFailed, message)); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
	none := lifecycle.Decision{Status: v1.RunStatus{Phase: v1.PhaseCancelled}}
	if got := Note(v1.RunStatus{Phase: v1.PhasePending}, none); got != "Pending -> Cancelled" {
		t.Errorf("without an attempt nothing is said of one, got %q", got)
	}
}

// spoken remembers what was recorded, one line for each event.
type spoken []string

func (s *spoken) Eventf(_, _ runtime.Object, severity, reason, action, note string, args ...any) {
	*s = append(*s, severity+" "+reason+" "+action+" "+fmt.Sprintf(note, args...))
}

func TestWhatAPersonAskedForInVainIsAWarning(t *testing.T) {
	var told spoken
	d := lifecycle.Decision{Warning: "100% of it"}
	Events{Recorder: event.To(&told)}.Committed(&v1.DocsRun{}, v1.RunStatus{}, d)
	if want := (spoken{"Warning AbandonIgnored Ignored 100% of it"}); !slices.Equal(told, want) {
		t.Errorf("want %q, got %q", want, told)
	}
}

func TestWarningsAreWhereAPersonMayHaveToAct(t *testing.T) {
	running := v1.RunStatus{Phase: v1.PhaseRunning}
	for on, to := range map[fsm.Trigger]v1.Phase{
		lifecycle.AgentFailed: v1.PhaseFailed, lifecycle.AgentVanished: v1.PhaseRetrying, lifecycle.AgentOrphaned: v1.PhaseStopping,
		lifecycle.ClusterLost: v1.PhaseRetrying, lifecycle.DeadlinePassed: v1.PhaseStopping,
	} {
		if got := severity(running, decided(on, to, "")); got != corev1.EventTypeWarning {
			t.Errorf("%s to %s is %s", on, to, got)
		}
	}
	for on, to := range map[fsm.Trigger]v1.Phase{
		lifecycle.AgentFailed: v1.PhaseRetrying, lifecycle.AgentSucceeded: v1.PhaseSucceeded, lifecycle.CancelRequested: v1.PhaseStopping,
	} {
		if got := severity(running, decided(on, to, "")); got != corev1.EventTypeNormal {
			t.Errorf("%s to %s is %s", on, to, got)
		}
	}
}
