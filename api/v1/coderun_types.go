package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// CodeRun implements one task in the workspace of a service and opens a pull request with it.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=coderuns,singular=coderun,shortName=cr,categories=runs
// +kubebuilder:metadata:annotations="helm.sh/resource-policy=keep"
// +kubebuilder:printcolumn:name="Task",type=integer,JSONPath=`.spec.taskId`
// +kubebuilder:printcolumn:name="Service",type=string,JSONPath=`.spec.service`
// +kubebuilder:printcolumn:name="Model",type=string,JSONPath=`.spec.model`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Cluster",type=string,JSONPath=`.status.cluster`
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.status.attempt`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.reason`,priority=1
// +kubebuilder:printcolumn:name="Pull Request",type=string,JSONPath=`.status.pullRequestUrl`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:selectablefield:JSONPath=`.status.phase`
// +kubebuilder:selectablefield:JSONPath=`.status.cluster`
// +kubebuilder:validation:XValidation:rule="(has(self.spec.placement) ? has(oldSelf.spec.placement) && self.spec.placement == oldSelf.spec.placement : !has(oldSelf.spec.placement)) || self.spec.contextVersion > oldSelf.spec.contextVersion || !has(self.status) || self.status.phase == 'Pending'",message="placement is immutable once a member was chosen: raise spec.contextVersion to change it",fieldPath=".spec.placement"
type CodeRun struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what a person asks for.
	// +required
	Spec CodeRunSpec `json:"spec"`

	// status is what the operator answers; nobody else writes it. Defaults to the phase Pending.
	// +kubebuilder:default={phase: Pending}
	// +optional
	Status RunStatus `json:"status,omitzero"`
}

