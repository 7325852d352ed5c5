package v1

// The failure classes. What each means for retries is data too: see the class table in package lifecycle.
const (
	// ClassAgentError: the agent ended with a non-zero exit code or reported a failure.
	ClassAgentError FailureClass = "AgentError"
	// ClassOutOfMemory: the agent's container was killed for using more memory than its limit.
	ClassOutOfMemory FailureClass = "OutOfMemory"
	// ClassOutOfDisk: the pod wrote more than its own sizes and limits allow, and was evicted for it.
	ClassOutOfDisk FailureClass = "OutOfDisk"
	// ClassNodeLost: the node failed, was drained, or evicted or preempted the pod.
	ClassNodeLost FailureClass = "NodeLost"
	// ClassImage: the image cannot be pulled or is not valid.
	ClassImage FailureClass = "ImageUnavailable"
	// ClassSecretMissing: a Secret or ConfigMap that the pod needs is not there.
	ClassSecretMissing FailureClass = "SecretMissing"
	// ClassPrerequisiteMissing: the start script refused to spend a token because something is missing (exit code 78).
	ClassPrerequisiteMissing FailureClass = "PrerequisiteMissing"
	// ClassRepositoryUnreachable: the start script could not fetch from the run's repository, or from that of its documents.
	ClassRepositoryUnreachable FailureClass = "RepositoryUnreachable"
	// ClassStalled: the agent was silent for spec.stallSeconds, and was ended.
	ClassStalled FailureClass = "Stalled"
	// ClassLimitExceeded: the run has spent what spec.limits permits.
	ClassLimitExceeded FailureClass = "LimitExceeded"
	// ClassDeadlineExceeded: the attempt passed its deadline.
	ClassDeadlineExceeded FailureClass = "DeadlineExceeded"
	// ClassRunDeadlineExceeded: the whole run passed spec.totalDeadlineSeconds.
	ClassRunDeadlineExceeded FailureClass = "RunDeadlineExceeded"
	// ClassProvisioningDeadlineExceeded: no agent was seen started before startBefore.
	ClassProvisioningDeadlineExceeded FailureClass = "ProvisioningDeadlineExceeded"
	// ClassStartedTooLate: the start script found its own clock past startBefore and ended without spending a token.
	ClassStartedTooLate FailureClass = "StartedTooLate"
	// ClassOutcomeMissing: the agent's container ended without a readable outcome, as one does whose start script is killed.
	ClassOutcomeMissing FailureClass = "OutcomeMissing"
	// ClassNoPullRequest: a code run ended well without a pull request.
	ClassNoPullRequest FailureClass = "NoPullRequest"
	// ClassOutcomeUnknown: Job and pod vanished before their outcome was seen.
	ClassOutcomeUnknown FailureClass = "OutcomeUnknown"
	// ClassClusterLost: the member was unreachable until the attempt's fence had passed, or is not the one it was.
	ClassClusterLost FailureClass = "ClusterLost"
	// ClassRefused: the member refused an object for good (forbidden, invalid, name taken).
	ClassRefused FailureClass = "Refused"
	// ClassRenderFailed: the attempt's objects could not be made: a template does not work for this run, or the configuration does not
	// permit what the run asks for.
	ClassRenderFailed FailureClass = "RenderFailed"
	// ClassStopped: the attempt ended because the run was cancelled, suspended or superseded, or was replaced after an upgrade.
	ClassStopped FailureClass = "Stopped"
)

// ReasonNoChanges is the reason of a DocsRun that succeeded because there was nothing to change.
const ReasonNoChanges = "NoChanges"
