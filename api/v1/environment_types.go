package v1

// CodeRunTools is one generation's form of the tool lists.
type CodeRunTools struct {
	// local are the tools that run beside the agent. When unset the preset decides.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Local []ToolName `json:"local,omitempty"`

	// remote are the tools the agent reaches over the network. When unset the preset decides.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Remote []ToolName `json:"remote,omitempty"`
}

// ToolConfig is a preset of tools.
// +kubebuilder:validation:Enum=minimal;default;advanced
type ToolConfig string

// The presets.
const (
	ToolsMinimal  ToolConfig = "minimal"
	ToolsDefault  ToolConfig = "default"
	ToolsAdvanced ToolConfig = "advanced"
)

// EnvValue is the value of an environment variable. Its rules stand on the map, since the API server repeats the value that
// breaks a rule here, and it may be a secret.
// +kubebuilder:validation:MaxLength=32768
type EnvValue string

// SecretEnvVar is an environment variable with its value from a Secret.
type SecretEnvVar struct {
	// name is the name of the variable.
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z_][A-Za-z0-9_]*$')",message="the name of an environment variable must be letters, digits and '_' and must not begin with a digit, such as API_KEY"
	// +required
	Name string `json:"name"`

	// secretName is the Secret, on the member and in the run's namespace.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, '-' and '.', such as api-keys"
	// +required
	SecretName string `json:"secretName"`

	// secretKey is the key within the Secret.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$')",message="must be a key of a Secret: letters, digits, '-', '_' and '.', such as api-key"
	// +required
	SecretKey string `json:"secretKey"`
}
