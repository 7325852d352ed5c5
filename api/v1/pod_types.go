package v1

// PodOverrides change the agent's pod within what the operator's configuration lets runs change (its section overrides). A
// run that asks for more fails with class RenderFailed before anything is created on a member.
type PodOverrides struct {
	// resources are what the pod reserves and may use, for the resources they name. When unset the operator's configuration
	// says. Less than there is always permitted, more up to its overrides.maxResources.
	// +optional
	Resources PodResources `json:"resources,omitzero"`

	// priorityClassName takes the place of the configured priority class. When unset the operator's configuration says.
	// +optional
	PriorityClassName ObjectName `json:"priorityClassName,omitempty"`

	// runtimeClassName takes the place of the configured runtime class. When unset the operator's configuration says.
	// +optional
	RuntimeClassName ObjectName `json:"runtimeClassName,omitempty"`

	// serviceAccountName takes the place of the configured service account, whose token the pod does not get. When unset the
	// operator's configuration says.
	// +optional
	ServiceAccountName ObjectName `json:"serviceAccountName,omitempty"`

	// imagePullSecrets are Secrets on the member, in the run's namespace, that the image is pulled with beside the configured
	// ones. When unset those alone are used.
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +optional
	ImagePullSecrets []ObjectName `json:"imagePullSecrets,omitempty"`

	// nodeSelector are labels that the pod's node must have beside the configured ones; of a label in both this value counts.
	// When unset those alone are asked for.
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$') && self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$'))",message="keys and values must be those of labels of nodes, such as pool: agents"
	// +optional
	NodeSelector map[string]LabelValue `json:"nodeSelector,omitempty"`

	// tolerations are taints that the pod tolerates beside the configured ones. When unset those alone are tolerated.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Tolerations []Toleration `json:"tolerations,omitempty"`
}

// PodResources are what a pod reserves and may use.
type PodResources struct {
	// requests are what the pod reserves on its node. When unset the operator's configuration says, and a limit below it
	// lowers it.
	// +optional
	Requests ResourceQuantities `json:"requests,omitempty"`

	// limits are what the pod may use at most. When unset the operator's configuration says.
	// +optional
	Limits ResourceQuantities `json:"limits,omitempty"`
}

// ResourceQuantities are quantities by the name of their resource.
// +kubebuilder:validation:MaxProperties=8
// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^(cpu|memory|ephemeral-storage|[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$'))",message="must be cpu, memory, ephemeral-storage or a device of nodes such as example.com/gpu"
type ResourceQuantities map[string]ResourceQuantity

// ResourceQuantity is a quantity as Kubernetes writes it. It is text alone, and narrower than what the schema of a quantity
// usually takes: one that no client could read would hide every run from the operator.
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,15}([.][0-9]{1,3})?(m|[kMGT]|[KMGT]i)?$') && self.matches('[1-9]')",message="must be a quantity above zero, in quotes where it is a number, such as 4Gi, 500m or \"2\""
type ResourceQuantity string

// ObjectName is the name of an object on the member.
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of an object: lower-case letters, digits, '-' and '.', such as batch"
type ObjectName string

// Toleration lets the pod run on nodes with a taint, on the wire the same as that of Kubernetes, with bounds.
// +kubebuilder:validation:XValidation:rule="!has(self.value) || self.operator == 'Equal' && self.value.matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$')",message="must be the value of a taint, such as agents, and must be left out beside operator Exists",fieldPath=".value"
// +kubebuilder:validation:XValidation:rule="!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'",message="needs effect NoExecute: write that, or leave tolerationSeconds out",fieldPath=".tolerationSeconds"
type Toleration struct {
	// key is the taint's key.
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$')",message="must be a taint's key, such as agents or example.com/agents"
	// +required
	Key string `json:"key"`

	// operator relates the key to the value: Equal to it, or Exists whatever it is. Defaults to Equal.
	// +kubebuilder:default=Equal
	// +kubebuilder:validation:Enum=Equal;Exists
	// +optional
	Operator string `json:"operator,omitempty"`

	// value is the taint's value. Unset for Exists.
	// +optional
	Value LabelValue `json:"value,omitempty"`

	// effect is the taint's effect. When unset every effect is tolerated.
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	// +optional
	Effect string `json:"effect,omitempty"`

	// tolerationSeconds is how long a taint with effect NoExecute is tolerated. In seconds, up to 604800, such as 300.
	// When unset it is tolerated for ever.
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 604800",message="must be 0 to 604800 seconds (a week): write a number such as 300, or leave it out for no end"
	// +optional
	TolerationSeconds *int32 `json:"tolerationSeconds,omitempty"`
}
