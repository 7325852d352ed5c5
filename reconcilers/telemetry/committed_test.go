package telemetry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

func TestALifeIsCountedOnce(t *testing.T) {
	o, r := newOperator(t), aRun()
	o.commit(r, 3, lifecycle.ClusterChosen, v1.PhaseProvisioning, placed(1))
	o.commit(r, 4, lifecycle.AgentCreated, v1.PhaseProvisioning, nil)
	o.commit(r, 13, lifecycle.AgentStarted, v1.PhaseRunning, nil)
	o.commit(r, 73, lifecycle.AgentFailed, v1.PhaseRetrying, end(73, v1.ClassAgentError, &v1.Usage{CostUSD: "0.5000", InputTokens: 10, OutputTokens: 2, Turns: 3}))
	r.Status.NextAttemptAt = micro(80)
	// Written without a transition, and told again: nothing happened.
	o.of[lifecycle.DocsRun].Committed(r, r.Status, lifecycle.Decision{Status: r.Status, Changed: true})
	o.commit(r, 85, lifecycle.AttemptDue, v1.PhaseProvisioning, placed(2))
	o.commit(r, 95, lifecycle.AgentSucceeded, v1.PhaseSucceeded, end(95, "", &v1.Usage{CostUSD: "0.7500", InputTokens: 15, OutputTokens: 2, Turns: 4}))
	want := map[string]float64{
		"transitions_total Pending DocsRun ClusterChosen Provisioning":     1,
		"transitions_total Provisioning DocsRun AgentCreated Provisioning": 1,
		"transitions_total Provisioning DocsRun AgentStarted Running":      1,
		"transitions_total Running DocsRun AgentFailed Retrying":           1,
		"transitions_total Retrying DocsRun AttemptDue Provisioning":       1,
		"transitions_total Provisioning DocsRun AgentSucceeded Succeeded":  1,
		"state_seconds DocsRun Pending":                                    3,
		"state_seconds DocsRun Provisioning":                               10 + 10, // from 3 to 13, and from 85 to 95
		"state_seconds DocsRun Running":                                    60,
		"state_seconds DocsRun Retrying":                                   12,
		"placement_seconds DocsRun":                                        3 + 5, // the back-off apart
		"attempts_total AgentError eu-1 DocsRun":                           1,
		"attempts_total Succeeded eu-1 DocsRun":                            1,
		"cost_usd_total DocsRun":                                           0.75,
		"tokens_total DocsRun input":                                       15,
		"tokens_total DocsRun output":                                      2,
		"turns_total DocsRun":                                              4,
	}
	o.members = []v1.MemberCluster{readyMember("eu-1")}
	got := o.series(t, "transitions_total", "state_seconds", "placement_seconds", "attempts_total", "cost_usd_total", "tokens_total",
		"turns_total", "attempts_over_budget_total")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsNotKnownIsNotMeasured(t *testing.T) {
	o := newOperator(t)
	suspended := aRun(func(r *v1.DocsRun) { r.Status.Reason = v1.ReasonSuspended })
	o.commit(suspended, 1000, lifecycle.ClusterChosen, v1.PhaseProvisioning, placed(1))
	long := aRun(func(r *v1.DocsRun) { // its history begins after it was started
		r.Status.Phase, r.Status.Transitions = v1.PhaseRunning, 60
		r.Status.History = []v1.Transition{{Seq: 60, Time: *micro(5), From: v1.PhaseRunning, On: "LateOutcome", To: v1.PhaseRunning}}
	})
	o.commit(long, 100, lifecycle.CancelRequested, v1.PhaseStopping, nil)
	want := map[string]float64{"state_seconds DocsRun Pending": 1000}
	if diff := cmp.Diff(want, o.series(t, "state_seconds", "placement_seconds")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnAttemptBeyondItsBudgetIsCounted(t *testing.T) {
	o, r := newOperator(t), aRun(func(r *v1.DocsRun) { r.Spec.Retry.MaxRetries = new(int32(1)) })
	again := func(n int32, class v1.FailureClass) {
		o.commit(r, int(n)*10, lifecycle.AttemptDue, v1.PhaseProvisioning, placed(n))
		o.commit(r, int(n)*10+5, lifecycle.AgentFailed, v1.PhaseRetrying, end(int(n)*10+5, class, nil))
	}
	again(1, v1.ClassStopped) // a person suspended it
	for n := range int32(5) { // the first, a retry, and what the infrastructure may lose
		again(2+n, v1.ClassAgentError)
	}
	if got := o.series(t, "attempts_over_budget_total"); len(got) > 0 {
		t.Errorf("as many as are allowed are %v", got)
	}
	again(7, v1.ClassAgentError)
	if got := o.series(t, "attempts_over_budget_total"); got["attempts_over_budget_total DocsRun"] != 1 {
		t.Errorf("one more is %v", got)
	}
}

func TestCountsLeadToTheTraceWhereThereIsOne(t *testing.T) {
	for name, c := range map[string]struct {
		parent string
		want   int
	}{
		"sampled":     {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 3},
		"not sampled": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", 0},
		"none":        {"", 0},
	} {
		o, r := newOperator(t), aRun(func(r *v1.DocsRun) { r.Status.TraceParent = c.parent })
		o.commit(r, 3, lifecycle.ClusterChosen, v1.PhaseProvisioning, placed(1))
		var traces []string
		for _, f := range o.gather(t) {
			for _, m := range f.GetMetric() {
				for _, e := range append(exemplars(m.GetHistogram()), m.GetCounter().GetExemplar()) {
					for _, l := range e.GetLabel() {
						if l.GetName() == "trace_id" {
							traces = append(traces, l.GetValue())
						}
					}
				}
			}
		}
		if len(traces) != c.want || c.want > 0 && traces[0] != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("%s: exemplars lead to %q", name, traces)
		}
	}
}

func exemplars(h *dto.Histogram) []*dto.Exemplar {
	var all []*dto.Exemplar
	for _, b := range h.GetBucket() {
		all = append(all, b.GetExemplar())
	}
	return all
}

func TestAttemptsOfBeforeARestoreAreInNoBudget(t *testing.T) {
	for incarnation, want := range map[int64]bool{1: false, 2: true} {
		s := v1.RunStatus{ContextVersion: 1, Incarnation: 2}
		for n := range int32(10) {
			s.Attempts = append(s.Attempts, v1.Attempt{Number: n + 1, ContextVersion: 1, Incarnation: incarnation})
		}
		if got := overBudget(v1.RunSpec{}, s, 0); got != want {
			t.Errorf("of incarnation %d: %v", incarnation, got)
		}
	}
}
