package lifecycle

import (
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conditions recomputes all five from status and facts; only the time of the last change is taken from before (A11).
func (l Lifecycle) conditions(s v1.RunStatus, f Facts) []metav1.Condition {
	out := []metav1.Condition{ready(s), succeeded(s), reachable(s, f), inputs(s, f), l.workspace(s)}
	for i := range out {
		c := &out[i]
		c.ObservedGeneration = f.Run.Generation
		c.LastTransitionTime = metav1.NewTime(f.Now.UTC().Truncate(time.Second))
		j := slices.IndexFunc(s.Conditions, func(o metav1.Condition) bool { return o.Type == c.Type })
		if j >= 0 && s.Conditions[j].Status == c.Status {
			c.LastTransitionTime = s.Conditions[j].LastTransitionTime
		}
	}
	return out
}

func condition(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message}
}

// ready is the original's only condition: True exactly in Succeeded.
func ready(s v1.RunStatus) metav1.Condition {
	status := metav1.ConditionFalse
	if s.Phase == v1.PhaseSucceeded {
		status = metav1.ConditionTrue
	}
	return condition(v1.ConditionReady, status, orPhase(s), s.Message)
}

// succeeded has batch polarity: Unknown while the run is active.
func succeeded(s v1.RunStatus) metav1.Condition {
	status := metav1.ConditionUnknown
	if final(s.Phase) {
		status = metav1.ConditionFalse
	}
	if s.Phase == v1.PhaseSucceeded {
		status = metav1.ConditionTrue
	}
	return condition(v1.ConditionSucceeded, status, orPhase(s), s.Message)
}

// orPhase is the run's reason; a condition must have one.
func orPhase(s v1.RunStatus) string {
	if s.Reason == "" {
		return string(s.Phase)
	}
	return s.Reason
}

// reachable speaks of the member of an open attempt only: a finished run must not be written whenever a link changes.
func reachable(s v1.RunStatus, f Facts) metav1.Condition {
	const kind = v1.ConditionClusterReachable
	if s.Attempt == 0 || ended(current(s)) {
		return condition(kind, metav1.ConditionUnknown, v1.ReasonNotPlaced, "no attempt is out"+word(s, f))
	}
	about := func(what string) string { return "member " + s.Cluster + what + word(s, f) }
	switch f.Cluster.Link {
	case Answers:
		return condition(kind, metav1.ConditionTrue, v1.ReasonReachable, about(" answers"))
	case Foreign:
		return condition(kind, metav1.ConditionFalse, v1.ReasonIdentityChanged, about(" is another cluster than before"))
	case Unregistered:
		return condition(kind, metav1.ConditionFalse, v1.ReasonUnregistered, about(" has no MemberCluster any more"))
	default:
		return condition(kind, metav1.ConditionUnknown, v1.ReasonUnreachable, about(" does not answer"))
	}
}

// inputs adds to what is known of the files what the spec asks for and does not get: it is no mistake that ends a run, and
// nobody would notice otherwise.
func inputs(s v1.RunStatus, f Facts) metav1.Condition {
	c := inputsOnMember(s, f)
	if len(f.Run.Doubts) == 0 {
		return c
	}
	if c.Reason == v1.ReasonInputsPresent {
		c.Reason = v1.ReasonInputsDoubtful
	}
	c.Message = clip(c.Message + "; " + strings.Join(f.Run.Doubts, "; "))
	return c
}

// inputsOnMember and workspace are ready once the Job exists, because it is created after them: reading that from the status
// costs no write of its own.
func inputsOnMember(s v1.RunStatus, f Facts) metav1.Condition {
	const kind = v1.ConditionInputsReady
	switch {
	case s.Attempt == 0 || ended(current(s)):
		return condition(kind, metav1.ConditionUnknown, v1.ReasonUnobserved, "no attempt is out")
	case f.Agent.Pod.Problem == v1.ClassSecretMissing:
		return condition(kind, metav1.ConditionFalse, v1.ReasonSecretMissing, clip(f.Agent.Pod.Message))
	case jobUID(s) == "":
		return condition(kind, metav1.ConditionUnknown, v1.ReasonUnobserved, "being created")
	default:
		return condition(kind, metav1.ConditionTrue, v1.ReasonInputsPresent, "ConfigMap "+s.ConfigMapName+" on member "+s.Cluster)
	}
}

func (l Lifecycle) workspace(s v1.RunStatus) metav1.Condition {
	const kind = v1.ConditionWorkspaceReady
	switch {
	case l.Kind == DocsRun:
		return condition(kind, metav1.ConditionTrue, v1.ReasonNotNeeded, "a DocsRun has no workspace")
	case s.Attempt == 0 || ended(current(s)):
		return condition(kind, metav1.ConditionUnknown, v1.ReasonUnobserved, "no attempt is out")
	case jobUID(s) == "":
		return condition(kind, metav1.ConditionUnknown, v1.ReasonUnobserved, "being created")
	default:
		return condition(kind, metav1.ConditionTrue, v1.ReasonWorkspacePresent, "on member "+s.Cluster)
	}
}
