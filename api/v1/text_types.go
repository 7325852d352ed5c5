package v1

// The kinds of text that specs are made of. Every value ends in a file name, a command line or a URL somewhere, so each
// kind says what it accepts, and its messages say what to write instead.

// RepositoryURL names a git repository: https://host/path, ssh://git@host/path, git's scp-like git@host:org/repo.git, or
// "org/repo" on GitHub. Credentials never stand in it: they come from the Secret of the GitHub user or App.
//
// What it accepts is one pattern, and stands on the specs, once for each field of this type: the API server repeats the
// value that breaks a rule of a string, and a password must not come back in an error. The message names the mistake.
// +kubebuilder:validation:MaxLength=512
type RepositoryURL string

// BranchName names a branch by the rules of git check-ref-format.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=244
// +kubebuilder:validation:XValidation:rule="self.matches('^[^\\\\x00-\\\\x20\\\\x7f~^:?*\\\\[\\\\\\\\]*$')",message="a branch must not contain a space, a control character or any of ~ ^ : ? * [ \\: write a name such as feature/login"
// +kubebuilder:validation:XValidation:rule="!self.matches('[.][.]|@[{]|//') && self != '@'",message="a branch must not contain '..', '@{' or '//' and must not be '@': write a name such as feature/login"
// +kubebuilder:validation:XValidation:rule="!self.matches('^[-/]|[/.]$')",message="a branch must not begin with '-' or '/' and must not end with '/' or '.': write a name such as feature/login"
// +kubebuilder:validation:XValidation:rule="!self.matches('(^|/)[.]|[.]lock(/|$)')",message="no part of a branch between slashes may begin with '.' or end with '.lock': write a name such as feature/login"
type BranchName string

// RelativePath names a directory below the root of a repository; "" and "." are the root itself.
// +kubebuilder:validation:MaxLength=512
// +kubebuilder:validation:XValidation:rule="!self.startsWith('/')",message="must be relative to the root of the repository: write it without the leading '/'"
// +kubebuilder:validation:XValidation:rule="!self.matches('(^|/)[.][.](/|$)')",message="must not contain the segment '..': write the path from the root of the repository"
// +kubebuilder:validation:XValidation:rule="!self.startsWith('-')",message="must not begin with '-', which programs would read as an option: write ./ in front of it"
// +kubebuilder:validation:XValidation:rule="!self.matches('[\\\\x00-\\\\x1f\\\\x7f]') && !self.contains('\\\\')",message="must not contain a control character or '\\': separate directories by '/'"
type RelativePath string

// GitHubName is the name of a GitHub user, bot or App. It selects the Secrets with its credentials and signs the commits.
// Letters, digits and single hyphens; an underscore and the enterprise's short code may follow, and "[bot]".
// A token is refused by the specs, which do not repeat it; the length is bounded so that they see it.
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:XValidation:rule="self.matches('^[\\\\x00-\\\\x20]*(?i:gh[oprsu]_|github_pat_)') || self.matches('^[A-Za-z0-9]+(-[A-Za-z0-9]+)*(_[A-Za-z0-9]+)?([[]bot[]])?$') && self.size() <= (self.endsWith('[bot]') ? 44 : 39)",message="must be a GitHub name: at most 39 letters, digits and single hyphens, such as octo-cat (octo_corp and octo[bot] are accepted)"
type GitHubName string

// ModelName names a model as the agent's program understands it, such as "sonnet" or "claude-sonnet-4-20250514".
// It is no enum, since models come and go.
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9][A-Za-z0-9._:/@+-]*([[][A-Za-z0-9]+[]])?$')",message="must be a model's name of letters, digits and . _ : / @ + -, such as sonnet or claude-sonnet-4-20250514"
type ModelName string

// Prompt is text for the agent: at most 64 KiB in UTF-8, without NUL. The rules stand on the spec, because the API server
// would repeat all of it in the error.
// +kubebuilder:validation:MaxLength=65536
type Prompt string

// ToolName names one tool that the agent may use.
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_][A-Za-z0-9_.:/*-]*$')",message="must be a tool's name of letters, digits and _ . : / * -, such as brave_web_search"
type ToolName string

// ToolNames is a list of tools in one string, separated by commas. Spaces around the commas are ignored.
// +kubebuilder:validation:MaxLength=4096
// +kubebuilder:validation:XValidation:rule="self.matches('^ *([A-Za-z0-9_][A-Za-z0-9_.:/*-]*( *, *[A-Za-z0-9_][A-Za-z0-9_.:/*-]*)*)? *,? *$')",message="must be names of tools separated by commas, such as brave_web_search,filesystem"
type ToolNames string
