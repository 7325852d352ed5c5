package telemetry

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/event"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const inTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// running is a run that was placed at 60 seconds, its attempt's agent seen to start at 90.
func running(traceParent string) *v1.DocsRun {
	run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "u", CreationTimestamp: metav1.Unix(1, 0)}}
	run.Status = v1.RunStatus{Phase: v1.PhaseRunning, Attempt: 1, Transitions: 2, TraceParent: traceParent, History: []v1.Transition{
		{Seq: 1, Time: metav1.NewMicroTime(time.Unix(60, 0)), From: v1.PhasePending, On: string(lifecycle.ClusterChosen), To: v1.PhaseProvisioning, Attempt: 1},
		{Seq: 2, Time: metav1.NewMicroTime(time.Unix(90, 0)), From: v1.PhaseProvisioning, On: string(lifecycle.AgentStarted), To: v1.PhaseRunning, Attempt: 1},
	}}
	return run
}

// names are those of the spans that were put, in their order.
func names(put *[]story.Span) (all []string) {
	for _, s := range *put {
		all = append(all, s.Name)
	}
	*put = nil
	return all
}

func TestATransitionTellsWhatItCompletedAndATakeoverWhatIsRecent(t *testing.T) {
	var put []story.Span
	told := Traces{Put: func(s []story.Span) { put = append(put, s...) }}
	run := running(inTrace)
	row := lifecycle.Decision{Row: fsm.Row{ID: "5", On: lifecycle.AgentStarted}, Status: run.Status}
	told.Committed(run, v1.RunStatus{Transitions: 1}, row)
	first := put
	if diff := cmp.Diff([]string{"AgentStarted", "Provisioning"}, names(&put)); diff != "" {
		t.Errorf("committed (-want +got)\n%s", diff)
	}
	told.Committed(run, v1.RunStatus{Transitions: 2}, lifecycle.Decision{Status: run.Status})
	if got := names(&put); got != nil {
		t.Errorf("a pass without a transition tells %v", got)
	}
	told.Again(run, time.Unix(90, 0))
	if diff := cmp.Diff(first, put); diff != "" {
		t.Errorf("told again it is different (-want +got)\n%s", diff)
	}
	put = nil
	told.Again(run, time.Unix(91, 0))
	if got := names(&put); got != nil {
		t.Errorf("what is older is not told again: %v", got)
	}
}

func TestAnEffectIsAChildOfTheStateThatAskedForIt(t *testing.T) {
	var put []story.Span
	told := Traces{Put: func(s []story.Span) { put = append(put, s...) }}
	run := running(inTrace)
	done := story.Done{
		Effect: lifecycle.Effect{Verb: lifecycle.VerbEnsure, Resource: lifecycle.Agent, Cluster: "east", Attempt: 1},
		Start:  time.Unix(91, 0), End: time.Unix(92, 0), Outcome: "failed", Error: "Forbidden", Retries: 2,
	}
	told.Acted(run, done)
	told.Committed(run, v1.RunStatus{Transitions: 1}, lifecycle.Decision{Row: fsm.Row{ID: "x"}, Status: run.Status})
	effect := otlpSpan(put[0])
	said := map[string]string{}
	for _, kv := range effect.GetAttributes() {
		said[kv.GetKey()] = kv.GetValue().String()
	}
	want := map[string]string{
		"cicd.pipeline.run.id": `string_value:"u"`, "runfleet.attempt": "int_value:1", "k8s.cluster.name": `string_value:"east"`,
		"runfleet.effect.verb": `string_value:"Ensure"`, "runfleet.effect.resource": `string_value:"Agent"`,
		"runfleet.effect.outcome": `string_value:"failed"`, "runfleet.effect.retries": "int_value:2", "error.type": `string_value:"Forbidden"`,
	}
	if diff := cmp.Diff(want, said); diff != "" || effect.GetStatus().GetMessage() != "Forbidden" {
		t.Errorf("(-want +got)\n%s%v", diff, effect.GetStatus())
	}
	later := running(inTrace) // the state ends, and its span is the effect's parent
	later.Status.History = append(later.Status.History, v1.Transition{
		Seq: 3, Time: metav1.NewMicroTime(time.Unix(99, 0)), From: v1.PhaseRunning, On: string(lifecycle.AgentSucceeded), To: v1.PhaseSucceeded, Attempt: 1,
	})
	for _, s := range story.Since(later, 2) {
		if s.Role == story.RoleState && s.ID != put[0].Parent {
			t.Errorf("its parent is %v, the state is %v", put[0].Parent, s.ID)
		}
	}
	put = nil
	told.Acted(run, done)
	done.Start = done.Start.Add(time.Second)
	told.Acted(run, done)
	if put[0].ID == put[1].ID {
		t.Error("an effect that is tried again is another span")
	}
}

func TestWhatIsNotSampledOrNotExportedIsNotTold(t *testing.T) {
	for what, traceParent := range map[string]string{"not sampled": inTrace[:53] + "00", "of no trace yet": ""} {
		told := Traces{Put: func(s []story.Span) { t.Errorf("%s, and told: %v", what, s) }}
		run := running(traceParent)
		told.Committed(run, v1.RunStatus{}, lifecycle.Decision{Row: fsm.Row{ID: "1"}, Status: run.Status})
		told.Acted(run, story.Done{})
		told.Again(run, time.Unix(0, 0))
	}
	if (Traces{}).Effects() != nil {
		t.Error("where nobody exports, nothing is worked out")
	}
}

func TestAnAnnotationThatIsNoTraceParentIsAWarningOnce(t *testing.T) {
	var told spoken
	run := running(inTrace)
	run.Annotations = map[string]string{v1.AnnotationTraceParent: "it's {{mine}}"}
	d := lifecycle.Decision{Row: fsm.Row{ID: "1", On: lifecycle.ClusterChosen}, Status: run.Status}
	Events{Recorder: event.To(&told)}.Committed(run, v1.RunStatus{Phase: v1.PhasePending}, d)
	Events{Recorder: event.To(&told)}.Committed(run, run.Status, d)
	want := "Warning TraceParentIgnored Ignored the annotation orchestrator.platform/traceparent is no W3C traceparent: write one such as " +
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01; the run has a trace of its own"
	if len(told) != 3 || told[0] != want {
		t.Errorf("want %q first of three, got %q", want, told)
	}
}
