package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
)

// Retry says what a failure class does to the budget.
type Retry string

// The three answers of the class table.
const (
	RetryNever  Retry = "never"     // no new attempt, unless spec.retry.alsoOn names the class
	RetryBudget Retry = "budget"    // a new attempt while status.retryCount < spec.retry.maxRetries
	RetryInfra  Retry = "allowance" // a new attempt outside the budget, while status.infraCount is below the allowance
)

// ClassDef is one line of the failure-class table.
type ClassDef struct {
	Class  v1.FailureClass
	Retry  Retry
	Doc    string
	Advice string // what a person can do
}

// Classes is the failure-class table: data, like the rows.
var Classes = []ClassDef{
	{v1.ClassAgentError, RetryBudget, "The agent ended with a non-zero exit code or reported a failure. The next attempt resumes its session and is told of the failure.", "Read the agent's log."},
	{v1.ClassOutOfMemory, RetryBudget, "The agent's container used more memory than its limit.", "Raise the memory limit."},
	{v1.ClassOutOfDisk, RetryBudget, "The pod wrote more than it may into its home directory, /tmp or a docs run's workspace, and was evicted for it. The next attempt is told so.", "Raise the size that the message names: storage.homeSize, tmpSize or docsWorkspaceSize of the configuration."},
	{v1.ClassNodeLost, RetryInfra, "The node failed or was drained, or the pod was evicted, preempted or ended from outside.", "Nothing, unless it happens often."},
	{v1.ClassImage, RetryNever, "The image could not be pulled or started until the provisioning deadline.", "Correct the image or its pull secret, then raise spec.contextVersion."},
	{v1.ClassSecretMissing, RetryNever, "A Secret or ConfigMap that the pod needs was not there until the provisioning deadline, or the start script missed it.", "Create it on the member, then raise spec.contextVersion."},
	{v1.ClassPrerequisiteMissing, RetryNever, "The start script refused to spend a token because something is missing (exit code 78).", "Supply what the message names, then raise spec.contextVersion."},
	{v1.ClassRepositoryUnreachable, RetryBudget, "The start script could not fetch from a repository; no token was spent.", "Read the message: address, host key, credentials, network."},
	{v1.ClassStalled, RetryBudget, "The agent was silent for spec.stallSeconds and was ended; what it had done was pushed. The next attempt resumes its session and is told of it.", "Read the agent's log: what did it wait for? A long build is silent too: raise spec.stallSeconds together with spec.contextVersion."},
	{v1.ClassLimitExceeded, RetryNever, "The run has spent what spec.limits permits, over all its attempts.", "Look at what was pushed; to go on, raise spec.limits together with spec.contextVersion."},
	{v1.ClassDeadlineExceeded, RetryNever, "The attempt passed its deadline.", "Raise spec.deadlineSeconds together with spec.contextVersion, or ask for retries with spec.retry.alsoOn."},
	{v1.ClassRunDeadlineExceeded, RetryNever, "The whole run passed spec.totalDeadlineSeconds.", "Raise spec.totalDeadlineSeconds together with spec.contextVersion."},
	{v1.ClassProvisioningDeadlineExceeded, RetryNever, "No agent was seen started within spec.provisioningDeadlineSeconds.", "Correct on the member what the message names, such as a quota, an admission rule, a volume, too few nodes; then raise spec.contextVersion."},
	{v1.ClassStartedTooLate, RetryInfra, "The agent's container started after its last permitted moment and ended at once without spending a token.", "Check the member's clock and its scheduling delays."},
	{v1.ClassOutcomeMissing, RetryBudget, "The agent's container ended without a readable outcome: its start script was killed, or failed itself.", "Read the agent's log."},
	{v1.ClassNoPullRequest, RetryBudget, "A code run ended well but without a pull request. The next attempt is told so.", "Read the agent's log; check the token's rights."},
	{v1.ClassOutcomeUnknown, RetryNever, "Job or pod vanished before the outcome was seen.", "Find out who deletes them. The work may have been done: look before raising spec.contextVersion."},
	{v1.ClassClusterLost, RetryNever, "The member was silent until the attempt's fence had passed, or is no longer the cluster it was.", "Bring the member back, or set spec.placement.onClusterLost to Reschedule."},
	{v1.ClassRefused, RetryNever, "The member refused an object for good: forbidden, invalid, or its name is taken.", "Correct what the message names, then raise spec.contextVersion."},
	{v1.ClassRenderFailed, RetryNever, "The attempt's objects could not be made of the run, the configuration and the templates; nothing was created on any member.", "Correct what the message names, in the run, the configuration or the templates, then raise spec.contextVersion."},
	{v1.ClassStopped, RetryNever, "The attempt was ended because the run was cancelled, suspended or superseded, or was replaced after an upgrade of the operator.", "Nothing."},
}

