package event

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	corev1 "k8s.io/api/core/v1"
)

// Reason is why an Event is written. No other package can make one.
type Reason struct {
	name, severity string
	on             string // the kinds of the objects that it is written on
	doc            string
}

// What no row of a table tells, in the order of the documentation.
var (
	AbandonIgnored = warning(v1.ReasonAbandonIgnored, "a run",
		"The annotation `"+v1.AnnotationAbandonRemote+"` gives up what the run does not hold, or in words that nobody knows; "+
			"the note says what to write.")
	TraceParentIgnored = warning("TraceParentIgnored", "a run",
		"The annotation `"+v1.AnnotationTraceParent+"` is no W3C traceparent; the run has a trace of its own.")
	Quarantined     = warning(v1.ReasonQuarantined, "a run", "The run waits until every member has said what it executes of it.")
	Counted         = normal("Counted", "a run", "They all have.")
	Swept           = normal("Swept", "a run", "An object on a member was deleted, because its run is gone.")
	AgentWithoutRun = warning("AgentWithoutRun", "a run", "A live agent's run is gone; the note says when it ends, and how to end it now.")
	RenewalFailed   = warning(v1.ReasonRenewalFailed, "a MemberCluster",
		"The member's token was to be renewed and was not; it is tried again. Once for each new cause.")
	HubRestored = warning("HubRestored", "the ConfigMap `runfleet-hub`",
		"The hub was set back to a backup: every run waits until all members were counted.")
	ConfigChanged = normal("ConfigChanged", "the ConfigMap `"+v1.ConfigMapName+"`", "A changed configuration is in force.")
	ConfigInvalid = warning("ConfigInvalid", "the ConfigMap `"+v1.ConfigMapName+"`",
		"A changed configuration is not valid; the note says where. The last good one stays in force.")
	ConfigUnknownKey = warning("ConfigUnknownKey", "either ConfigMap", "Keys that nobody knows, which the note names, have no effect.")
	TemplatesChanged = normal("TemplatesChanged", "the ConfigMap `"+v1.TemplatesName+"`", "Changed templates are in force.")
	TemplatesInvalid = warning("TemplatesInvalid", "the ConfigMap `"+v1.TemplatesName+"`",
		"Changed templates are not valid; the note says where. The last good set stays in force.")
	OriginalPresent = warning("OriginalPresent", "the original's Deployment, a run",
		"The controller of the system that Runfleet replaces has replicas; a run that is deleted keeps its finalizer until it has none.")
	OriginalAtWork    = warning("OriginalAtWork", "a run", "Its Job of the original is at work: it is left alone until that has ended.")
	OriginalTakenOver = warning("OriginalTakenOver", "a run", "The original's status of the run became one of Runfleet's.")
	OriginalFinalizer = warning("OriginalFinalizer", "a run",
		"The run carries a finalizer of the original, which goes when the run is deleted.")
)

var reasons []Reason

// Reasons are all of them.
func Reasons() []Reason { return slices.Clone(reasons) }

func warning(name, on, doc string) Reason { return define(name, corev1.EventTypeWarning, on, doc) }

func normal(name, on, doc string) Reason { return define(name, corev1.EventTypeNormal, on, doc) }

func define(name, severity, on, doc string) Reason {
	r := Reason{name, severity, on, doc}
	reasons = append(reasons, r)
	return r
}

// Transition is the reason of a committed transition. The table explains its trigger.
func Transition(on fsm.Trigger, severity string) Reason {
	return Reason{name: string(on), severity: severity}
}

// Name is the Event's reason.
func (r Reason) Name() string { return r.name }

// Type is the Event's: Normal, or Warning where a person may have to act.
func (r Reason) Type() string { return r.severity }

// On says which objects it is written on.
func (r Reason) On() string { return r.on }

// Doc says what it means.
func (r Reason) Doc() string { return r.doc }
