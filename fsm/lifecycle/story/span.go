package story

import "time"

// Role is which of its few kinds a span is.
type Role string

// The roles.
const (
	RoleRun        Role = "run"
	RoleAttempt    Role = "attempt"
	RoleState      Role = "state"
	RoleTransition Role = "transition"
	RoleEffect     Role = "effect"
)

// Span is one complete span. Nothing in it was written by a user or an agent but the names that Kubernetes bounds: kind,
// namespace and name of the run or of one that it waited for, and names of members and Jobs.
type Span struct {
	Role       Role
	Trace      TraceID
	ID, Parent SpanID // Parent is zero for the root of a trace
	Links      []SpanID
	Name       string
	Start, End time.Time
	Attributes []Attribute
	Events     []Event
	Error      string // why it did not succeed, a word of few; "" where it did

	// Row is the seq of the transition that completed the span, 0 where none did: an effect, or what still goes on.
	Row int64
	// Partial says that the history no longer tells what came before: when the span began, or what it belongs to.
	Partial bool
}

// Event is a moment within a span.
type Event struct {
	Name string
	Time time.Time
}

// Attribute is a key and what it says: a string, an int64 or a []string.
type Attribute struct {
	Key   string
	Value any
}

// The keys. Those that do not begin with runfleet are OpenTelemetry's semantic conventions, version 1.43.0.
const (
	keyPipeline   = "cicd.pipeline.name"
	keyRunID      = "cicd.pipeline.run.id"
	keyAction     = "cicd.pipeline.action.name"
	keyResult     = "cicd.pipeline.result"
	keyRunState   = "cicd.pipeline.run.state"
	keyTask       = "cicd.pipeline.task.name"
	keyTaskID     = "cicd.pipeline.task.run.id"
	keyTaskResult = "cicd.pipeline.task.run.result"
	keyNamespace  = "k8s.namespace.name"
	keyCluster    = "k8s.cluster.name"
	keyClusterUID = "k8s.cluster.uid"
	keyJob        = "k8s.job.name"
	keyJobUID     = "k8s.job.uid"
	keyError      = "error.type"
	keyRun        = "runfleet.run.name"
	keyVersion    = "runfleet.context_version"
	keyAttempt    = "runfleet.attempt"
	keyState      = "runfleet.state"
	keyWait       = "runfleet.wait.reason"
	keyWaitObject = "runfleet.wait.object"
	keyWaitSince  = "runfleet.wait.since"
	keyWaitUntil  = "runfleet.wait.until"
	keySeq        = "runfleet.transition.seq"
	keyRow        = "runfleet.transition.row"
	keyFrom       = "runfleet.transition.from"
	keyOn         = "runfleet.transition.on"
	keyGuard      = "runfleet.transition.guard"
	keyTo         = "runfleet.transition.to"
	keyDo         = "runfleet.transition.actions"
	keyVerb       = "runfleet.effect.verb"
	keyResource   = "runfleet.effect.resource"
	keyOutcome    = "runfleet.effect.outcome"
	keyRetries    = "runfleet.effect.retries"
)

// KeyDef explains an attribute.
type KeyDef struct {
	Key string
	On  []Role
	Doc string
}

// Keys are all attributes that a span may have: data, so that docs/telemetry.md cannot differ from the code.
var Keys = []KeyDef{
	{keyPipeline, []Role{RoleRun}, "The kind: DocsRun or CodeRun."},
	{keyAction, []Role{RoleRun}, "RUN."},
	{keyRunID, []Role{RoleRun, RoleAttempt, RoleState, RoleTransition, RoleEffect}, "The run's UID. Agents have it in their resource, so that what is not joined by its parent can be found."},
	{keyResult, []Role{RoleRun}, "success, failure, error, timeout or cancellation."},
	{keyNamespace, []Role{RoleRun, RoleAttempt}, "The run's namespace, on hub and member."},
	{keyRun, []Role{RoleRun}, "The run's name."},
	{keyTask, []Role{RoleAttempt}, "attempt."},
	{keyTaskID, []Role{RoleAttempt}, "The run's UID and the attempt's number."},
	{keyTaskResult, []Role{RoleAttempt}, "As cicd.pipeline.result."},
	{keyVersion, []Role{RoleAttempt}, "The context version that the attempt executes."},
	{keyAttempt, []Role{RoleRun, RoleAttempt, RoleState, RoleTransition, RoleEffect}, "The attempt's number; of a run its last one's, of a transition the one after it."},
	{keyCluster, []Role{RoleAttempt, RoleState, RoleEffect}, "The member."},
	{keyClusterUID, []Role{RoleAttempt}, "The member's identity, the UID of its kube-system namespace."},
	{keyJob, []Role{RoleAttempt}, "The attempt's Job."},
	{keyJobUID, []Role{RoleAttempt}, "The Job that was authorised, where one was."},
	{keyState, []Role{RoleState}, "The phase."},
	{keyRunState, []Role{RoleState}, "pending, executing or finalizing."},
	{keyWait, []Role{RoleState}, "What the state waited for last, where that has a name; below are all."},
	{keyWaitObject, []Role{RoleState}, "What was in the way, where that is one thing: the run that held the Lease, as namespace/name, or a member."},
	{keyWaitSince, []Role{RoleState}, "Since when, as in RFC 3339."},
	{keyWaitUntil, []Role{RoleState}, "Until when, where the state went on after it."},
	{keySeq, []Role{RoleTransition}, "Its number in status.history."},
	{keyRow, []Role{RoleTransition}, "The row of the table, as in docs/lifecycle.md."},
	{keyFrom, []Role{RoleTransition}, "The phase before."},
	{keyOn, []Role{RoleTransition}, "The trigger."},
	{keyGuard, []Role{RoleTransition}, "The guard that held, where the row has one."},
	{keyTo, []Role{RoleTransition}, "The phase after."},
	{keyDo, []Role{RoleTransition}, "The actions."},
	{keyVerb, []Role{RoleEffect}, "Ensure, Release, End or Delete."},
	{keyResource, []Role{RoleEffect}, "Workspace, Inputs, Agent or Pod."},
	{keyOutcome, []Role{RoleEffect}, "done, stale (a newer view decides), refused (for good) or failed (tried again)."},
	{keyRetries, []Role{RoleEffect}, "How often this operator had tried it before in vain, since the last transition."},
	{keyError, []Role{RoleRun, RoleAttempt, RoleTransition, RoleEffect}, "The failure class, as in docs/lifecycle.md; of an effect the API's reason."},
}