func classDef(c v1.FailureClass) ClassDef {
	i := slices.IndexFunc(Classes, func(d ClassDef) bool { return d.Class == c })
	if i < 0 {
		return ClassDef{Class: c, Retry: RetryNever}
	}
	return Classes[i]
}

// resultClasses are the classes of the results that are no success.
var resultClasses = map[string]v1.FailureClass{
	ResultFailed:              v1.ClassAgentError,
	ResultTimeout:             v1.ClassDeadlineExceeded,
	ResultPrerequisiteMissing: v1.ClassPrerequisiteMissing,
	ResultSecretMissing:       v1.ClassSecretMissing,
	ResultUnreachable:         v1.ClassRepositoryUnreachable,
	ResultStartedTooLate:      v1.ClassStartedTooLate,
	ResultStalled:             v1.ClassStalled,
	ResultLimitExceeded:       v1.ClassLimitExceeded,
}

// Results lists every result that an outcome may have.
func Results() []string {
	out := []string{ResultSucceeded, ResultNoChanges, ResultInterrupted}
	for r := range resultClasses {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// podClasses are the classes of the reasons that container and pod give. OOMKilled and the rest outrank the outcome:
// what the agent wrote before it was killed does not say that it was killed.
var podClasses = map[string]v1.FailureClass{
	"OOMKilled":              v1.ClassOutOfMemory,
	ReasonOverDiskLimit:      v1.ClassOutOfDisk,
	"Evicted":                v1.ClassNodeLost,
	"Preempted":              v1.ClassNodeLost,
	"Preempting":             v1.ClassNodeLost,
	"NodeLost":               v1.ClassNodeLost,
	"NodeShutdown":           v1.ClassNodeLost,
	"Terminated":             v1.ClassNodeLost,
	"DeletionByTaintManager": v1.ClassNodeLost,
}

// ReasonOverDiskLimit is the reason of a pod that was evicted for what it wrote itself, and not for what its node lacked.
const ReasonOverDiskLimit = "OverDiskLimit"

const (
	exitPrerequisiteMissing = 78 // EX_CONFIG of sysexits.h; the start script's promise
	reasonDeadlineExceeded  = "DeadlineExceeded"
)

// classify says why an attempt that is not a success is none. It reads what was seen of the attempt, most specific
// first. "" means success. stopped tells that we ended the pod ourselves, so that its DeadlineExceeded is our doing.
func (l Lifecycle) classify(a AgentFacts, stopped bool) v1.FailureClass {
	e := a.Ended
	if c, ok := podClasses[e.Reason]; ok && e.Pod == Present {
		return c
	}
	if e.Pod == Present && e.Outcome != nil {
		if c, ok := resultClasses[e.Outcome.Result]; ok {
			return c
		}
	}
	switch {
	case e.Pod == Present && e.ExitCode != nil && *e.ExitCode == exitPrerequisiteMissing:
		return v1.ClassPrerequisiteMissing
	case !stopped && (e.Reason == reasonDeadlineExceeded || a.Job.Reason == reasonDeadlineExceeded):
		return v1.ClassDeadlineExceeded
	case !stopped && e.Pod == Present && e.Outcome != nil && e.Outcome.Result == ResultInterrupted:
		return v1.ClassNodeLost // neither we nor a deadline ended it: a drain, or somebody deleted the pod
	case e.Pod == Present && e.ExitCode != nil && *e.ExitCode != 0 && e.Outcome == nil:
		return v1.ClassOutcomeMissing // what the agent did nobody knows: the script says it on every path that it survives
	case e.Pod == Present && e.ExitCode != nil && *e.ExitCode != 0:
		return v1.ClassAgentError
	case a.Job.Failed && e.Pod == Present:
		return v1.ClassAgentError
	case a.Job.Complete || e.Pod == Present:
		return l.delivered(e)
	default:
		return v1.ClassOutcomeUnknown
	}
}

// delivered judges an agent that ended with exit code 0.
func (l Lifecycle) delivered(e Evidence) v1.FailureClass {
	switch {
	case e.Outcome == nil || (e.Outcome.Result != ResultSucceeded && e.Outcome.Result != ResultNoChanges):
		return v1.ClassOutcomeMissing
	case l.Kind == CodeRun && e.Outcome.PullRequestURL == "":
		return v1.ClassNoPullRequest
	default:
		return ""
	}
}
