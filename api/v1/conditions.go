package v1

// Conditions are for automation, status.phase is for people. Every condition of a kind is always present and is
// recomputed from status and facts in one function; none is ever changed on its own. The reason of a condition comes
// from its block below; where a block says "a trigger" or "a failure class", from the table of package lifecycle.

// The Ready condition of a run, kept for the original's readers: True if and only if the run succeeded.
// Its reason is the phase, as the original wrote it. A [MemberCluster] has a Ready condition of its own, see below.
const (
	// ConditionReady is True once the run is Succeeded, and False in every other phase.
	ConditionReady = "Ready"
)

// The Succeeded condition of a run has batch polarity: Unknown while the run may still succeed, then True or False.
// When it is False its reason is the failure class or Cancelled; while it is Unknown, what the run does or waits for.
const (
	// ConditionSucceeded says how the run ended, or what it waits for until then.
	ConditionSucceeded = "Succeeded"

	// ReasonSucceeded surfaces when the agent's work is done and its outcome is recorded.
	ReasonSucceeded = "Succeeded"
	// ReasonCancelled surfaces when spec.cancel ended the run, once nothing of it executes any more.
	ReasonCancelled = "Cancelled"
	// ReasonProvisioning surfaces while workspace, inputs and Job are being made on the chosen member.
	ReasonProvisioning = "Provisioning"
	// ReasonRunning surfaces while the agent works.
	ReasonRunning = "Running"
	// ReasonStopping surfaces while the agent was told to end and has not ended yet.
	ReasonStopping = "Stopping"
	// ReasonTerminating surfaces while the run object is being deleted.
	ReasonTerminating = "Terminating"

	// ReasonSuspended surfaces while spec.suspend is true; unset it to go on.
	ReasonSuspended = "Suspended"
	// ReasonNoCandidate surfaces while no member fits: none matches the placement, or all that do are cordoned, full
	// or unreachable. The message counts them.
	ReasonNoCandidate = "NoCandidate"
	// ReasonWorkspaceBusy surfaces while another run of the same service executes; the message names it.
	ReasonWorkspaceBusy = "WorkspaceBusy"
	// ReasonBranchBusy surfaces while another run would push to the same branch; the message names it.
	ReasonBranchBusy = "BranchBusy"
	// ReasonBackOff surfaces between two attempts; status.nextAttemptAt says until when.
	ReasonBackOff = "BackOff"
	// ReasonQuarantined surfaces after the hub was restored from a backup, until every registered member told what it
	// executes (rule Q). Nothing happens to the run until then.
	ReasonQuarantined = "Quarantined"
	// ReasonFinalizerMissing surfaces while somebody else keeps removing our finalizer: without it nothing is started.
	ReasonFinalizerMissing = "FinalizerMissing"
)

// The ClusterReachable condition of a run is about the member of its newest attempt. It changes no phase by itself (rule L).
const (
	// ConditionClusterReachable is True while the member of the newest attempt answers as itself.
	ConditionClusterReachable = "ClusterReachable"

	// ReasonReachable surfaces while the member answers and is the one it was. Status True.
	ReasonReachable = "Reachable"
	// ReasonUnreachable surfaces when the member has not answered for longer than the grace; what is known of the
	// attempt is kept, and it may still succeed. Status Unknown.
	ReasonUnreachable = "Unreachable"
	// ReasonIdentityChanged surfaces when the name now leads to another cluster (another UID of kube-system): nothing
	// is sent there. Status False.
	ReasonIdentityChanged = "IdentityChanged"
	// ReasonUnregistered surfaces when the MemberCluster object is gone. Status False.
	ReasonUnregistered = "Unregistered"
	// ReasonAbandonIgnored is the reason of the Warning event about an annotation abandon-remote that does not count; the
	// message of this condition repeats what it says.
	ReasonAbandonIgnored = "AbandonIgnored"
	// ReasonNotPlaced surfaces before the first attempt, on every condition that needs a member. Status Unknown.
	ReasonNotPlaced = "NotPlaced"
)

