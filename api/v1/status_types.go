package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Phase is the state of a run: one row heading of the transition table.
// +kubebuilder:validation:Enum=Pending;Provisioning;Running;Retrying;Stopping;Succeeded;Failed;Cancelled;Terminating
type Phase string

// The nine phases. Each comment says what the system does while a run is in it.
const (
	// PhasePending waits for a candidate member, the Leases, or the end of suspend. Nothing exists on any member.
	PhasePending Phase = "Pending"
	// PhaseProvisioning ensures workspace, inputs and the suspended Job, then releases exactly the Job whose UID is recorded.
	PhaseProvisioning Phase = "Provisioning"
	// PhaseRunning only watches: the agent's container was seen started.
	PhaseRunning Phase = "Running"
	// PhaseRetrying waits out the back-off; the attempt before has ended.
	PhaseRetrying Phase = "Retrying"
	// PhaseStopping ends the agent and keeps its evidence until the attempt has ended.
	PhaseStopping Phase = "Stopping"
	// PhaseSucceeded never executes again for this context version.
	PhaseSucceeded Phase = "Succeeded"
	// PhaseFailed never executes again for this context version.
	PhaseFailed Phase = "Failed"
	// PhaseCancelled never executes again for this context version.
	PhaseCancelled Phase = "Cancelled"
	// PhaseTerminating removes everything of the run from every member it touched, then the finalizer.
	PhaseTerminating Phase = "Terminating"
)

// FailureClass is a line of the class table: why an attempt did not succeed, and whether another one follows it.
// +kubebuilder:validation:MaxLength=64
type FailureClass string

// StopCause is why an attempt was told to end before it ended by itself.
// +kubebuilder:validation:Enum=Cancel;Suspend;Superseded;RunDeadline;Deadline;Lost;Failure
type StopCause string

// The causes for which Stopping is entered.
const (
	StopCancel      StopCause = "Cancel"
	StopSuspend     StopCause = "Suspend"
	StopSuperseded  StopCause = "Superseded"
	StopRunDeadline StopCause = "RunDeadline"
	StopDeadline    StopCause = "Deadline"
	StopLost        StopCause = "Lost"
	StopFailure     StopCause = "Failure"
)

