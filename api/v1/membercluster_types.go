package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// MemberCluster registers a cluster that executes runs. Its labels are what spec.placement.selector of a run matches.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=memberclusters,singular=membercluster,shortName=mc,scope=Cluster
// +kubebuilder:metadata:annotations="helm.sh/resource-policy=keep"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.kubernetesVersion`
// +kubebuilder:printcolumn:name="Runs",type=integer,JSONPath=`.status.activeRuns`
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.credentialsLeft`
// +kubebuilder:printcolumn:name="Scheduling",type=string,JSONPath=`.spec.scheduling`,priority=1
// +kubebuilder:printcolumn:name="Last Seen",type=date,JSONPath=`.status.lastSeen`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type MemberCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is how the member is reached and used.
	// +required
	Spec MemberClusterSpec `json:"spec"`

	// status is what the operator saw of the member; nobody else writes it.
	// +optional
	Status MemberClusterStatus `json:"status,omitzero"`
}

// MemberClusterSpec is how a member is reached and used.
// +kubebuilder:validation:XValidation:rule="(self.connection == 'Kubeconfig') == has(self.kubeconfigSecretRef)",message="connection Kubeconfig needs kubeconfigSecretRef, and connection Hub must have none: add or remove it",fieldPath=".kubeconfigSecretRef"
type MemberClusterSpec struct {
	// connection says how the member is reached: by the Secret in kubeconfigSecretRef, or as the Hub itself, which may
	// execute runs too. Defaults to Kubeconfig.
	// +kubebuilder:default=Kubeconfig
	// +optional
	Connection MemberConnection `json:"connection,omitempty"`

	// kubeconfigSecretRef names the Secret with the kubeconfig, always in the namespace runfleet-system. Exec plugins,
	// insecure TLS and paths to files are refused. Unset only for the connection Hub.
	// +optional
	KubeconfigSecretRef *KubeconfigSecretRef `json:"kubeconfigSecretRef,omitempty"`

	// scheduling says whether new attempts are placed on the member. Cordoned leaves what executes there alone.
	// Defaults to Enabled.
	// +kubebuilder:default=Enabled
	// +optional
	Scheduling MemberScheduling `json:"scheduling,omitempty"`

	// maxRuns is how many attempts may execute on the member at a time. When unset there is no such limit.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	// +optional
	MaxRuns *int32 `json:"maxRuns,omitempty"`

	// secretLookup says whether the Secrets that an attempt needs are looked up before its Job is created and before it is
	// released: their metadata alone, never what is in them. It needs the right to get secrets on the member; runs with
	// envFromSecrets execute only where it is Enabled. Defaults to Disabled.
	// +kubebuilder:default=Disabled
	// +optional
	SecretLookup SecretLookup `json:"secretLookup,omitempty"`
}

// SecretLookup says whether Secrets are looked up on a member.
// +kubebuilder:validation:Enum=Enabled;Disabled
type SecretLookup string

// The two states of the look-up.
const (
	SecretLookupEnabled  SecretLookup = "Enabled"
	SecretLookupDisabled SecretLookup = "Disabled"
)

// MemberConnection says how a member is reached.
// +kubebuilder:validation:Enum=Kubeconfig;Hub
type MemberConnection string

// The connections.
const (
	ConnectionKubeconfig MemberConnection = "Kubeconfig"
	ConnectionHub        MemberConnection = "Hub"
)

// MemberScheduling says whether a member takes new attempts.
// +kubebuilder:validation:Enum=Enabled;Cordoned
type MemberScheduling string

// The two states of scheduling.
const (
	SchedulingEnabled  MemberScheduling = "Enabled"
	SchedulingCordoned MemberScheduling = "Cordoned"
)

// KubeconfigSecretRef names a Secret in the operator's own namespace and the key that holds a kubeconfig.
type KubeconfigSecretRef struct {
	// name is the name of the Secret.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, '-' and '.', such as eu-1-kubeconfig"
	// +required
	Name string `json:"name"`

	// key is the key within the Secret. Defaults to kubeconfig.
	// +kubebuilder:default=kubeconfig
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="must be a key of a Secret: letters, digits, '-', '_' and '.', such as kubeconfig"
	// +optional
	Key string `json:"key,omitempty"`
}

// MemberClusterStatus is what the operator saw of a member.
type MemberClusterStatus struct {
	// observedGeneration is the metadata.generation of the spec that was read last.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// clusterUID is the identity of the member: the UID of its kube-system namespace.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ClusterUID types.UID `json:"clusterUID,omitempty"`

	// kubernetesVersion is the version of the member's API server, such as v1.36.3.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`

	// activeRuns counts the runs with an attempt on the member that has not ended.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ActiveRuns int32 `json:"activeRuns"`

	// lastSeen is when the member last answered as itself.
	// +optional
	LastSeen *metav1.Time `json:"lastSeen,omitempty"`

	// credentialsExpireAt is when the credentials in use end, as their token or certificate says; unset where they say nothing.
	// +optional
	CredentialsExpireAt *metav1.Time `json:"credentialsExpireAt,omitempty"`

	// credentialsLeft is how long that is from now, such as 29d, 5h, <1h or expired. It is written when it changes.
	// +kubebuilder:validation:MaxLength=16
	// +optional
	CredentialsLeft string `json:"credentialsLeft,omitempty"`

	// conditions are Ready and Reachable, and CredentialsRenewed where the operator renews them; see conditions.go.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// MemberClusterList is a list of MemberClusters.
// +kubebuilder:object:root=true
type MemberClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []MemberCluster `json:"items"`
}
