package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RetryPolicy says how often and after what an attempt is repeated.
type RetryPolicy struct {
	// maxRetries is how many attempts may follow the first one within a context version. 0 means none, never "unlimited".
	// Attempts that the infrastructure lost have an allowance of their own and do not count. Defaults to 2.
	// +kubebuilder:default=2
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 100",message="must be 0 to 100: write 0 for no retry, or leave it out for 2"
	// +optional
	MaxRetries *int32 `json:"maxRetries,omitempty"`

	// alsoOn are failure classes that are retried within maxRetries although the class table says they are not:
	// DeadlineExceeded (the attempt passed deadlineSeconds), ProvisioningDeadlineExceeded (no agent started within
	// provisioningDeadlineSeconds), OutcomeUnknown (Job or pod vanished before the outcome was seen; the work may be done),
	// ImageUnavailable (the image could not be pulled), SecretMissing (a Secret or ConfigMap of the pod was not there),
	// PrerequisiteMissing (the start script missed something and ended before the agent) and Refused (the member refused an
	// object for good). When unset the table decides alone.
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Enum=DeadlineExceeded;ProvisioningDeadlineExceeded;OutcomeUnknown;ImageUnavailable;SecretMissing;PrerequisiteMissing;Refused
	// +optional
	AlsoOn []FailureClass `json:"alsoOn,omitempty"`
}

// Placement chooses among the members.
type Placement struct {
	// cluster is the name of the one member to use. When unset the selector chooses.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="must be the name of a MemberCluster: lower-case letters, digits, '-' and '.', such as eu-1"
	// +optional
	Cluster string `json:"cluster,omitempty"`

	// selector is matched with the labels of the MemberCluster objects. When unset every member matches.
	// Where cluster is set too, both must agree.
	// +optional
	Selector *ClusterSelector `json:"selector,omitempty"`

	// onClusterLost says what follows when the member of an attempt stays unreachable until the attempt has certainly
	// ended there. Wait: the run fails with class ClusterLost, or is continued when the member comes back earlier.
	// Reschedule: another member is chosen, without the workspace of the lost one. Fail: the run fails.
	// Defaults to Wait.
	// +kubebuilder:default=Wait
	// +optional
	OnClusterLost OnClusterLost `json:"onClusterLost,omitempty"`
}

// OnClusterLost says what follows when a member is lost.
// +kubebuilder:validation:Enum=Wait;Reschedule;Fail
type OnClusterLost string

// The three choices.
const (
	ClusterLostWait       OnClusterLost = "Wait"
	ClusterLostReschedule OnClusterLost = "Reschedule"
	ClusterLostFail       OnClusterLost = "Fail"
)

// ClusterSelector is a label selector, on the wire the same as that of Kubernetes, with bounds.
type ClusterSelector struct {
	// matchLabels are labels that a member must have. When unset none is asked for.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$') && self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'))",message="keys and values must be those of labels, such as region: eu-west"
	// +optional
	MatchLabels map[string]LabelValue `json:"matchLabels,omitempty"`

	// matchExpressions are conditions on labels, all of which must hold. When unset there is none.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	MatchExpressions []ClusterSelectorRequirement `json:"matchExpressions,omitempty"`
}

// LabelValue is the value of a label.
// +kubebuilder:validation:MaxLength=63
type LabelValue string

// ClusterSelectorRequirement is one condition on a label.
// +kubebuilder:validation:XValidation:rule="(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",message="In and NotIn need values, Exists and DoesNotExist must have none: correct operator or values"
// +kubebuilder:validation:XValidation:rule="!has(self.values) || self.values.all(v, v.matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'))",message="values must be those of labels, such as eu-west",fieldPath=".values"
type ClusterSelectorRequirement struct {
	// key is the label's key.
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",message="must be a label's key, such as region or example.com/region"
	// +required
	Key string `json:"key"`

	// operator relates the key to the values.
	// +kubebuilder:validation:Enum=In;NotIn;Exists;DoesNotExist
	// +required
	Operator metav1.LabelSelectorOperator `json:"operator"`

	// values are the label's permitted or forbidden values. Unset for Exists and DoesNotExist.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +optional
	Values []LabelValue `json:"values,omitempty"`
}

// LabelSelector returns the selector in the form that apimachinery matches. Nil selects everything.
func (s *ClusterSelector) LabelSelector() *metav1.LabelSelector {
	if s == nil {
		return &metav1.LabelSelector{}
	}
	out := &metav1.LabelSelector{MatchLabels: make(map[string]string, len(s.MatchLabels))}
	for k, v := range s.MatchLabels {
		out.MatchLabels[k] = string(v)
	}
	for _, e := range s.MatchExpressions {
		r := metav1.LabelSelectorRequirement{Key: e.Key, Operator: e.Operator}
		for _, v := range e.Values {
			r.Values = append(r.Values, string(v))
		}
		out.MatchExpressions = append(out.MatchExpressions, r)
	}
	return out
}
