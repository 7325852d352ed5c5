package story_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/test/golden"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func micro(second int) metav1.MicroTime {
	return metav1.NewMicroTime(noon.Add(time.Duration(second) * time.Second))
}

// life is a run that is written as a transcript of its transitions.
type life struct{ *v1.CodeRun }

func born(parent string) life {
	return life{&v1.CodeRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "auth", UID: uid, CreationTimestamp: metav1.NewTime(noon)},
		Status:     v1.RunStatus{Phase: v1.PhasePending, TraceParent: parent},
	}}
}

func (l life) to(second int, on fsm.Trigger, to v1.Phase, class v1.FailureClass) life {
	s := &l.Status
	s.Transitions++
	s.History = append(s.History, v1.Transition{
		Seq: s.Transitions, Time: micro(second), From: s.Phase, On: string(on), To: to, Attempt: s.Attempt, Class: class,
	})
	s.Phase = to
	return l
}

// placed begins the next attempt.
func (l life) placed(second int, on fsm.Trigger, cluster string) life {
	l.Status.Attempt++
	l.Status.Attempts = append(l.Status.Attempts, v1.Attempt{
		Number: l.Status.Attempt, ContextVersion: 1, Cluster: cluster, ClusterUID: types.UID("of-" + cluster), JobName: fmt.Sprintf("code-%d", l.Status.Attempt),
		JobUID: "job", CreatedAt: new(micro(second)),
	})
	return l.to(second, on, v1.PhaseProvisioning, "")
}

// lives are one for each thing that spans say.
func lives() map[string]life {
	const theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	joined := "00-" + theirs[3:35] + "-1111111111111111-01"
	failed := born("").placed(3, lifecycle.ClusterChosen, "east").to(4, lifecycle.AgentCreated, v1.PhaseProvisioning, "").
		to(13, lifecycle.AgentStarted, v1.PhaseRunning, "").to(73, lifecycle.AgentFailed, v1.PhaseRetrying, v1.ClassAgentError).
		placed(80, lifecycle.AttemptDue, "west").
		to(79, lifecycle.AgentStarted, v1.PhaseRunning, ""). // by an operator whose clock is behind
		to(200, lifecycle.DeadlinePassed, v1.PhaseStopping, "").to(210, lifecycle.AgentGone, v1.PhaseFailed, v1.ClassStalled)
	asked := born(joined).placed(3, lifecycle.ClusterChosen, "east").to(13, lifecycle.AgentStarted, v1.PhaseRunning, "").
		to(20, lifecycle.CancelRequested, v1.PhaseStopping, "").to(30, lifecycle.AgentGone, v1.PhaseCancelled, v1.ClassStopped).
		to(90, lifecycle.ContextRaised, v1.PhaseRetrying, "").placed(91, lifecycle.AttemptDue, "east").
		to(99, lifecycle.AgentSucceeded, v1.PhaseSucceeded, "")
	asked.Annotations = map[string]string{v1.AnnotationTraceParent: theirs}
	deleted := born("").placed(3, lifecycle.ClusterChosen, "east").to(13, lifecycle.AgentStarted, v1.PhaseRunning, "").
		to(20, lifecycle.DeleteRequested, v1.PhaseTerminating, "")
	deleted.Annotations = map[string]string{v1.AnnotationTraceParent: theirs} // too late: it has a trace of its own
	image := born("").placed(3, lifecycle.ClusterChosen, "east").to(13, lifecycle.ProvisioningRefused, v1.PhaseFailed, v1.ClassImage)
	cut := born("").placed(3, lifecycle.ClusterChosen, "east").to(13, lifecycle.AgentStarted, v1.PhaseRunning, "").
		to(73, lifecycle.AgentFailed, v1.PhaseRetrying, v1.ClassAgentError).placed(80, lifecycle.AttemptDue, "west").
		to(90, lifecycle.AgentStarted, v1.PhaseRunning, "").to(95, lifecycle.AgentSucceeded, v1.PhaseSucceeded, "")
	cut.Status.History = cut.Status.History[4:] // the oldest entries go first
	return map[string]life{"failed": failed, "asked_again": asked, "deleted": deleted, "image": image, "cut": cut}
}

func TestSpansSayWhatHappened(t *testing.T) {
	for name, l := range lives() {
		golden.Check(t, name+".txt", written(story.AsOf(l.CodeRun, noon.Add(5*time.Minute))))
	}
}

func TestWhatIsRecentBeginsWithAMoment(t *testing.T) {
	l := lives()["failed"]
	for second, want := range map[int]int{200: 6, 201: 4, 211: 0} {
		if got := len(story.Recent(l.CodeRun, micro(second).Time)); got != want {
			t.Errorf("since %d: want %d spans, got %d", second, want, got)
		}
	}
}

// written is what spans say, the parents by their names.
func written(spans []story.Span) string {
	names := map[story.SpanID]string{{}: "nothing"}
	for _, s := range spans {
		names[s.ID] = fmt.Sprintf("%s %s at %v", s.Role, s.Name, s.Start.Sub(noon))
	}
	called := func(id story.SpanID) string {
		if name, ok := names[id]; ok {
			return name
		}
		return id.String()
	}
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "%s, %v to %v, below %s", names[s.ID], s.Start.Sub(noon), s.End.Sub(noon), called(s.Parent))
		if s.Partial {
			b.WriteString(", partial")
		}
		if s.Error != "" {
			b.WriteString(", error " + s.Error)
		}
		fmt.Fprintf(&b, "\n")
		for _, l := range s.Links {
			fmt.Fprintf(&b, "  linked with %s\n", called(l))
		}
		for _, e := range s.Events {
			fmt.Fprintf(&b, "  %s at %v\n", e.Name, e.Time.Sub(noon))
		}
		for _, a := range s.Attributes {
			fmt.Fprintf(&b, "  %s = %v\n", a.Key, a.Value)
		}
	}
	return b.String()
}
