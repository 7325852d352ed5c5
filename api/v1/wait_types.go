package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The reasons of a [Wait] that are reasons of no condition. The others are those of Succeeded and ClusterReachable, and
// failure classes that are known before an attempt has failed.
const (
	// ReasonMembersFull surfaces while a member would take the run and executes as many as it may; status.reason is
	// NoCandidate.
	ReasonMembersFull = "MembersFull"
	// ReasonMembersUnreachable surfaces while no member is full and one that may fit does not answer; status.reason is
	// NoCandidate.
	ReasonMembersUnreachable = "MembersUnreachable"
	// ReasonOriginalActive surfaces while the controller of the system that came before may execute the run, or another in its
	// workspace; status.reason is NoCandidate.
	ReasonOriginalActive = "OriginalActive"

	// ReasonFailedCreate surfaces while the member refuses to create an object of the attempt for now: a quota, Pod Security,
	// an admission rule, a fault of its API server. It and the following three are Kubernetes' own words.
	ReasonFailedCreate = "FailedCreate"
	// ReasonFailedScheduling surfaces while no node of the member takes the agent's pod.
	ReasonFailedScheduling = "FailedScheduling"
	// ReasonFailedMount surfaces while a volume of the agent's pod cannot be mounted.
	ReasonFailedMount = "FailedMount"
	// ReasonFailedAttachVolume surfaces while a volume of the agent's pod cannot be attached to its node.
	ReasonFailedAttachVolume = "FailedAttachVolume"
)

// Wait is what a phase waited for: the last thing that has a name in it. What it waited for before that is not kept, except
// that it ended when this one began.
type Wait struct {
	// reason says in one word what was waited for, such as WorkspaceBusy.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	Reason string `json:"reason"`

	// object is what was in the way, where that is one thing: the run that holds the Lease, as namespace/name, or a member.
	// +kubebuilder:validation:MaxLength=317
	// +optional
	Object string `json:"object,omitempty"`

	// since is when it was first seen to be waited for, by the operator's clock.
	// +required
	Since metav1.MicroTime `json:"since"`

	// until is when it was no longer waited for, though the phase went on. Unset while it is waited for, and where it lasted
	// to the end of the phase.
	// +optional
	Until *metav1.MicroTime `json:"until,omitempty"`
}
