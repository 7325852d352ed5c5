package telemetry

import (
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/event"
	corev1 "k8s.io/api/core/v1"
)

// Events writes one Event on the run for each committed transition: the reason is the trigger, the action the phase that it
// led to. What a person asked for in vain is told too, as a Warning.
type Events struct {
	Recorder event.Recorder
}

// Committed implements the reconcilers' observer.
func (e Events) Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision) {
	if d.Warning != "" {
		e.Recorder.Say(run, nil, event.AbandonIgnored, "Ignored", d.Warning)
	}
	if word := run.GetAnnotations()[v1.AnnotationTraceParent]; word != "" && was.TraceParent == "" && d.Status.TraceParent != "" {
		if _, err := story.Parse(word); err != nil {
			e.Recorder.Say(run, nil, event.TraceParentIgnored, "Ignored",
				fmt.Sprintf("the annotation %s is %v; the run has a trace of its own", v1.AnnotationTraceParent, err))
		}
	}
	if d.Row.ID == "" {
		e.quarantine(run, was, d.Status)
		return
	}
	e.Recorder.Say(run, nil, event.Transition(d.Row.On, severity(was, d)), string(d.Status.Phase), Note(was, d))
}

// quarantine tells when a run enters or leaves it: no row of the table does that.
func (e Events) quarantine(run v1.Run, was, is v1.RunStatus) {
	switch before, now := was.Reason == v1.ReasonQuarantined, is.Reason == v1.ReasonQuarantined; {
	case now && !before:
		e.Recorder.Say(run, nil, event.Quarantined, "Wait", is.Message)
	case before && !now:
		e.Recorder.Say(run, nil, event.Counted, "GoOn", "every member was counted: "+is.Message)
	}
}

// severity is Warning where a person may have to act: the run failed, or an attempt was lost without a word.
func severity(was v1.RunStatus, d lifecycle.Decision) string {
	switch {
	case d.Status.Phase == v1.PhaseFailed && was.Phase != v1.PhaseFailed:
		return corev1.EventTypeWarning
	case d.Row.On == lifecycle.AgentOrphaned, d.Row.On == lifecycle.AgentVanished, d.Row.On == lifecycle.ClusterLost,
		d.Row.On == lifecycle.DeadlinePassed, d.Row.On == lifecycle.StrayFound:
		return corev1.EventTypeWarning
	default:
		return corev1.EventTypeNormal
	}
}

// Note is the sentence of a transition: from where to where, of which attempt on which member, and what the status says now.
func Note(was v1.RunStatus, d lifecycle.Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s", was.Phase, d.Status.Phase)
	if d.Status.Attempt > 0 {
		fmt.Fprintf(&b, ", attempt %d", d.Status.Attempt)
		if member := " on member " + d.Status.Cluster; !strings.Contains(d.Status.Message, member) {
			b.WriteString(member)
		}
	}
	if d.Status.Message != "" {
		fmt.Fprintf(&b, ": %s", d.Status.Message)
	}
	return b.String()
}
