package lifecycle_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestBehaviour37WhatASpecAsksForInVainIsSaidByAConditionAndChangesNothingElse walks through runs and decides each step a
// second time, with a doubt.
func TestBehaviour37WhatASpecAsksForInVainIsSaidByAConditionAndChangesNothingElse(t *testing.T) {
	const doubt = `agentTools: the agent has no tool "bsah"`
	reasons := map[string]bool{}
	see := func(w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) bool {
		if len(d.Status.Conditions) == 0 {
			return true
		}
		f.Run.Doubts = []string{doubt}
		doubted := w.Lifecycle.Decide(w.Status, f)
		c := doubted.Status.Conditions[slices.IndexFunc(doubted.Status.Conditions, isInputs)]
		if !strings.HasSuffix(c.Message, "; "+doubt) || c.Reason == v1.ReasonInputsPresent {
			t.Errorf("want the doubt in the condition, got %+v", c)
		}
		if c.Reason == v1.ReasonInputsDoubtful && c.Status != metav1.ConditionTrue {
			t.Errorf("the attempt goes on without, got %+v", c)
		}
		reasons[c.Reason] = true
		but := cmp.Options{cmpopts.IgnoreSliceElements(isInputs), cmpopts.IgnoreFields(v1.RunStatus{}, "LastUpdate")}
		if diff := cmp.Diff(d.Status, doubted.Status, but); diff != "" {
			t.Errorf("(-without +with a doubt):\n%s", diff)
		}
		if diff := cmp.Diff(d.Effects, doubted.Effects); diff != "" {
			t.Errorf("effects (-without +with a doubt):\n%s", diff)
		}
		return !t.Failed()
	}
	for seed := range int64(20) {
		lifecycletest.Walk(seed, 100, see)
	}
	if !reasons[v1.ReasonInputsDoubtful] {
		t.Error("no walk came to an attempt with its files")
	}
}

func isInputs(c metav1.Condition) bool { return c.Type == v1.ConditionInputsReady }
