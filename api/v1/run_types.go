package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Run is what [DocsRun] and [CodeRun] have in common, for code that serves both.
// +kubebuilder:object:generate=false
type Run interface {
	runtime.Object
	metav1.Object

	// RunSpec returns the part of the spec that both kinds share. The operator never changes it.
	RunSpec() *RunSpec
	// RunStatus returns the status, to be read and replaced.
	RunStatus() *RunStatus
}

// RunSpec is the part of the spec that both kinds share.
//
// Everything a person asks for is immutable within a context version, except what may change at any time: suspend, cancel,
// retentionSeconds, ttlSecondsAfterFinished, and placement while Pending (a rule of the kinds, since it reads the status).
// +kubebuilder:validation:XValidation:rule="self.contextVersion >= oldSelf.contextVersion",message="contextVersion can only be raised: leave it or write a higher one",fieldPath=".contextVersion"
// +kubebuilder:validation:XValidation:rule="(has(self.promptModification) ? has(oldSelf.promptModification) && self.promptModification == oldSelf.promptModification : !has(oldSelf.promptModification)) || self.contextVersion > oldSelf.contextVersion",message="promptModification is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".promptModification"
// +kubebuilder:validation:XValidation:rule="self.promptMode == oldSelf.promptMode || self.contextVersion > oldSelf.contextVersion",message="promptMode is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".promptMode"
// +kubebuilder:validation:XValidation:rule="self.continueSession == oldSelf.continueSession || self.contextVersion > oldSelf.contextVersion",message="continueSession is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".continueSession"
// +kubebuilder:validation:XValidation:rule="self.overwriteMemory == oldSelf.overwriteMemory || self.contextVersion > oldSelf.contextVersion",message="overwriteMemory is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".overwriteMemory"
// +kubebuilder:validation:XValidation:rule="(has(self.agentTools) ? has(oldSelf.agentTools) && self.agentTools == oldSelf.agentTools : !has(oldSelf.agentTools)) || self.contextVersion > oldSelf.contextVersion",message="agentTools is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".agentTools"
// +kubebuilder:validation:XValidation:rule="(has(self.deadlineSeconds) ? has(oldSelf.deadlineSeconds) && self.deadlineSeconds == oldSelf.deadlineSeconds : !has(oldSelf.deadlineSeconds)) || self.contextVersion > oldSelf.contextVersion",message="deadlineSeconds is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".deadlineSeconds"
// +kubebuilder:validation:XValidation:rule="(has(self.totalDeadlineSeconds) ? has(oldSelf.totalDeadlineSeconds) && self.totalDeadlineSeconds == oldSelf.totalDeadlineSeconds : !has(oldSelf.totalDeadlineSeconds)) || self.contextVersion > oldSelf.contextVersion",message="totalDeadlineSeconds is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".totalDeadlineSeconds"
// +kubebuilder:validation:XValidation:rule="(has(self.provisioningDeadlineSeconds) ? has(oldSelf.provisioningDeadlineSeconds) && self.provisioningDeadlineSeconds == oldSelf.provisioningDeadlineSeconds : !has(oldSelf.provisioningDeadlineSeconds)) || self.contextVersion > oldSelf.contextVersion",message="provisioningDeadlineSeconds is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".provisioningDeadlineSeconds"
// +kubebuilder:validation:XValidation:rule="(has(self.stallSeconds) ? has(oldSelf.stallSeconds) && self.stallSeconds == oldSelf.stallSeconds : !has(oldSelf.stallSeconds)) || self.contextVersion > oldSelf.contextVersion",message="stallSeconds is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".stallSeconds"
// +kubebuilder:validation:XValidation:rule="(has(self.limits) ? has(oldSelf.limits) && self.limits == oldSelf.limits : !has(oldSelf.limits)) || self.contextVersion > oldSelf.contextVersion",message="limits is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".limits"
// +kubebuilder:validation:XValidation:rule="self.retry == oldSelf.retry || self.contextVersion > oldSelf.contextVersion",message="retry is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".retry"
// +kubebuilder:validation:XValidation:rule="(has(self.pod) ? has(oldSelf.pod) && self.pod == oldSelf.pod : !has(oldSelf.pod)) || self.contextVersion > oldSelf.contextVersion",message="pod is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".pod"
// +kubebuilder:validation:XValidation:rule="!has(self.totalDeadlineSeconds) || !has(self.deadlineSeconds) || self.totalDeadlineSeconds >= self.deadlineSeconds",message="totalDeadlineSeconds is shorter than one attempt's deadlineSeconds: raise it or leave it out",messageExpression=`"totalDeadlineSeconds (%d) is shorter than one attempt's deadlineSeconds (%d): raise it or leave it out".format([self.totalDeadlineSeconds, self.deadlineSeconds])`,fieldPath=".totalDeadlineSeconds"
// +kubebuilder:validation:XValidation:rule="!has(self.promptModification) || bytes(self.promptModification).size() <= 65536",message="must be at most 64 KiB (65536 bytes): put longer guidance into a file of the repository and name it here",fieldPath=".promptModification"
// +kubebuilder:validation:XValidation:rule="!has(self.promptModification) || !self.promptModification.contains('\\x00')",message="must not contain a NUL character: remove it",fieldPath=".promptModification"
type RunSpec struct {
	// contextVersion is the version of what is asked. Raising it asks for a new attempt, and is the only way to change
	// the fields that are immutable otherwise; it can never be lowered. Defaults to 1.
	// +kubebuilder:default=1
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="must be 1 or higher: leave it out for 1, and raise it to ask for a new attempt"
	// +optional
	ContextVersion int32 `json:"contextVersion,omitempty"`

	// promptModification is guidance for the agent beside or instead of the task's own prompt, see promptMode.
	// When unset there is none.
	// +optional
	PromptModification Prompt `json:"promptModification,omitempty"`

	// promptMode says whether promptModification is added to the task's prompt (append) or takes its place (replace).
	// Defaults to append.
	// +kubebuilder:default=append
	// +optional
	PromptMode PromptMode `json:"promptMode,omitempty"`

	// continueSession makes the first attempt of this context version resume the agent's last session, where its
	// workspace still has it. Attempts after a failure resume theirs anyway. Defaults to false.
	// +kubebuilder:default=false
	// +optional
	ContinueSession bool `json:"continueSession,omitempty"`

	// overwriteMemory makes the attempt replace the agent's memory file (CLAUDE.md) instead of keeping the one it finds.
	// Defaults to false.
	// +kubebuilder:default=false
	// +optional
	OverwriteMemory bool `json:"overwriteMemory,omitempty"`

	// agentTools permits and restricts single tools of the agent. It wins over localTools, remoteTools, tools and
	// toolConfig for the tools it names, and the operator's own rules win over it. When unset every usual tool is permitted.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +optional
	AgentTools []AgentTool `json:"agentTools,omitempty"`

	// deadlineSeconds bounds one attempt, from the agent's start to its end. When it passes the attempt is stopped with
	// class DeadlineExceeded. In seconds, 60 to 86400, such as 3600 for an hour. When unset the operator's configuration
	// says: 14400 for a DocsRun, 7200 for a CodeRun.
	// +kubebuilder:validation:XValidation:rule="self >= 60 && self <= 86400",message="must be 60 to 86400 seconds (a minute to a day): write a number such as 3600, or leave it out for the operator's default"
	// +optional
	DeadlineSeconds *int32 `json:"deadlineSeconds,omitempty"`

	// totalDeadlineSeconds bounds the whole run, over all attempts and waits, from its creation. When it passes the run
	// fails with class RunDeadlineExceeded. In seconds, 60 to 2592000 and not below deadlineSeconds, such as 86400 for a day.
	// When unset there is no such bound.
	// +kubebuilder:validation:XValidation:rule="self >= 60 && self <= 2592000",message="must be 60 to 2592000 seconds (a minute to 30 days): write a number such as 86400, or leave it out for no bound"
	// +optional
	TotalDeadlineSeconds *int32 `json:"totalDeadlineSeconds,omitempty"`

	// provisioningDeadlineSeconds bounds the time from the choice of a member to the agent's start. When it passes the
	// attempt fails, and an agent that starts later ends by itself. In seconds, 30 to 86400, such as 1200 for 20 minutes.
	// When unset the operator's configuration says: 600.
	// +kubebuilder:validation:XValidation:rule="self >= 30 && self <= 86400",message="must be 30 to 86400 seconds (half a minute to a day): write a number such as 600, or leave it out for the operator's default"
	// +optional
	ProvisioningDeadlineSeconds *int32 `json:"provisioningDeadlineSeconds,omitempty"`

	// stallSeconds ends an agent that is silent, with no output at all, for this long: what it has done is pushed, and the
	// attempt fails with class Stalled. In seconds, 60 to 86400, such as 1800 for half an hour; a long build is silent too.
	// When unset an agent may be silent until its deadline.
	// +kubebuilder:validation:XValidation:rule="self >= 60 && self <= 86400",message="must be 60 to 86400 seconds (a minute to a day): write a number such as 1800, or leave it out to end no agent for its silence"
	// +optional
	StallSeconds *int32 `json:"stallSeconds,omitempty"`

	// limits bound what the run spends, over all its attempts and context versions. An agent that reaches one is ended with
	// class LimitExceeded, which is not retried. When unset nothing but the deadlines bounds it.
	// +optional
	Limits *Limits `json:"limits,omitempty"`

	// retry says how often and after what an attempt is repeated. Defaults to two retries by the class table.
	// +kubebuilder:default={}
	// +optional
	Retry RetryPolicy `json:"retry,omitzero"`

	// retentionSeconds is how long the objects on the members (finished Jobs and their logs, ConfigMaps) stay once the run
	// has ended. In seconds, up to 31536000, such as 86400 for a day; 0 removes them at once. When unset the operator's
	// configuration says. May be changed at any time.
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 31536000",message="must be 0 to 31536000 seconds (a year): write a number such as 86400, or leave it out for the operator's default"
	// +optional
	RetentionSeconds *int32 `json:"retentionSeconds,omitempty"`

	// ttlSecondsAfterFinished deletes the run object itself this long after it has ended. In seconds, up to 31536000, such
	// as 604800 for a week. When unset the object stays: a GitOps tool would apply a deleted one again, and it would execute
	// again. May be changed at any time.
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 31536000",message="must be 0 to 31536000 seconds (a year): write a number such as 604800, or leave it out to keep the run"
	// +optional
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`

	// suspend stops the agent and starts none until it is unset; the stopped attempt is not charged to the retry budget.
	// Defaults to false. May be changed at any time.
	// +kubebuilder:default=false
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// cancel stops the agent and ends the run as Cancelled, for this context version. Defaults to false.
	// May be changed at any time.
	// +kubebuilder:default=false
	// +optional
	Cancel bool `json:"cancel,omitempty"`

	// placement chooses among the members. When unset any member that is ready will do. May be changed while the run is Pending.
	// +optional
	Placement *Placement `json:"placement,omitempty"`

	// pod changes the agent's pod within what the operator's configuration lets runs change. When unset the pod is as
	// configured.
	// +optional
	Pod *PodOverrides `json:"pod,omitempty"`
}

// Limits bound what a run spends. What counts is what its agents report, which status.usage sums up: an attempt gets what
// was left when it was recorded. An agent that is killed before it reports counts for nothing.
type Limits struct {
	// maxTurns is how many turns the run's agents may take, 1 to 100000. When unset their number has no bound.
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 100000",message="must be 1 to 100000 turns: write a number such as 200, or leave it out for no bound"
	// +optional
	MaxTurns *int32 `json:"maxTurns,omitempty"`

	// maxCostUSD is how many US dollars they may cost, a decimal number in quotes such as "2.50", with four digits behind the
	// point at most. The agent reckons the cost itself, and stops after the turn that exceeds it. When unset there is no bound.
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,7}([.][0-9]{1,4})?$') && self.matches('[1-9]')",message="must be a decimal number above 0 in quotes, such as \"2.50\", with at most 7 digits before the point and 4 behind it"
	// +optional
	MaxCostUSD string `json:"maxCostUSD,omitempty"`
}

// PromptMode says what becomes of the task's own prompt.
// +kubebuilder:validation:Enum=append;replace
type PromptMode string

// The two modes.
const (
	PromptAppend  PromptMode = "append"
	PromptReplace PromptMode = "replace"
)

// AgentTool permits or restricts one tool of the agent.
type AgentTool struct {
	// name is the tool: one of the agent's own, such as bash, edit or websearch, or one that it gets from a server. A name
	// that the agent does not know is left out, and the condition InputsReady says so.
	// +required
	Name ToolName `json:"name"`

	// enabled permits the tool; false takes it away. Of the agent's own tools those that the list does not name are not
	// permitted either. Defaults to true.
	// +kubebuilder:default=true
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// config is accepted for the sake of the original's manifests and has no effect; the condition InputsReady says so.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:MaxProperties=64
	// +optional
	Config *runtime.RawExtension `json:"config,omitempty"`

	// restrictions are patterns of use that are denied although the tool is enabled: the beginning of a command such as
	// "rm:*" for bash, a path for what reads or edits files, a host for webfetch. When unset nothing is denied.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.all(r, !r.matches('[\\\\x00-\\\\x1f\\\\x7f()]'))",message="a restriction must not contain a control character or a parenthesis: write a pattern such as rm:*"
	// +optional
	Restrictions []string `json:"restrictions,omitempty"`
}