// The InputsReady condition of a run is about the rendered files of the newest attempt and the secrets it needs.
const (
	// ConditionInputsReady is True once the attempt's ConfigMap is on the member and every Secret it needs was found there.
	ConditionInputsReady = "InputsReady"

	// ReasonInputsPresent surfaces once the attempt's ConfigMap exists. Status True.
	ReasonInputsPresent = "InputsPresent"
	// ReasonInputsDoubtful surfaces once the attempt's ConfigMap exists, and the spec asks for something that the agent does
	// not get, such as a tool that nobody knows; the message names it. The attempt goes on without. Status True.
	ReasonInputsDoubtful = "InputsDoubtful"
	// ReasonInputsMissing surfaces while the ConfigMap does not exist, or is gone. Status False.
	ReasonInputsMissing = "InputsMissing"
	// ReasonSecretMissing surfaces when a Secret or a key that the pod needs is not on the member; the message names
	// Secret, key and member, and what to create. It surfaces before there is a Job where MemberCluster.spec.secretLookup is
	// Enabled. Runfleet never copies one there. Status False.
	ReasonSecretMissing = "SecretMissing"
)

// The WorkspaceReady condition of a run is about the volume workspace-{service} on the member.
const (
	// ConditionWorkspaceReady is True once the volume exists, and for a kind that needs none.
	ConditionWorkspaceReady = "WorkspaceReady"

	// ReasonWorkspacePresent surfaces once the volume exists on the member. Status True.
	ReasonWorkspacePresent = "WorkspacePresent"
	// ReasonWorkspaceMissing surfaces while the volume does not exist on the member. Status False.
	ReasonWorkspaceMissing = "WorkspaceMissing"
	// ReasonNotNeeded surfaces for a DocsRun, which needs no workspace. Status True.
	ReasonNotNeeded = "NotNeeded"
)

// ReasonUnobserved surfaces on any condition while its subject could not be looked at. Status Unknown.
const ReasonUnobserved = "Unobserved"

// The conditions of a [MemberCluster]. Reachable uses ReasonReachable, ReasonUnreachable, ReasonIdentityChanged,
// ReasonCredentialsRefused and ReasonUnobserved; Ready repeats the first of them that is in the way.
const (
	// ConditionMemberReady is True while runs may be placed on the member. (The type is "Ready", as for a run.)
	ConditionMemberReady = "Ready"
	// ConditionMemberReachable is True while the member's API server answers as itself.
	ConditionMemberReachable = "Reachable"

	// ReasonMemberReady surfaces when the member answers, passed the preflight and takes runs. Ready is True.
	ReasonMemberReady = "MemberReady"
	// ReasonCordoned surfaces when spec.scheduling is Cordoned: what executes there goes on, nothing new comes. Ready is False.
	ReasonCordoned = "Cordoned"
	// ReasonKubeconfigMissing surfaces when the Secret or its key does not exist in runfleet-system. Ready is False.
	ReasonKubeconfigMissing = "KubeconfigMissing"
	// ReasonKubeconfigRefused surfaces when the kubeconfig asks for what is not allowed: an exec plugin, insecure TLS,
	// a path to a file. The message says which. Ready is False.
	ReasonKubeconfigRefused = "KubeconfigRefused"
	// ReasonCredentialsRefused surfaces when the member's API server answers that it does not know the credentials in the
	// kubeconfig: they expired or were revoked. Ready and Reachable are False.
	ReasonCredentialsRefused = "CredentialsRefused"
	// ReasonPreflightFailed surfaces when the member lacks a permission or a feature that agents need; the message
	// lists them. Ready is False.
	ReasonPreflightFailed = "PreflightFailed"
	// ReasonDuplicateIdentity surfaces when another MemberCluster leads to the same cluster already: the message names it.
	// Nothing is placed by way of the second, since every object there would be seen twice. Ready is False.
	ReasonDuplicateIdentity = "DuplicateIdentity"
	// ReasonVersionRefused surfaces when the member's version of Kubernetes lacks what runs need; the message says what.
	// What executes there goes on. Ready is False.
	ReasonVersionRefused = "VersionRefused"
)

// The CredentialsRenewed condition of a [MemberCluster] is there while the operator may renew its token (LabelRenewal).
const (
	// ConditionCredentialsRenewed is True while nothing is in the way of the next renewal.
	ConditionCredentialsRenewed = "CredentialsRenewed"

	// ReasonRenewing surfaces while the token is renewed at half of its life. Status True.
	ReasonRenewing = "Renewing"
	// ReasonRenewalFailed surfaces when a renewal was due and did not work; it is tried again, and the message says why and
	// until when the token is valid. Status False.
	ReasonRenewalFailed = "RenewalFailed"
)
