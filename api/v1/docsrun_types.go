package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DocsRun writes the documentation of the tasks of a repository and opens a pull request with it.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=docsruns,singular=docsrun,shortName=dr,categories=runs
// +kubebuilder:metadata:annotations="helm.sh/resource-policy=keep"
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.status.cluster`
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.status.attempt`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.reason`,priority=1
// +kubebuilder:printcolumn:name="Pull Request",type=string,JSONPath=`.status.pullRequestUrl`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.status.phase`
// +kubebuilder:selectablefield:JSONPath=`.status.cluster`
// +kubebuilder:validation:XValidation:rule="(has(self.spec.placement) ? has(oldSelf.spec.placement) && self.spec.placement == oldSelf.spec.placement : !has(oldSelf.spec.placement)) || self.spec.contextVersion > oldSelf.spec.contextVersion || !has(self.status) || self.status.phase == 'Pending'",message="placement is immutable once a member was chosen: raise spec.contextVersion to change it",fieldPath=".spec.placement"
type DocsRun struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what a person asks for.
	// +required
	Spec DocsRunSpec `json:"spec"`

	// status is what the operator answers; nobody else writes it. Defaults to the phase Pending.
	// +kubebuilder:default={phase: Pending}
	// +optional
	Status RunStatus `json:"status,omitzero"`
}

