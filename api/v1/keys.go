package v1

// Labels. They stand on every object Runfleet makes on a member, and on the pod template beside the Job: a pod's labels
// are not its Job's, and death is proved by both (rule A14).
const (
	// LabelManaged is "true" on every object Runfleet made; caches on members are limited to it.
	LabelManaged = "orchestrator.platform/managed"
	// LabelRunUID is the UID of the run the object belongs to. Clean-up selects by it alone: never by task, service or user.
	LabelRunUID = "orchestrator.platform/run-uid"
	// LabelAttempt is the number of the attempt the object belongs to.
	LabelAttempt = "orchestrator.platform/attempt"
	// LabelHub is the UID of the hub's kube-system namespace: two hubs may share a member without touching each other's objects.
	LabelHub = "orchestrator.platform/hub"
)

// LabelAgents, on a Secret on a member, is [AgentsAllowed] where runs may name it in spec.envFromSecrets. Its owner sets it,
// never Runfleet; secrets.envAllowed of the configuration must name the Secret too.
const (
	LabelAgents   = "orchestrator.platform/agents"
	AgentsAllowed = "allowed"
)

// LabelRenewal, on the Secret of a member's kubeconfig, is [RenewalEnabled] where the operator may write a new token into it
// (`runfleet fleet join` sets it). A Secret without it, such as one of GitOps, is never written.
const (
	LabelRenewal   = "orchestrator.platform/renewal"
	RenewalEnabled = "enabled"
)

// LabelJoined is "true" on what `runfleet fleet join` created on a member, and `runfleet fleet leave` removes.
const LabelJoined = "orchestrator.platform/joined"

// AnnotationJoinedPrefix and the UID of a hub make the annotation, on the ServiceAccount on a member, by which each hub that
// joined it says so: the last one that leaves removes it. Its value is the name of the MemberCluster there.
const AnnotationJoinedPrefix = "joined.orchestrator.platform/"

// Annotations.
const (
	// AnnotationHome, on an object on a member, is "Kind/namespace/name" of its run on the hub, such as DocsRun/default/shop.
	// Anybody on the member can write it, so it only says which run to look at.
	AnnotationHome = "orchestrator.platform/home"
	// AnnotationAbandonRemote, on a run, is the number of an attempt that a person vouches to have ended (rule E, e). It
	// proves the end of an attempt that is being stopped; to stop one, set spec.cancel or raise spec.contextVersion too.
	// It shortens the wait for a member that will not come back; a wrong word here can make two agents run at once. It
	// counts while the member is lost: silent for longer than the grace, another cluster, or not registered any more. Where
	// the member answers, or another attempt is out, it is ignored with a Warning event, and must be set anew to count.
	AnnotationAbandonRemote = "orchestrator.platform/abandon-remote"
	// AnnotationPreserve, on a run, keeps its objects on the members whatever retentionSeconds says, while it is "true".
	AnnotationPreserve = "orchestrator.platform/preserve"
	// AnnotationTraceParent, on a run, is a W3C traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01: the
	// run's trace becomes part of that one, and is sampled where that one is. It counts when the run is first placed or
	// ended, and never after; what cannot be read is ignored with a Warning event.
	AnnotationTraceParent = "orchestrator.platform/traceparent"
	// AnnotationSpecHash, on a Job, is a digest of what the operator rendered: a Job with another one is not ours.
	AnnotationSpecHash = "orchestrator.platform/spec-hash"
	// AnnotationTemplateDigest, on a Job and its ConfigMaps, is the templateDigest of their attempt.
	AnnotationTemplateDigest = "orchestrator.platform/template-digest"
	// AnnotationToken, on a Lease, is status.transitions of its holder when it was taken (rule W).
	AnnotationToken = "orchestrator.platform/token"
	// AnnotationMember, on a workspace's Lease, is the member that holds the volume.
	AnnotationMember = "orchestrator.platform/member"
	// AnnotationStamp, on a run, is "uid/incarnation" as of the write that added the finalizer. A run whose stamp is not
	// its own was re-created from a backup or moved from another hub, and is quarantined (rule Q1).
	AnnotationStamp = "orchestrator.platform/stamp"
	// AnnotationRecoverWithout, on the ConfigMap runfleet-hub of a restored hub, names the members, separated by commas, that
	// the count of rule Q does not wait for: a person vouches that no agent of this hub executes there any more, or ever will.
	// `runfleet recover --without` writes it; the next incarnation removes it.
	AnnotationRecoverWithout = "orchestrator.platform/recover-without"
)

const (
	// Finalizer keeps a run until every attempt has ended and its objects are gone from every reachable member (rule T).
	Finalizer = "orchestrator.platform/cleanup"

	// SystemNamespace is where the operator runs, and the only namespace it reads kubeconfig Secrets from.
	SystemNamespace = "runfleet-system"

	// ConfigMapName is the operator's configuration in SystemNamespace (the original's name).
	ConfigMapName = "task-controller-config"
	// ConfigMapKey is the key of that ConfigMap that holds the configuration.
	ConfigMapKey = "config.yaml"

	// TemplatesName is the ConfigMap in SystemNamespace with templates that override built-in ones or add some. It need not exist.
	TemplatesName = "runfleet-templates"

	// WorkspacePrefix and the service's name make the name of the workspace volume.
	WorkspacePrefix = "workspace-"
)
