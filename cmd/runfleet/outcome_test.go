package main

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func TestAWaitIsOverWhen(t *testing.T) {
	history := func(rows ...v1.Transition) []v1.Transition { return rows }
	short := history(v1.Transition{On: "ClusterChosen", To: v1.PhaseProvisioning}, v1.Transition{On: "AgentStarted", To: v1.PhaseRunning},
		v1.Transition{On: "AgentSucceeded", To: v1.PhaseSucceeded})
	asked := append(history(short...), v1.Transition{On: "ContextRaised", To: v1.PhaseRetrying})
	type run struct {
		phase           v1.Phase
		spec, status    int32
		history         []v1.Transition
		target          v1.Phase
		code            int
		done            bool
		whyItMustBeThat string
	}
	for _, c := range []run{
		{v1.PhaseRunning, 1, 1, nil, "", 0, false, "the agent works"},
		{v1.PhaseSucceeded, 1, 1, nil, "", 0, true, "it succeeded"},
		{v1.PhaseFailed, 1, 1, nil, "", 3, true, "it failed"},
		{v1.PhaseCancelled, 1, 1, nil, "", 4, true, "it was cancelled"},
		{v1.PhaseTerminating, 1, 1, nil, "", 0, false, "the end of a run that is deleted is that it is gone"},
		{v1.PhaseFailed, 2, 1, nil, "", 3, false, "retry was said, and the operator has not heard it yet"},
		{v1.PhaseFailed, 2, 1, nil, v1.PhaseFailed, 0, false, "as before: this failure is of the version before"},
		{v1.PhasePending, 1, 0, nil, v1.PhasePending, 0, true, "nothing was taken up before the first attempt"},
		{v1.PhaseRunning, 1, 1, nil, v1.PhaseRunning, 0, true, "there it is"},
		{v1.PhaseRunning, 2, 1, nil, v1.PhaseRunning, 0, false, "that agent will be stopped for the new version"},
		{v1.PhaseStopping, 2, 1, nil, v1.PhaseStopping, 0, true, "stopping is what the new version begins with"},
		{v1.PhaseSucceeded, 1, 1, short, v1.PhaseRunning, 0, true, "it ran between two looks"},
		{v1.PhaseSucceeded, 1, 1, nil, v1.PhaseRunning, 1, true, "it will never run, as far as anybody knows"},
		{v1.PhaseSucceeded, 1, 1, short, v1.PhaseFailed, 1, true, "it will not fail any more"},
		{v1.PhaseFailed, 1, 1, nil, v1.PhaseRunning, 3, true, "it ended instead"},
		{v1.PhaseCancelled, 1, 1, nil, v1.PhaseSucceeded, 4, true, "it ended instead"},
		{v1.PhaseFailed, 1, 1, nil, v1.PhaseFailed, 0, true, "as was hoped"},
		{v1.PhaseRetrying, 2, 2, asked, v1.PhaseRunning, 0, false, "it ran, but for the version before"},
		{v1.PhaseProvisioning, 2, 2, asked, v1.PhaseRetrying, 0, true, "the row of the new version counts"},
	} {
		t.Run(fmt.Sprintf("%s for %s: %s", c.phase, c.target, c.whyItMustBeThat), func(t *testing.T) {
			r := &v1.DocsRun{Status: v1.RunStatus{Phase: c.phase, ContextVersion: c.status, History: c.history}}
			r.Spec.ContextVersion = c.spec
			if code, done := judge(r, c.target); done != c.done || (done && code != c.code) {
				t.Errorf("code %d, over %t; want code %d, over %t", code, done, c.code, c.done)
			}
		})
	}
}

// Between the first look and the list of a watch a run may go: nothing would ever be heard of it.
func TestARunThatGoesBeforeTheWatchBeginsIsGone(t *testing.T) {
	var stdout, stderr strings.Builder
	one := item{kind: docsRuns, object: &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "one", UID: "1"}}}
	two := item{kind: codeRuns, object: &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "two", UID: "2"}}}
	w := newWaiting([]item{one, two}, "", &stdout, &stderr)
	w.see(two)
	w.missed(docsRuns)
	w.missed(codeRuns)
	if w.code != exitGone || len(w.open) != 1 || stdout.String() != "docsrun/one  Deleted\n" {
		t.Errorf("code %d, %d open, %q", w.code, len(w.open), stdout.String())
	}
}

// So does one whose name another run has taken by then.
func TestARunOfTheSameNameIsNotTheOneThatIsWaitedFor(t *testing.T) {
	var stdout, stderr strings.Builder
	run := func(uid types.UID) item {
		return item{kind: docsRuns, object: &v1.DocsRun{
			ObjectMeta: metav1.ObjectMeta{Name: "one", UID: uid}, Status: v1.RunStatus{Phase: v1.PhaseSucceeded},
		}}
	}
	w := newWaiting([]item{run("1")}, "", &stdout, &stderr)
	w.see(run("2"))
	if w.code != exitGone || len(w.open) != 0 || stdout.String() != "docsrun/one  Deleted\n" {
		t.Errorf("code %d, %d open, %q", w.code, len(w.open), stdout.String())
	}
}