// DocsRunSpec is what a person asks for.
// +kubebuilder:validation:XValidation:rule="self.repositoryUrl == oldSelf.repositoryUrl",message="repositoryUrl says what the run is for and never changes: create another run instead",fieldPath=".repositoryUrl"
// +kubebuilder:validation:XValidation:rule=`self.repositoryUrl.matches('^(https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|[A-Za-z0-9_][A-Za-z0-9._-]*@([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]]):/?[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)*/?|[A-Za-z0-9][A-Za-z0-9._-]*/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)$') && !self.repositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') && !self.repositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}')`,message=`write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters`,messageExpression=`self.repositoryUrl.matches('[?#]') ? 'must not have a query (?...) or a fragment (#...): write the address of the repository alone, and put credentials into the Secret of the GitHub user' : self.repositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}') || self.repositoryUrl.contains('@') && !self.repositoryUrl.matches('^[[:space:]]*(ssh://)?[A-Za-z0-9_][A-Za-z0-9._-]*@[^@]*$') ? 'must not contain a user name, password or token: put credentials into the Secret of the GitHub user and write https://host/path' : self.repositoryUrl.startsWith('-') ? 'must not begin with a hyphen, which git would read as an option: write an https or ssh URL' : self.repositoryUrl.contains('::') ? 'must not name a git transport helper such as ext::, which runs commands: write an https or ssh URL' : self.repositoryUrl.matches('(^|/)[.][.]?(/|$)') ? 'must not contain a path segment . or ..: write the own path of the repository' : self.repositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') ? 'is a page of a repository on GitHub, such as /tree/ or /blob/ or /pull/: write the address of the repository itself, https://github.com/org/repo, and the branch in its own field' : self.repositoryUrl.contains('://') ? 'only https:// and ssh:// URLs are fetched, with a host, an optional port and a path: write https://host/path or ssh://git@host/path, without spaces or control characters' : 'write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters'`,fieldPath=`.repositoryUrl`
// +kubebuilder:validation:XValidation:rule="(has(self.githubUser) ? has(oldSelf.githubUser) && self.githubUser == oldSelf.githubUser : !has(oldSelf.githubUser))",message="githubUser says whose credentials are used and never changes: create another run instead",fieldPath=".githubUser"
// +kubebuilder:validation:XValidation:rule="!has(self.githubUser) || !self.githubUser.matches('^[\\\\x00-\\\\x20]*(?i:gh[oprsu]_|github_pat_)')",message="must be the name of a GitHub user, not a token: put the token into the Secret of that user and write its name, such as octo-cat",fieldPath=".githubUser"
// +kubebuilder:validation:XValidation:rule="(has(self.githubApp) ? has(oldSelf.githubApp) && self.githubApp == oldSelf.githubApp : !has(oldSelf.githubApp))",message="githubApp says whose credentials are used and never changes: create another run instead",fieldPath=".githubApp"
// +kubebuilder:validation:XValidation:rule="!has(self.githubApp) || !self.githubApp.matches('^[\\\\x00-\\\\x20]*(?i:gh[oprsu]_|github_pat_)')",message="must be the name of a GitHub App, not a token: put the token into the Secret of that App and write its name, such as octo-app",fieldPath=".githubApp"
// +kubebuilder:validation:XValidation:rule="self.workingDirectory == oldSelf.workingDirectory || self.contextVersion > oldSelf.contextVersion",message="workingDirectory is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".workingDirectory"
// +kubebuilder:validation:XValidation:rule="self.sourceBranch == oldSelf.sourceBranch || self.contextVersion > oldSelf.contextVersion",message="sourceBranch is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".sourceBranch"
// +kubebuilder:validation:XValidation:rule="(has(self.targetBranch) ? has(oldSelf.targetBranch) && self.targetBranch == oldSelf.targetBranch : !has(oldSelf.targetBranch)) || self.contextVersion > oldSelf.contextVersion",message="targetBranch is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".targetBranch"
// +kubebuilder:validation:XValidation:rule="(has(self.model) ? has(oldSelf.model) && self.model == oldSelf.model : !has(oldSelf.model)) || self.contextVersion > oldSelf.contextVersion",message="model is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".model"
// +kubebuilder:validation:XValidation:rule="(has(self.cli) ? has(oldSelf.cli) && self.cli == oldSelf.cli : !has(oldSelf.cli)) || self.contextVersion > oldSelf.contextVersion",message="cli is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".cli"
// +kubebuilder:validation:XValidation:rule="self.includeCodebase == oldSelf.includeCodebase || self.contextVersion > oldSelf.contextVersion",message="includeCodebase is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".includeCodebase"
// +kubebuilder:validation:XValidation:rule="(has(self.localTools) ? has(oldSelf.localTools) && self.localTools == oldSelf.localTools : !has(oldSelf.localTools)) || self.contextVersion > oldSelf.contextVersion",message="localTools is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".localTools"
// +kubebuilder:validation:XValidation:rule="(has(self.remoteTools) ? has(oldSelf.remoteTools) && self.remoteTools == oldSelf.remoteTools : !has(oldSelf.remoteTools)) || self.contextVersion > oldSelf.contextVersion",message="remoteTools is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".remoteTools"
// +kubebuilder:validation:XValidation:rule="has(self.githubUser) || has(self.githubApp)",message="githubUser or githubApp is needed to choose the credentials: write one of them",fieldPath=".githubUser",reason=FieldValueRequired
type DocsRunSpec struct {
	RunSpec `json:",inline"`

	// repositoryUrl is the repository to document.
	// +required
	RepositoryURL RepositoryURL `json:"repositoryUrl"`

	// workingDirectory is the directory that contains .taskmaster, from the root of the repository. "" and "." are the root.
	// +required
	WorkingDirectory RelativePath `json:"workingDirectory"`

	// sourceBranch is the branch to read, and the one the pull request is opened against. It is never pushed to.
	// +required
	SourceBranch BranchName `json:"sourceBranch"`

	// targetBranch is the branch that the work is pushed to and the pull request is opened from (a field of the original's
	// first generation). When unset, or equal to sourceBranch, each run gets a branch of its own.
	// +optional
	TargetBranch BranchName `json:"targetBranch,omitempty"`

	// model is the model the agent uses. When unset the operator's configuration says.
	// +optional
	Model ModelName `json:"model,omitempty"`

	// githubUser selects the Secrets with the credentials and signs the commits. One of githubUser and githubApp is needed.
	// +optional
	GitHubUser GitHubName `json:"githubUser,omitempty"`

	// githubApp selects the Secret of a GitHub App, whose short-lived token is used. It wins over githubUser.
	// When unset githubUser is used.
	// +optional
	GitHubApp GitHubName `json:"githubApp,omitempty"`

	// cli is the agent's program, such as claude or codex, one of those that the operator's configuration has an image for.
	// When unset the configuration says.
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([A-Za-z0-9][A-Za-z0-9_-]*)?$')",message="must be the name of an agent's program: letters, digits, '_' and '-', such as claude"
	// +optional
	CLI string `json:"cli,omitempty"`

	// includeCodebase gives the agent the code of the repository beside its tasks, for more tokens. Defaults to false.
	// +kubebuilder:default=false
	// +optional
	IncludeCodebase bool `json:"includeCodebase,omitempty"`

	// localTools are the tools that run beside the agent. They win over the preset. When unset the preset decides.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +optional
	LocalTools []ToolName `json:"localTools,omitempty"`

	// remoteTools are the tools the agent reaches over the network. They win over the preset. When unset the preset decides.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +optional
	RemoteTools []ToolName `json:"remoteTools,omitempty"`
}

// RunSpec implements [Run].
func (r *DocsRun) RunSpec() *RunSpec { return &r.Spec.RunSpec }

// RunStatus implements [Run].
func (r *DocsRun) RunStatus() *RunStatus { return &r.Status }

// DocsRunList is a list of DocsRuns.
// +kubebuilder:object:root=true
type DocsRunList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []DocsRun `json:"items"`
}
