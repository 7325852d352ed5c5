package lifecycle

import (
	"encoding/json"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Presence is what one look says about an object. "I could not look" is not "it is gone".
type Presence int

// The three answers. Absent is only ever the *live* answer of the member with the recorded identity: a cache's
// NotFound is Unknown.
const (
	Unknown Presence = iota
	Absent
	Present
)

func (p Presence) String() string { return [...]string{"Unknown", "Absent", "Present"}[p] }

// Facts is everything the machine may know besides the committed status: plain values of one look at the world.
type Facts struct {
	Now       time.Time
	Hub       HubFacts
	Run       RunFacts
	Cluster   ClusterFacts // the member that status.cluster names
	Candidate Candidate    // the member that could take the next attempt
	Leases    []LeaseFacts // every Lease that this run needs, in the order in which they are taken

	Workspace Presence // on the member of attempt n
	Inputs    Presence // of attempt n
	Agent     AgentFacts
	Others    []AgentFacts // what was seen of every other attempt of this run, on any member

	Members []MemberFacts // one for each name in status.members, and for each other member on which an object of this run was seen
	Census  Census        // what a restored hub learnt from its members
}

// attempts are the newest attempt, if there is one, and the others.
func (f Facts) attempts() []AgentFacts {
	if f.Agent.Attempt == 0 {
		return f.Others
	}
	return append([]AgentFacts{f.Agent}, f.Others...)
}

// HubFacts is the hub's incarnation: a counter that grows when the hub is restored from a backup (rule Q).
type HubFacts struct {
	Incarnation int64
	Since       time.Time // when this incarnation began
}

// RunFacts is what the person asks for, with the operator's defaults filled in.
type RunFacts struct {
	Name       string
	UID        types.UID
	Generation int64
	Created    time.Time
	Deleted    bool // metadata.deletionTimestamp is set

	Finalizer        bool      // ours is there
	StampUID         types.UID // who wrote the stamp of rule Q; empty when there is none
	StampIncarnation int64

	ContextVersion int32 // spec.contextVersion, at least 1
	Cancel         bool
	Suspend        bool

	Deadline             time.Duration // of one attempt
	ProvisioningDeadline time.Duration
	TotalDeadline        time.Duration // of the whole run; 0: none
	MaxTurns             *int32        // over all attempts; nil: no limit
	MaxCostUSD           string        // a decimal number; "": no limit
	MaxRetries           int32
	RetryAlsoOn          []v1.FailureClass
	OnClusterLost        v1.OnClusterLost
	Retention            time.Duration // from its end, unless it failed
	RetentionFailed      time.Duration // from its end, if it failed
	TTL                  *time.Duration
	Preserve             bool     // the annotation that keeps everything
	Abandoned            int32    // the attempt that a person vouches to be dead; 0: none, -1: what was written is no attempt
	Branch               string   // that the next attempt pushes to, if no earlier one has decided it; "": the spec names it
	TemplateDigest       string   // of the templates and settings that the next attempt is committed with
	EarlierDigests       []string // of those that this operator remembers besides
	TraceParent          string   // of the run's trace, for a run that has none yet
	Doubts               []string // what the spec asks for and does not get, such as a tool that the agent does not have
}

// ClusterFacts is how the member of attempt n stands to us.
type ClusterFacts struct {
	Name        string
	Link        Link
	SilentSince time.Time // when it was last heard of; only while Silent
}

// Link is how a member stands to us.
type Link int

// The links. Only Answers allows to conclude anything from an absence.
const (
	Silent       Link = iota // no answer, or no cache yet
	Answers                  // answers, with the identity that the attempt recorded
	Foreign                  // answers, with another identity: the name means another cluster now
	Unregistered             // its MemberCluster is gone
)

// Candidate is the member that placement chose for the next attempt.
type Candidate struct {
	Cluster    string // "" when there is none
	ClusterUID types.UID
	Why        string // why this one, or why none
	Reason     string // why none, in a word of [Waits]; "" for NoCandidate
	Asked      string // the only member that would do; "" where there are several, or none
}

// LeaseFacts is one Lease that must be held before an attempt may start.
type LeaseFacts struct {
	Name       string
	Reason     string // WorkspaceBusy or BranchBusy: what to say while another run holds it
	Held       bool   // a live read shows our UID and the current token (status.transitions)
	Holder     string // namespace/name of the run that holds it
	HolderKind Kind
}

// AgentFacts is what was seen of one attempt on one member.
type AgentFacts struct {
	Attempt int32
	Cluster string
	Job     JobFacts
	Pod     PodFacts
	Ended   Evidence
	Inputs  Presence
	Refusal Refusal
	Warning string // what the member last warned of while the agent does not start, such as "FailedMount: ..."; "" for nothing

	WarningReason string // the same in a word, of [Waits] where it is one that has a name here
}

// JobFacts is the attempt's Job. For an attempt with a recorded Job UID only that Job is Present; another Job of its name
// is told as one more AgentFacts in Others, with the same attempt.
type JobFacts struct {
	Presence        Presence
	UID             types.UID
	ResourceVersion string
	Suspended       bool
	Deleting        bool
	Complete        bool
	Failed          bool
	Reason          string // of the Failed condition
	Active          int32
	Terminating     int32
}

// Finished says that the Job is Complete or Failed *and* none of its pods is left running. Final per UID, so a cache may say it.
func (j JobFacts) Finished() bool {
	return (j.Complete || j.Failed) && j.Active == 0 && j.Terminating == 0
}

// PodFacts is the attempt's unfinished pod, found by its labels: it may outlive its Job.
type PodFacts struct {
	Presence        Presence
	UID             types.UID
	ResourceVersion string
	Started         bool            // the agent's container was seen started
	Ending          bool            // its activeDeadlineSeconds was lowered, or it is being deleted
	Grace           time.Duration   // its terminationGracePeriodSeconds: what was configured when its attempt was committed
	Problem         v1.FailureClass // ImageUnavailable or SecretMissing while it cannot start
	Message         string
}

// Evidence is what the attempt's ended pod left behind.
type Evidence struct {
	Pod      Presence // Unknown: not seen yet; Absent: a live list found no ended pod; Present: the rest is valid
	UID      types.UID
	Version  string // the pod's resourceVersion
	ExitCode *int32
	Reason   string // of container and pod: OOMKilled, Evicted, Preempted, NodeLost, DeadlineExceeded
	Said     string // what the node said of an eviction
	Outcome  *Outcome
}

// Outcome is the JSON that the start script wrote to the termination message, parsed.
type Outcome struct {
	Result         string      `json:"result"`
	Reason         string      `json:"reason,omitempty"`
	PullRequestURL string      `json:"pullRequestUrl,omitempty"`
	Branch         string      `json:"branch,omitempty"`
	Commit         string      `json:"commit,omitempty"`
	SessionID      string      `json:"sessionId,omitempty"`
	CostUSD        json.Number `json:"costUSD,omitempty"`
	InputTokens    int64       `json:"inputTokens,omitempty"`
	OutputTokens   int64       `json:"outputTokens,omitempty"`
	Turns          int32       `json:"turns,omitempty"`
}

// The results an outcome may have.
const (
	ResultSucceeded           = "succeeded"
	ResultNoChanges           = "noChanges"
	ResultFailed              = "failed"
	ResultTimeout             = "timeout"
	ResultPrerequisiteMissing = "prerequisiteMissing"
	ResultSecretMissing       = "secretMissing"
	ResultUnreachable         = "repositoryUnreachable"
	ResultStartedTooLate      = "startedTooLate"
	ResultStalled             = "stalled"
	ResultLimitExceeded       = "limitExceeded"
	ResultInterrupted         = "interrupted" // told to end from outside; partial work is pushed
)

// Refusal is a member's definitive no to an object of attempt n: forbidden, invalid, name taken, spec hash differs. Or our
// own: the object could not be rendered.
type Refusal struct {
	Reason  string // "" when there is none
	Message string
}

// RefusalRenderFailed is the reason of our own refusal.
const RefusalRenderFailed = "RenderFailed"

// MemberFacts is one member this run ever touched, or, after a restore, one where a late request left something.
type MemberFacts struct {
	Name     string
	Link     Link
	Leftover Presence // Jobs, pods and ConfigMaps of this run, by a live list
}

// Census is the count of rule Q: after a restore, every member is asked twice for Jobs and pods of this run.
type Census struct {
	Complete bool // every registered member answered two live lists, settle apart; or a human said recover
	// Waits are the members that have not answered, sorted: those without a MemberCluster too, of which only others know.
	Waits []string
	// Stray is the highest attempt that either count found and the status does not know: a Job may go between the two and
	// leave a late pod.
	Stray *Stray
}

// Stray is an attempt that a restored hub has forgotten. Its JobUID is that of the Job or, where only a pod was found, of
// the pod's label batch.kubernetes.io/controller-uid. Without it nobody can say which agent may live: the run then stays
// in quarantine, and the census says why.
type Stray struct {
	Attempt        int32
	ContextVersion int32
	Cluster        string
	ClusterUID     types.UID
	JobUID         types.UID
	JobName        string
	ConfigMapName  string
	Deadline       time.Duration
	StartBefore    time.Time // zero when the objects do not say
}