// CodeRunSpec is what a person asks for.
// +kubebuilder:validation:XValidation:rule="self.taskId == oldSelf.taskId",message="taskId says what the run is for and never changes: create another run instead",fieldPath=".taskId"
// +kubebuilder:validation:XValidation:rule="self.service == oldSelf.service",message="service says what the run is for and never changes: create another run instead",fieldPath=".service"
// +kubebuilder:validation:XValidation:rule="self.repositoryUrl == oldSelf.repositoryUrl",message="repositoryUrl says what the run is for and never changes: create another run instead",fieldPath=".repositoryUrl"
// +kubebuilder:validation:XValidation:rule=`self.repositoryUrl.matches('^(https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|[A-Za-z0-9_][A-Za-z0-9._-]*@([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]]):/?[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)*/?|[A-Za-z0-9][A-Za-z0-9._-]*/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)$') && !self.repositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') && !self.repositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}')`,message=`write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters`,messageExpression=`self.repositoryUrl.matches('[?#]') ? 'must not have a query (?...) or a fragment (#...): write the address of the repository alone, and put credentials into the Secret of the GitHub user' : self.repositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}') || self.repositoryUrl.contains('@') && !self.repositoryUrl.matches('^[[:space:]]*(ssh://)?[A-Za-z0-9_][A-Za-z0-9._-]*@[^@]*$') ? 'must not contain a user name, password or token: put credentials into the Secret of the GitHub user and write https://host/path' : self.repositoryUrl.startsWith('-') ? 'must not begin with a hyphen, which git would read as an option: write an https or ssh URL' : self.repositoryUrl.contains('::') ? 'must not name a git transport helper such as ext::, which runs commands: write an https or ssh URL' : self.repositoryUrl.matches('(^|/)[.][.]?(/|$)') ? 'must not contain a path segment . or ..: write the own path of the repository' : self.repositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') ? 'is a page of a repository on GitHub, such as /tree/ or /blob/ or /pull/: write the address of the repository itself, https://github.com/org/repo, and the branch in its own field' : self.repositoryUrl.contains('://') ? 'only https:// and ssh:// URLs are fetched, with a host, an optional port and a path: write https://host/path or ssh://git@host/path, without spaces or control characters' : 'write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters'`,fieldPath=`.repositoryUrl`
// +kubebuilder:validation:XValidation:rule="(has(self.docsRepositoryUrl) ? has(oldSelf.docsRepositoryUrl) && self.docsRepositoryUrl == oldSelf.docsRepositoryUrl : !has(oldSelf.docsRepositoryUrl))",message="docsRepositoryUrl says what the run is for and never changes: create another run instead",fieldPath=".docsRepositoryUrl"
// +kubebuilder:validation:XValidation:rule=`!has(self.docsRepositoryUrl) || size(self.docsRepositoryUrl) == 0 || self.docsRepositoryUrl.matches('^(https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|[A-Za-z0-9_][A-Za-z0-9._-]*@([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]]):/?[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)*/?|[A-Za-z0-9][A-Za-z0-9._-]*/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)$') && !self.docsRepositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') && !self.docsRepositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}')`,message=`write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters`,messageExpression=`self.docsRepositoryUrl.matches('[?#]') ? 'must not have a query (?...) or a fragment (#...): write the address of the repository alone, and put credentials into the Secret of the GitHub user' : self.docsRepositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}') || self.docsRepositoryUrl.contains('@') && !self.docsRepositoryUrl.matches('^[[:space:]]*(ssh://)?[A-Za-z0-9_][A-Za-z0-9._-]*@[^@]*$') ? 'must not contain a user name, password or token: put credentials into the Secret of the GitHub user and write https://host/path' : self.docsRepositoryUrl.startsWith('-') ? 'must not begin with a hyphen, which git would read as an option: write an https or ssh URL' : self.docsRepositoryUrl.contains('::') ? 'must not name a git transport helper such as ext::, which runs commands: write an https or ssh URL' : self.docsRepositoryUrl.matches('(^|/)[.][.]?(/|$)') ? 'must not contain a path segment . or ..: write the own path of the repository' : self.docsRepositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') ? 'is a page of a repository on GitHub, such as /tree/ or /blob/ or /pull/: write the address of the repository itself, https://github.com/org/repo, and the branch in its own field' : self.docsRepositoryUrl.contains('://') ? 'only https:// and ssh:// URLs are fetched, with a host, an optional port and a path: write https://host/path or ssh://git@host/path, without spaces or control characters' : 'write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters'`,fieldPath=`.docsRepositoryUrl`
// +kubebuilder:validation:XValidation:rule="(has(self.platformRepositoryUrl) ? has(oldSelf.platformRepositoryUrl) && self.platformRepositoryUrl == oldSelf.platformRepositoryUrl : !has(oldSelf.platformRepositoryUrl))",message="platformRepositoryUrl says what the run is for and never changes: create another run instead",fieldPath=".platformRepositoryUrl"
// +kubebuilder:validation:XValidation:rule=`!has(self.platformRepositoryUrl) || size(self.platformRepositoryUrl) == 0 || self.platformRepositoryUrl.matches('^(https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]])(:[1-9][0-9]{0,4})?(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)+/?|[A-Za-z0-9_][A-Za-z0-9._-]*@([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[[][0-9A-Fa-f:.]+[]]):/?[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*(/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)*/?|[A-Za-z0-9][A-Za-z0-9._-]*/[.]?[A-Za-z0-9_~%+][A-Za-z0-9._~%+-]*)$') && !self.platformRepositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') && !self.platformRepositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}')`,message=`write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters`,messageExpression=`self.platformRepositoryUrl.matches('[?#]') ? 'must not have a query (?...) or a fragment (#...): write the address of the repository alone, and put credentials into the Secret of the GitHub user' : self.platformRepositoryUrl.matches('(?i)(gh[oprsu]_|github_pat_)[a-z0-9_]{16}') || self.platformRepositoryUrl.contains('@') && !self.platformRepositoryUrl.matches('^[[:space:]]*(ssh://)?[A-Za-z0-9_][A-Za-z0-9._-]*@[^@]*$') ? 'must not contain a user name, password or token: put credentials into the Secret of the GitHub user and write https://host/path' : self.platformRepositoryUrl.startsWith('-') ? 'must not begin with a hyphen, which git would read as an option: write an https or ssh URL' : self.platformRepositoryUrl.contains('::') ? 'must not name a git transport helper such as ext::, which runs commands: write an https or ssh URL' : self.platformRepositoryUrl.matches('(^|/)[.][.]?(/|$)') ? 'must not contain a path segment . or ..: write the own path of the repository' : self.platformRepositoryUrl.matches('^https://(?i:www[.])?(?i:github[.]com)(:[0-9]+)?/[^/]+/[^/]+/[^/]') ? 'is a page of a repository on GitHub, such as /tree/ or /blob/ or /pull/: write the address of the repository itself, https://github.com/org/repo, and the branch in its own field' : self.platformRepositoryUrl.contains('://') ? 'only https:// and ssh:// URLs are fetched, with a host, an optional port and a path: write https://host/path or ssh://git@host/path, without spaces or control characters' : 'write https://host/path, ssh://git@host/path, git@host:org/repo.git or org/repo, without spaces or control characters'`,fieldPath=`.platformRepositoryUrl`
// +kubebuilder:validation:XValidation:rule="(has(self.githubUser) ? has(oldSelf.githubUser) && self.githubUser == oldSelf.githubUser : !has(oldSelf.githubUser))",message="githubUser says whose credentials are used and never changes: create another run instead",fieldPath=".githubUser"
// +kubebuilder:validation:XValidation:rule="!has(self.githubUser) || !self.githubUser.matches('^[\\\\x00-\\\\x20]*(?i:gh[oprsu]_|github_pat_)')",message="must be the name of a GitHub user, not a token: put the token into the Secret of that user and write its name, such as octo-cat",fieldPath=".githubUser"
// +kubebuilder:validation:XValidation:rule="(has(self.githubApp) ? has(oldSelf.githubApp) && self.githubApp == oldSelf.githubApp : !has(oldSelf.githubApp))",message="githubApp says whose credentials are used and never changes: create another run instead",fieldPath=".githubApp"
// +kubebuilder:validation:XValidation:rule="!has(self.githubApp) || !self.githubApp.matches('^[\\\\x00-\\\\x20]*(?i:gh[oprsu]_|github_pat_)')",message="must be the name of a GitHub App, not a token: put the token into the Secret of that App and write its name, such as octo-app",fieldPath=".githubApp"
// +kubebuilder:validation:XValidation:rule="(has(self.docsProjectDirectory) ? has(oldSelf.docsProjectDirectory) && self.docsProjectDirectory == oldSelf.docsProjectDirectory : !has(oldSelf.docsProjectDirectory)) || self.contextVersion > oldSelf.contextVersion",message="docsProjectDirectory is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".docsProjectDirectory"
// +kubebuilder:validation:XValidation:rule="self.docsBranch == oldSelf.docsBranch || self.contextVersion > oldSelf.contextVersion",message="docsBranch is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".docsBranch"
// +kubebuilder:validation:XValidation:rule="(has(self.platformBranch) ? has(oldSelf.platformBranch) && self.platformBranch == oldSelf.platformBranch : !has(oldSelf.platformBranch)) || self.contextVersion > oldSelf.contextVersion",message="platformBranch is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".platformBranch"
// +kubebuilder:validation:XValidation:rule="(has(self.branch) ? has(oldSelf.branch) && self.branch == oldSelf.branch : !has(oldSelf.branch)) || self.contextVersion > oldSelf.contextVersion",message="branch is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".branch"
// +kubebuilder:validation:XValidation:rule="(has(self.workingDirectory) ? has(oldSelf.workingDirectory) && self.workingDirectory == oldSelf.workingDirectory : !has(oldSelf.workingDirectory)) || self.contextVersion > oldSelf.contextVersion",message="workingDirectory is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".workingDirectory"
// +kubebuilder:validation:XValidation:rule="self.model == oldSelf.model || self.contextVersion > oldSelf.contextVersion",message="model is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".model"
// +kubebuilder:validation:XValidation:rule="(has(self.localTools) ? has(oldSelf.localTools) && self.localTools == oldSelf.localTools : !has(oldSelf.localTools)) || self.contextVersion > oldSelf.contextVersion",message="localTools is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".localTools"
// +kubebuilder:validation:XValidation:rule="(has(self.remoteTools) ? has(oldSelf.remoteTools) && self.remoteTools == oldSelf.remoteTools : !has(oldSelf.remoteTools)) || self.contextVersion > oldSelf.contextVersion",message="remoteTools is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".remoteTools"
// +kubebuilder:validation:XValidation:rule="(has(self.tools) ? has(oldSelf.tools) && self.tools == oldSelf.tools : !has(oldSelf.tools)) || self.contextVersion > oldSelf.contextVersion",message="tools is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".tools"
// +kubebuilder:validation:XValidation:rule="self.toolConfig == oldSelf.toolConfig || self.contextVersion > oldSelf.contextVersion",message="toolConfig is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".toolConfig"
// +kubebuilder:validation:XValidation:rule="self.resumeSession == oldSelf.resumeSession || self.contextVersion > oldSelf.contextVersion",message="resumeSession is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".resumeSession"
// +kubebuilder:validation:XValidation:rule="(has(self.env) ? has(oldSelf.env) && self.env == oldSelf.env : !has(oldSelf.env)) || self.contextVersion > oldSelf.contextVersion",message="env is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".env"
// +kubebuilder:validation:XValidation:rule="(has(self.envFromSecrets) ? has(oldSelf.envFromSecrets) && self.envFromSecrets == oldSelf.envFromSecrets : !has(oldSelf.envFromSecrets)) || self.contextVersion > oldSelf.contextVersion",message="envFromSecrets is immutable within a context version: raise spec.contextVersion to change it",fieldPath=".envFromSecrets"
// +kubebuilder:validation:XValidation:rule="has(self.githubUser) || has(self.githubApp)",message="githubUser or githubApp is needed to choose the credentials: write one of them",fieldPath=".githubUser",reason=FieldValueRequired
type CodeRunSpec struct {
	RunSpec `json:",inline"`

	// taskId is the number of the task in Task Master. 0 means a run without task files, steered by promptModification alone.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=4294967295
	// +required
	TaskID *int64 `json:"taskId"`

	// service is the service to work on. Its workspace is the volume workspace-{service}, and runs of one service take turns.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be lower-case letters, digits and '-', beginning and ending with a letter or digit, such as auth-api"
	// +kubebuilder:validation:XValidation:rule="self.size() <= 53",message="must be at most 53 characters, so that the name of its volume, workspace-{service}, fits in a label: write a shorter name"
	// +required
	Service string `json:"service"`

	// repositoryUrl is the repository to change.
	// +required
	RepositoryURL RepositoryURL `json:"repositoryUrl"`

	// docsRepositoryUrl is the repository with the task's documents. It wins over platformRepositoryUrl.
	// Defaults to repositoryUrl.
	// +optional
	DocsRepositoryURL RepositoryURL `json:"docsRepositoryUrl,omitempty"`

	// platformRepositoryUrl is the older name of docsRepositoryUrl, and is used where that is unset.
	// +optional
	PlatformRepositoryURL RepositoryURL `json:"platformRepositoryUrl,omitempty"`

	// docsProjectDirectory is the directory with .taskmaster in the documents' repository, such as _projects/simple-api.
	// Defaults to its root.
	// +optional
	DocsProjectDirectory RelativePath `json:"docsProjectDirectory,omitempty"`

	// docsBranch is the branch of the documents' repository. Defaults to main.
	// +kubebuilder:default=main
	// +optional
	DocsBranch BranchName `json:"docsBranch,omitempty"`

	// platformBranch is the older name of docsBranch, and is used where docsBranch is main, its default. When unset
	// docsBranch says.
	// +optional
	PlatformBranch BranchName `json:"platformBranch,omitempty"`

	// branch is the branch to start from and to open the pull request against; the agent works on a branch of its own.
	// When unset the repository's default branch is used.
	// +optional
	Branch BranchName `json:"branch,omitempty"`

	// workingDirectory is where the agent works, from the root of the repository. "." is the root.
	// When unset or empty it is the service's name.
	// +optional
	WorkingDirectory RelativePath `json:"workingDirectory,omitempty"`

	// model is the model the agent uses.
	// +required
	Model ModelName `json:"model"`

	// githubUser selects the Secrets with the credentials and signs the commits. One of githubUser and githubApp is needed.
	// +optional
	GitHubUser GitHubName `json:"githubUser,omitempty"`

	// githubApp selects the Secret of a GitHub App, whose short-lived token is used. It wins over githubUser.
	// When unset githubUser is used.
	// +optional
	GitHubApp GitHubName `json:"githubApp,omitempty"`

	// localTools are the tools that run beside the agent, separated by commas. They win over tools.local and the preset.
	// When unset those decide.
	// +optional
	LocalTools ToolNames `json:"localTools,omitempty"`

	// remoteTools are the tools the agent reaches over the network, separated by commas. They win over tools.remote and the
	// preset. When unset those decide.
	// +optional
	RemoteTools ToolNames `json:"remoteTools,omitempty"`

	// tools is the form of localTools and remoteTools in one generation of the original. They win over it, each for itself.
	// When unset they and the preset decide.
	// +optional
	Tools *CodeRunTools `json:"tools,omitempty"`

	// toolConfig is the preset of tools: minimal, default or advanced. Defaults to default.
	// +kubebuilder:default=default
	// +optional
	ToolConfig ToolConfig `json:"toolConfig,omitempty"`

	// resumeSession is the older name of continueSession. The session is continued if either is true. Defaults to false.
	// +kubebuilder:default=false
	// +optional
	ResumeSession bool `json:"resumeSession,omitempty"`

	// env are environment variables of the agent. Those that Runfleet sets itself win. When unset there are none.
	// Everybody who may read the run reads them: a token, key or password belongs into a Secret, named in envFromSecrets.
	// +kubebuilder:validation:MaxProperties=128
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, !k.matches('^[A-Za-z_][A-Za-z0-9_]*$'))",message="the name of an environment variable must be letters, digits and '_' and must not begin with a digit, such as LOG_LEVEL: rename it",messageExpression=`"the name of an environment variable must be letters, digits and '_' and must not begin with a digit, such as LOG_LEVEL: rename %s".format([self.filter(k, !k.matches('^[A-Za-z_][A-Za-z0-9_]*$'))])`
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, self[k].startsWith('ghp_') || self[k].startsWith('gho_') || self[k].startsWith('ghs_') || self[k].startsWith('ghu_') || self[k].startsWith('ghr_') || self[k].startsWith('github_pat_') || self[k].startsWith('sk-ant-') || self[k].matches('^sk-[\\\\w-]{16}'))",message="a value looks like a token or key of GitHub, Anthropic or OpenAI: put it into a Secret and use envFromSecrets",messageExpression=`"the value of %s looks like a token or key of GitHub, Anthropic or OpenAI: put it into a Secret and use envFromSecrets".format([self.filter(k, self[k].startsWith('ghp_') || self[k].startsWith('gho_') || self[k].startsWith('ghs_') || self[k].startsWith('ghu_') || self[k].startsWith('ghr_') || self[k].startsWith('github_pat_') || self[k].startsWith('sk-ant-') || self[k].matches('^sk-[\\w-]{16}'))])`
	// +kubebuilder:validation:XValidation:rule="!self.exists(k, self[k].contains('\\x00'))",message="a value must not contain a NUL character: remove it",messageExpression=`"the value of %s must not contain a NUL character: remove it".format([self.filter(k, self[k].contains('\x00'))])`
	// +optional
	Env map[string]EnvValue `json:"env,omitempty"`

	// envFromSecrets are environment variables of the agent with values from Secrets on the member, in the run's namespace.
	// They win over env. When unset there are none.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	// +optional
	EnvFromSecrets []SecretEnvVar `json:"envFromSecrets,omitempty"`
}

// RunSpec implements [Run].
func (r *CodeRun) RunSpec() *RunSpec { return &r.Spec.RunSpec }

// RunStatus implements [Run].
func (r *CodeRun) RunStatus() *RunStatus { return &r.Status }

// CodeRunList is a list of CodeRuns.
// +kubebuilder:object:root=true
type CodeRunList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []CodeRun `json:"items"`
}