// RunStatus is what both kinds report. Only the operator writes it, once per pass at most.
type RunStatus struct {
	// phase is the state of the run. See docs/fsm for what each means.
	// +required
	Phase Phase `json:"phase,omitempty"`

	// reason is the trigger or failure class that led to the phase, in one word.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Reason string `json:"reason,omitempty"`

	// message says in one sentence what happened or what is waited for, with the object to look at.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Message string `json:"message,omitempty"`

	// observedGeneration is the metadata.generation of the spec that the last pass read.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// contextVersion is the version of spec.contextVersion that is worked on, or was last; 0 before the first attempt.
	// Invariant: never decreases.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ContextVersion int32 `json:"contextVersion,omitempty"`

	// attempt is the number of the newest attempt; 0 before the first. Invariant: never decreases.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Attempt int32 `json:"attempt,omitempty"`

	// cluster is the member of the newest attempt.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Cluster string `json:"cluster,omitempty"`

	// members are the names of every member this run ever touched; clean-up and deletion look at each of them.
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=253
	// +optional
	Members []string `json:"members,omitempty"`

	// attempts are the newest 20 attempts, and any older one whose objects were not collected yet.
	// +listType=map
	// +listMapKey=number
	// +kubebuilder:validation:MaxItems=100
	// +optional
	Attempts []Attempt `json:"attempts,omitempty"`

	// incarnation is the hub's incarnation under which this status was last confirmed (rule Q: it grows when the hub is restored).
	// +kubebuilder:validation:Minimum=0
	// +optional
	Incarnation int64 `json:"incarnation,omitempty"`

	// transitions counts the rows of the table that were committed; it is the token of the Leases (rule W).
	// +kubebuilder:validation:Minimum=0
	// +optional
	Transitions int64 `json:"transitions,omitempty"`

	// retryCount counts the retries charged to the budget of this context version.
	// +kubebuilder:validation:Minimum=0
	// +optional
	RetryCount int32 `json:"retryCount,omitempty"`

	// infraCount counts the attempts of this context version that the infrastructure lost; they have an allowance of their own.
	// +kubebuilder:validation:Minimum=0
	// +optional
	InfraCount int32 `json:"infraCount,omitempty"`

	// stopCause is why the newest attempt was told to end; empty while none was.
	// +optional
	StopCause StopCause `json:"stopCause,omitempty"`

	// abandonIgnored is the attempt that the annotation abandon-remote names in vain: another than the one that is out, or
	// one whose member answers; -1 where it names none. While the annotation says the same it stays ignored, whatever
	// becomes of the member: remove it, and set it again.
	// +kubebuilder:validation:Minimum=-1
	// +optional
	AbandonIgnored int32 `json:"abandonIgnored,omitempty"`

	// history are the newest 50 transitions.
	// +listType=map
	// +listMapKey=seq
	// +kubebuilder:validation:MaxItems=50
	// +optional
	History []Transition `json:"history,omitempty"`

	// nextAttemptAt is when the back-off ends.
	// +optional
	NextAttemptAt *metav1.MicroTime `json:"nextAttemptAt,omitempty"`

	// waitedFor is the last thing with a name that the phase waits for, or has waited for. A phase that just does what it is
	// there for has none.
	// +optional
	WaitedFor *Wait `json:"waitedFor,omitempty"`

	// startedAt is when an agent of this run was first seen started.
	// +optional
	StartedAt *metav1.MicroTime `json:"startedAt,omitempty"`

	// finishedAt is when the run reached its final phase for this context version.
	// +optional
	FinishedAt *metav1.MicroTime `json:"finishedAt,omitempty"`

	// firstFinishedAt is when the run reached a final phase for the first time; a higher context version does not undo it.
	// +optional
	FirstFinishedAt *metav1.MicroTime `json:"firstFinishedAt,omitempty"`

	// expireAt is when the run object itself will be deleted (spec.ttlSecondsAfterFinished).
	// +optional
	ExpireAt *metav1.MicroTime `json:"expireAt,omitempty"`

	// pullRequestUrl is the pull request that the agent opened or updated.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	PullRequestURL string `json:"pullRequestUrl,omitempty"`

	// branch is where the run's work goes, made of the configured pattern when its first attempt was recorded and never
	// changed: the pattern may change, and the work must not move. Empty where spec.targetBranch names the branch.
	// +kubebuilder:validation:MaxLength=244
	// +optional
	Branch string `json:"branch,omitempty"`

	// sessionId is the agent's session, which a later attempt resumes.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	SessionID string `json:"sessionId,omitempty"`

	// usage sums cost, tokens and turns over all attempts.
	// +optional
	Usage *Usage `json:"usage,omitempty"`

	// traceParent is the W3C traceparent under which the run's own spans are found: the trace, its root, and whether it is
	// sampled. Written with the first transition and never changed, so that every operator tells one trace.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	TraceParent string `json:"traceParent,omitempty"`

	// jobName is the Job of the newest attempt (a name of the original, kept for its readers).
	// +kubebuilder:validation:MaxLength=63
	// +optional
	JobName string `json:"jobName,omitempty"`

	// configmapName is the ConfigMap of the newest attempt (the original's spelling, kept for its readers).
	// +kubebuilder:validation:MaxLength=63
	// +optional
	ConfigMapName string `json:"configmapName,omitempty"`

	// lastUpdate is when this status last changed (kept for the original's readers).
	// +optional
	LastUpdate *metav1.Time `json:"lastUpdate,omitempty"`

	// workCompleted is true once the run succeeded (kept for the original's readers).
	// +optional
	WorkCompleted *bool `json:"workCompleted,omitempty"`

	// conditions are recomputed from status and facts in every pass; see conditions.go for each type and its reasons.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
