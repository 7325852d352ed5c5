package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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

// FailureClass names why an attempt did not succeed. The class, not the exit code, decides whether it is retried.
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

// EndProof is the part of rule E by which an attempt is known to have ended.
// +kubebuilder:validation:Enum=NeverAuthorised;JobFinished;SeenGone;Fenced;Abandoned;Superseded
type EndProof string

// The proofs that an attempt has ended (rule E, a to e, and the adoption of a later attempt).
const (
	// EndNeverAuthorised: no Job UID was recorded, so no Job of this attempt was or will ever be resumed.
	EndNeverAuthorised EndProof = "NeverAuthorised"
	// EndJobFinished: the recorded Job is Complete or Failed and has no active or terminating pod.
	EndJobFinished EndProof = "JobFinished"
	// EndSeenGone: two live looks, settle apart, found neither the Job nor an unfinished pod.
	EndSeenGone EndProof = "SeenGone"
	// EndFenced: the member itself has ended it by now; fencedUntil has passed.
	EndFenced EndProof = "Fenced"
	// EndAbandoned: a person vouched for it with the abandon-remote annotation.
	EndAbandoned EndProof = "Abandoned"
	// EndSuperseded: a later attempt was found on a member after a restore, so this one had ended before.
	EndSuperseded EndProof = "Superseded"
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
	// +kubebuilder:validation:MaxItems=40
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

	// history are the newest 50 transitions.
	// +listType=map
	// +listMapKey=seq
	// +kubebuilder:validation:MaxItems=50
	// +optional
	History []Transition `json:"history,omitempty"`

	// nextAttemptAt is when the back-off ends.
	// +optional
	NextAttemptAt *metav1.MicroTime `json:"nextAttemptAt,omitempty"`

	// startedAt is when an agent of this run was first seen started.
	// +optional
	StartedAt *metav1.MicroTime `json:"startedAt,omitempty"`

	// finishedAt is when the run reached its final phase for this context version.
	// +optional
	FinishedAt *metav1.MicroTime `json:"finishedAt,omitempty"`

	// expireAt is when the run object itself will be deleted (spec.ttlSecondsAfterFinished).
	// +optional
	ExpireAt *metav1.MicroTime `json:"expireAt,omitempty"`

	// pullRequestUrl is the pull request that the agent opened or updated.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	PullRequestURL string `json:"pullRequestUrl,omitempty"`

	// sessionId is the agent's session, which a later attempt resumes.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	SessionID string `json:"sessionId,omitempty"`

	// usage sums cost, tokens and turns over all attempts.
	// +optional
	Usage *Usage `json:"usage,omitempty"`

	// traceParent is the W3C traceparent of the run's trace.
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

// Attempt is one try to execute a run: one ConfigMap and one Job on one member.
type Attempt struct {
	// number is 1 for the first attempt of a run and only grows; it is never used again.
	// +kubebuilder:validation:Minimum=1
	// +required
	Number int32 `json:"number"`

	// contextVersion is the version of the spec that this attempt executes.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ContextVersion int32 `json:"contextVersion,omitempty"`

	// cluster is the name of the member.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Cluster string `json:"cluster,omitempty"`

	// clusterUID is the identity of the member (UID of its kube-system namespace) at the time of the attempt.
	// Every request to the member is refused by us when the member now answers with another one.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ClusterUID types.UID `json:"clusterUID,omitempty"`

	// jobName is the name of the Job.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	JobName string `json:"jobName,omitempty"`

	// jobUID authorises exactly one Job: only the Job with this UID is ever resumed. Immutable once set.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +optional
	JobUID types.UID `json:"jobUID,omitempty"`

	// configMapName is the name of the ConfigMap with the rendered files.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	ConfigMapName string `json:"configMapName,omitempty"`

	// templateDigest identifies the set of templates the files were rendered from.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	TemplateDigest string `json:"templateDigest,omitempty"`

	// deadlineSeconds is this attempt's deadline, frozen when it was recorded.
	// +kubebuilder:validation:Minimum=0
	// +optional
	DeadlineSeconds int32 `json:"deadlineSeconds,omitempty"`

	// incarnation is the hub's incarnation when the attempt was recorded.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Incarnation int64 `json:"incarnation,omitempty"`

	// createdAt is when the attempt was committed.
	// +optional
	CreatedAt *metav1.MicroTime `json:"createdAt,omitempty"`

	// startBefore is the last moment at which this attempt may be released or may start (rule F).
	// +optional
	StartBefore *metav1.MicroTime `json:"startBefore,omitempty"`

	// startSeenAt is the hub's time when the agent's container was first seen started.
	// +optional
	StartSeenAt *metav1.MicroTime `json:"startSeenAt,omitempty"`

	// fencedUntil is when the attempt has ended whatever anybody observes (rule F).
	// +optional
	FencedUntil *metav1.MicroTime `json:"fencedUntil,omitempty"`

	// stopRequestedAt is when the attempt was told to end.
	// +optional
	StopRequestedAt *metav1.MicroTime `json:"stopRequestedAt,omitempty"`

	// escalatedAt is when the agent was given up as unable to end by itself: from here on its Job is deleted, and no outcome is to be had.
	// +optional
	EscalatedAt *metav1.MicroTime `json:"escalatedAt,omitempty"`

	// goneSince is when a live look first found neither the Job nor an unfinished pod; a second look settle later proves the end.
	// +optional
	GoneSince *metav1.MicroTime `json:"goneSince,omitempty"`

	// endedAt is when the attempt was known to have ended. The next attempt may be recorded only after it.
	// +optional
	EndedAt *metav1.MicroTime `json:"endedAt,omitempty"`

	// endedBy is the proof of the end.
	// +optional
	EndedBy EndProof `json:"endedBy,omitempty"`

	// outcomeRecorded is true once the outcome, or the fact that none can be had, is in this entry; only then may a finished Job be deleted.
	// +optional
	OutcomeRecorded *bool `json:"outcomeRecorded,omitempty"`

	// class says why the attempt did not succeed; empty while it runs and when it succeeded.
	// +optional
	Class FailureClass `json:"class,omitempty"`

	// exitCode is the exit code of the agent's container, where one was seen.
	// +optional
	ExitCode *int32 `json:"exitCode,omitempty"`

	// message says in one sentence how the attempt ended.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Message string `json:"message,omitempty"`
}

// Transition is one committed row of the table.
type Transition struct {
	// seq is the value of status.transitions after this row.
	// +kubebuilder:validation:Minimum=1
	// +required
	Seq int64 `json:"seq"`

	// time is when the row was decided, by the operator's clock.
	// +required
	Time metav1.MicroTime `json:"time"`

	// from is the phase before.
	// +required
	From Phase `json:"from"`

	// on is the trigger.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	On string `json:"on"`

	// to is the phase after.
	// +required
	To Phase `json:"to"`

	// attempt is status.attempt after this row.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
}

// Usage is what the agent reports to have consumed.
type Usage struct {
	// costUSD is the cost in US dollars as the agent reported it, a decimal number such as "0.4213".
	// +kubebuilder:validation:MaxLength=32
	// +optional
	CostUSD string `json:"costUSD,omitempty"`

	// inputTokens counts the tokens read, caches included.
	// +kubebuilder:validation:Minimum=0
	// +optional
	InputTokens int64 `json:"inputTokens,omitempty"`

	// outputTokens counts the tokens written.
	// +kubebuilder:validation:Minimum=0
	// +optional
	OutputTokens int64 `json:"outputTokens,omitempty"`

	// turns counts the agent's turns.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Turns int32 `json:"turns,omitempty"`
}
