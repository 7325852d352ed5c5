package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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

// Attempt is one try to execute a run: one ConfigMap and one Job on one member.
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.jobUID) || size(oldSelf.jobUID) == 0 || (has(self.jobUID) && self.jobUID == oldSelf.jobUID)",message="jobUID is immutable once set: it authorises exactly one Job",fieldPath=".jobUID"
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

	// maxTurns is what the run's limits left of its turns, frozen when the attempt was recorded. Unset where there is no limit.
	// +kubebuilder:validation:Minimum=0
	// +optional
	MaxTurns *int32 `json:"maxTurns,omitempty"`

	// maxCostUSD is what they left of its US dollars, a decimal number. Empty where there is no limit.
	// +kubebuilder:validation:MaxLength=32
	// +optional
	MaxCostUSD string `json:"maxCostUSD,omitempty"`

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

	// endingSince is when its pod was first seen ending after it was told to.
	// +optional
	EndingSince *metav1.MicroTime `json:"endingSince,omitempty"`

	// escalatedAt is when the agent was given up as unable to end by itself: from here on its Job is deleted, and no outcome
	// is to be had.
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

	// outcomeRecorded is true once the outcome, or the fact that none can be had, is in this entry. Only then may a finished
	// Job be deleted.
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

// Transition is one committed row of the table. Nothing of it ever changes; only what an earlier version does not know, waitedFor,
// is lost when that version writes the status.
// +kubebuilder:validation:XValidation:rule="self == oldSelf || (!has(self.waitedFor) && self.seq == oldSelf.seq && self.time == oldSelf.time && self.from == oldSelf.from && self.on == oldSelf.on && self.to == oldSelf.to && has(self.attempt) == has(oldSelf.attempt) && (!has(self.attempt) || self.attempt == oldSelf.attempt) && has(self.class) == has(oldSelf.class) && (!has(self.class) || self.class == oldSelf.class))",message="history entries are immutable: only new ones can be added"
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

	// class is why the attempt, or the run, did not succeed that ended with this row; empty where none did. What is found
	// out later is in the attempt's entry.
	// +optional
	Class FailureClass `json:"class,omitempty"`

	// waitedFor is status.waitedFor as it was when the row left the phase before; unset where that waited for nothing that has
	// a name.
	// +optional
	WaitedFor *Wait `json:"waitedFor,omitempty"`
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
