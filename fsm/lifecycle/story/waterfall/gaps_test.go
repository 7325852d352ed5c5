package waterfall_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// walked is a run that went from phase to phase, each at a second; a trigger that leads to Provisioning begins an attempt.
func walked(steps ...any) *v1.CodeRun {
	run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "auth", UID: uid, CreationTimestamp: metav1.NewTime(noon)}}
	s := &run.Status
	s.Phase = v1.PhasePending
	for i := 0; i < len(steps); i += 3 {
		second, _ := steps[i].(int)
		on, _ := steps[i+1].(fsm.Trigger)
		to, _ := steps[i+2].(v1.Phase)
		if to == v1.PhaseProvisioning {
			s.Attempt++
			s.Attempts = append(s.Attempts, v1.Attempt{Number: s.Attempt, Cluster: "east"})
		}
		s.Transitions++
		s.History = append(s.History, v1.Transition{
			Seq: s.Transitions, Time: metav1.NewMicroTime(after(second)), From: s.Phase, On: string(on), To: to, Attempt: s.Attempt,
		})
		s.Phase = to
	}
	return run
}

// noted are the notes of the gaps in a picture, by what they are and when they begin.
func noted(p waterfall.Picture) map[string]string {
	all := map[string]string{}
	for _, c := range p.Chapters {
		for _, r := range c.Rows {
			if r.Waits {
				all[r.Label+" at "+r.Start.Sub(noon).String()] = r.Note
			}
		}
	}
	return all
}

func TestAGapSaysWhatLedToItAndNotWhatCameLater(t *testing.T) {
	run := walked(
		3, lifecycle.ClusterChosen, v1.PhaseProvisioning, 10, lifecycle.AgentFailed, v1.PhaseRetrying,
		20, lifecycle.AttemptDue, v1.PhaseProvisioning, 30, lifecycle.SuspendRequested, v1.PhaseStopping, 35, lifecycle.AgentGone, v1.PhaseRetrying,
		50, lifecycle.AttemptDue, v1.PhaseProvisioning, 60, lifecycle.ContextRaised, v1.PhaseStopping, 65, lifecycle.AgentGone, v1.PhaseRetrying,
	)
	p := waterfall.Of(uid, waterfall.Told(run, after(70)), 0)
	want := map[string]string{
		"Pending at 0s":       "waits for a member and its turn",
		"Provisioning at 3s":  "waits for the agent to start",
		"Retrying at 10s":     "back-off",
		"Provisioning at 20s": "waits for the agent to start",
		"Stopping at 30s":     "suspended: waits for the agent to end",
		"Retrying at 35s":     "suspended",
		"Provisioning at 50s": "waits for the agent to start",
		"Stopping at 1m0s":    "superseded: waits for the agent to end",
		"Retrying at 1m5s":    "asked again: waits for a member and its turn",
	}
	if diff := cmp.Diff(want, noted(p)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	p.WaitsFor("the Lease is held by another run")
	want["Retrying at 1m5s"] = "the Lease is held by another run" // it alone goes on
	if diff := cmp.Diff(want, noted(p)); diff != "" {
		t.Errorf("what is waited for now (-want +got)\n%s", diff)
	}
	last := time.Hour
	for _, s := range p.Chapters[0].Shares() {
		if s.Took > last {
			t.Errorf("%s took longer than the one before it", s.Label)
		}
		last = s.Took
	}
}

func TestARemovalIsNoPartOfWhatItEnds(t *testing.T) {
	run := walked(3, lifecycle.ClusterChosen, v1.PhaseProvisioning, 10, lifecycle.DeleteRequested, v1.PhaseTerminating)
	var titles []string
	for _, c := range waterfall.Of(uid, waterfall.Told(run, after(20)), 0).Chapters {
		titles = append(titles, c.Title)
	}
	if diff := cmp.Diff([]string{"", "removal"}, titles); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAMomentOfAnAgentIsInTheStateAroundIt(t *testing.T) {
	run := walked(3, lifecycle.ClusterChosen, v1.PhaseProvisioning, 10, lifecycle.AgentStarted, v1.PhaseRunning)
	agents := func(id byte, parent story.SpanID) waterfall.Span {
		return waterfall.Span{Service: "claude-code", Run: uid, Span: story.Span{
			ID: story.SpanID{id}, Parent: parent, Name: "moment", Start: after(15), End: after(15),
		}}
	}
	itself := agents(2, story.SpanID{2}) // of a broken file
	spans := append(waterfall.Told(run, after(20)), agents(1, story.SpanID{9}), itself)
	var got []string
	for _, r := range waterfall.Of(uid, spans, 0).Chapters[0].Rows {
		if r.Service != "" || r.Depth == 0 {
			got = append(got, r.Label)
		}
		if r.Service != "" && r.Depth != 2 {
			t.Errorf("%s at depth %d", r.Label, r.Depth)
		}
	}
	if diff := cmp.Diff([]string{"Pending", "attempt 1 on east", "moment"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
