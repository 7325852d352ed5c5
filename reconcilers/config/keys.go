package config

import (
	"regexp"
	"slices"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// draft is a configuration while it is read: with the parts that are put together at the end.
type draft struct {
	Config

	repository, tag string
	command, args   []string
	refused         map[string]bool // paths whose values were mistakes: they are not missing as well
}

func defaults() draft {
	d := draft{
		command: []string{"claude"},
		args:    []string{"-p", "--output-format", "stream-json", "--verbose"},
		refused: map[string]bool{},
	}
	d.Lifecycle = lifecycle.DefaultSettings()
	d.Deadlines = Deadlines{
		Docs: 4 * time.Hour, Code: defaultCode,
		Min: time.Minute, Max: 24 * time.Hour,
		Provisioning: 10 * time.Minute,
	}
	d.Cleanup = Cleanup{Enabled: true, Completed: 24 * time.Hour, Failed: 72 * time.Hour}
	d.Render = render.Settings{
		ImagePullPolicy: corev1.PullIfNotPresent,
		Branches:        render.Branches{Docs: render.DefaultDocsBranch, Code: render.DefaultCodeBranch},
		APIKey:          render.SecretKey{Name: "anthropic-api-key", Key: "api-key"},
		Workspace:       render.Workspace{Size: resource.MustParse("10Gi")},
		Scratch: render.Scratch{
			Workspace: resource.MustParse("10Gi"), Home: resource.MustParse("5Gi"), Tmp: resource.MustParse("5Gi"),
		},
		Resources: corev1.ResourceRequirements{
			Requests: quantities("100m", "256Mi"),
			Limits:   quantities("2", "4Gi"),
		},
	}
	return d
}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// defaultCode is the least that the original's job.activeDeadlineSeconds gives a CodeRun, too (behaviour 18).
const defaultCode = 2 * time.Hour

// key is one key of config.yaml: data, so that reading, defaults, suggestions and docs/configuration.md cannot differ.
type key struct {
	path    string // agent.image.tag
	meaning string
	setting
}

// What the texts must look like.
var (
	imageName = pattern{regexp.MustCompile(`^[a-z0-9]([a-zA-Z0-9._:/-]*[a-zA-Z0-9])?$`),
		"an image without its tag, such as registry.example.com/agent"}
	imageTag = pattern{regexp.MustCompile(`^(sha256:[a-f0-9]{64}|[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$`),
		`a tag such as "1.0.0", or a digest sha256:...`}
	objectName = pattern{regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`),
		"the name of an object: lower-case letters, digits, '-' and '.'"}
	labelKey = pattern{regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`),
		"the key of a label or taint, such as pool or example.com/pool"}
	secretKey = pattern{regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`),
		"a key of a Secret: letters, digits, '-', '_' and '.'"}
	secretGlob = pattern{regexp.MustCompile(`^[a-z0-9*]([-a-z0-9.*]{0,251}[a-z0-9*])?$`),
		"the name of a Secret, in which * stands for any characters, such as team-*"}
	modelName = pattern{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}(\[[A-Za-z0-9]+\])?$`),
		"the name of a model, such as sonnet"}
	address = pattern{regexp.MustCompile(`^https?://[^\s/@]+(/\S*)?$`),
		"an address such as http://collector.telemetry:4317, without credentials"}
	word = pattern{regexp.MustCompile(`^[^\x00]+$`), "text"}
)

const day = 24 * 60 * 60

// keys are all that config.yaml may say, in the order of the documentation. Of two keys that mean the same the later wins.
var keys = slices.Concat([]key{
	{"agent.image.repository", "The agent's image, without its tag. It must hold `sh`, coreutils, `git`, `jq`, `curl` and the agent's program; `ssh` for SSH addresses, `openssl` for a GitHub App.", text(imageName, func(d *draft) *string { return &d.repository })},
	{"agent.image.tag", "Its tag or digest. In quotes, if it looks like a number.", text(imageTag, func(d *draft) *string { return &d.tag })},
	{"agent.image.pullPolicy", "When a member's node pulls it: Always, IfNotPresent or Never.", oneOf(func(d *draft) *corev1.PullPolicy { return &d.Render.ImagePullPolicy }, corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)},
	{"agent.imagePullSecrets", "Secrets to pull it with, on the member in the run's namespace.", list(objectName, func(d *draft) *[]string { return &d.Render.ImagePullSecrets })},
	{"agent.command", "The agent's program.", list(word, func(d *draft) *[]string { return &d.command })},
	{"agent.args", "Its arguments. The prompt comes on its standard input.", list(word, func(d *draft) *[]string { return &d.args })},
	{"agent.env", "Variables of every agent, such as `GITHUB_API_URL`, `ANTHROPIC_BASE_URL` or `HTTPS_PROXY`. A run cannot change them. Everybody who may read Jobs on the members reads them.", variables(func(d *draft) *map[string]string { return &d.Render.Env })},
	{"agent.model", "The model of runs that name none. Without it the agent chooses.", text(modelName, func(d *draft) *string { return &d.Render.Model })},
	{"agent.resources.requests", "What a pod reserves on its node.", resources(func(d *draft) *corev1.ResourceList { return &d.Render.Resources.Requests })},
	{"agent.resources.limits", "What a pod may use at most.", resources(func(d *draft) *corev1.ResourceList { return &d.Render.Resources.Limits })},
	{"agent.serviceAccountName", "The pod's service account, whose token it does not get. Without it the namespace's default.", text(objectName, func(d *draft) *string { return &d.Render.ServiceAccount })},
	{"agent.priorityClassName", "The pod's priority class. Without it the member's default.", text(objectName, func(d *draft) *string { return &d.Render.PriorityClass })},
	{"agent.runtimeClassName", "The pod's runtime class, such as one with a sandbox of its own. Without it the member's default.", text(objectName, func(d *draft) *string { return &d.Render.RuntimeClass })},
	{"agent.nodeSelector", "Labels that a pod's node must have.", labels(func(d *draft) *map[string]string { return &d.Render.NodeSelector })},
	{"agent.tolerations", "Taints of nodes that a pod tolerates, as Kubernetes writes them.", tolerations(func(d *draft) *[]corev1.Toleration { return &d.Render.Tolerations })},

	{"overrides.maxResources", "How much a run may ask for in `spec.pod.resources`, by resource. Without it no more than `agent.resources.limits`.", resources(func(d *draft) *corev1.ResourceList { return &d.Render.Overrides.MaxResources })},
	{"overrides.priorityClassNames", "Priority classes that a run may choose in `spec.pod`. Without it none.", list(objectName, func(d *draft) *[]string { return &d.Render.Overrides.PriorityClasses })},
	{"overrides.runtimeClassNames", "Runtime classes that it may choose.", list(objectName, func(d *draft) *[]string { return &d.Render.Overrides.RuntimeClasses })},
	{"overrides.serviceAccountNames", "Service accounts that it may choose.", list(objectName, func(d *draft) *[]string { return &d.Render.Overrides.ServiceAccounts })},
	{"overrides.imagePullSecrets", "Secrets that it may pull the image with, beside `agent.imagePullSecrets`.", list(objectName, func(d *draft) *[]string { return &d.Render.Overrides.ImagePullSecrets })},
	{"overrides.nodeSelectorKeys", "Labels of nodes that it may select by, also in place of the value of `agent.nodeSelector`.", list(labelKey, func(d *draft) *[]string { return &d.Render.Overrides.NodeSelectorKeys })},
	{"overrides.tolerationKeys", "Taints of nodes that it may tolerate, by their keys, beside `agent.tolerations`.", list(labelKey, func(d *draft) *[]string { return &d.Render.Overrides.TolerationKeys })},

	{"git.codeBranch", "The branch that a CodeRun pushes to. It must hold `{taskId}` or `{uid}`, the beginning of the run's UID; `{service}`, `{name}` and `{namespace}` are filled in, too. A run that has begun keeps its branch.", branchPattern(render.CheckCodeBranch, func(d *draft) *string { return &d.Render.Branches.Code })},
	{"git.docsBranch", "The branch of a DocsRun that names none in `targetBranch`. It must hold `{uid}`; `{name}` and `{namespace}` are filled in, too.", branchPattern(render.CheckDocsBranch, func(d *draft) *string { return &d.Render.Branches.Docs })},

	{"secrets.apiKeySecretName", "The Secret with the API key of the model, on the member in the run's namespace.", text(objectName, func(d *draft) *string { return &d.Render.APIKey.Name })},
	{"secrets.apiKeySecretKey", "Its key.", text(secretKey, func(d *draft) *string { return &d.Render.APIKey.Key })},
	{"secrets.envAllowed", "Secrets that runs may name in `envFromSecrets`, on the member in the run's namespace; `*` stands for any characters. Each must be labelled `orchestrator.platform/agents: allowed` too. Without it there are none.", list(secretGlob, func(d *draft) *[]string { return &d.Render.EnvAllowed })},

	{"permissions.agentToolsOverride", "Whether `allow` and `deny` take the place of the built-in rules, which allow every usual tool. A run's `agentTools` can then take from them and add nothing.", boolean(func(d *draft) *bool { return &d.Render.Permissions.Override })},
	{"permissions.allow", "What the agent may do without asking, such as `Bash(git:*)`, if `agentToolsOverride` is true.", list(word, func(d *draft) *[]string { return &d.Render.Permissions.Allow })},
	{"permissions.deny", "What it may not do, if `agentToolsOverride` is true.", list(word, func(d *draft) *[]string { return &d.Render.Permissions.Deny })},

	{"tools.serverUrl", "The server of the agents' remote tools, as its client (`toolman-client`) in the image reaches it from the members. Without it there are no remote tools.", text(address, func(d *draft) *string { return &d.Render.ToolServerURL })},
}, telemetryKeys, []key{
	{membersOfTelemetry, "Instead of the seven above, by the name of a member. What a member does not say is as above.", memberTelemetry()},

	{"storage.storageClassName", "The storage class of the workspaces. Without it the member's default.", storageClass()},
	{"storage.workspaceSize", "The size of a service's workspace. It is not changed on volumes that exist.", quantity(func(d *draft) *resource.Quantity { return &d.Render.Workspace.Size })},
	{"storage.docsWorkspaceSize", "How much a DocsRun may write into its workspace, which ends with its pod.", size(func(d *draft) *resource.Quantity { return &d.Render.Scratch.Workspace })},
	{"storage.homeSize", "How much a pod may write into its home directory.", size(func(d *draft) *resource.Quantity { return &d.Render.Scratch.Home })},
	{"storage.tmpSize", "How much a pod may write into `/tmp`.", size(func(d *draft) *resource.Quantity { return &d.Render.Scratch.Tmp })},

	{"job.activeDeadlineSeconds", "The original's deadline of both kinds; a CodeRun gets at least 7200. `deadlines` wins.", originalDeadline()},
	{"deadlines.docsSeconds", "The deadline of an attempt of a DocsRun that does not say.", seconds(1, 7*day, func(d *draft) *time.Duration { return &d.Deadlines.Docs })},
	{"deadlines.codeSeconds", "The deadline of an attempt of a CodeRun that does not say.", seconds(1, 7*day, func(d *draft) *time.Duration { return &d.Deadlines.Code })},
	{"deadlines.minSeconds", "The shortest deadline that a run may ask for; a shorter one is raised to it.", seconds(1, 7*day, func(d *draft) *time.Duration { return &d.Deadlines.Min })},
	{"deadlines.maxSeconds", "The longest; a longer one is lowered to it.", seconds(1, 7*day, func(d *draft) *time.Duration { return &d.Deadlines.Max })},
	{"deadlines.provisioningSeconds", "From the choice of a member to the agent's start, for runs that do not say.", seconds(1, day, func(d *draft) *time.Duration { return &d.Deadlines.Provisioning })},

	{"retries.infraAllowance", "How many attempts the infrastructure may lose per context version without a charge to the run's own retries.", whole(0, 100, func(d *draft) *int32 { return &d.Lifecycle.InfraAllowance })},
	{"retries.keptAttempts", "How many attempts a run's status remembers.", whole(1, 50, func(d *draft) *int { return &d.Lifecycle.MaxAttempts })},

	{"cleanup.enabled", "Whether objects of finished runs are removed from their members.", boolean(func(d *draft) *bool { return &d.Cleanup.Enabled })},
	{"cleanup.completedJobDelayMinutes", "How long they stay after a run succeeded or was cancelled, where the run does not say.", minutes(0, 365*24*60, func(d *draft) *time.Duration { return &d.Cleanup.Completed })},
	{"cleanup.failedJobDelayMinutes", "How long they stay after it failed.", minutes(0, 365*24*60, func(d *draft) *time.Duration { return &d.Cleanup.Failed })},

	{"timing.settleSeconds", "Between two live looks that prove that a Job is gone. More than a member's Job controller takes from reading to creating.", seconds(1, 3600, func(d *draft) *time.Duration { return &d.Lifecycle.Settle })},
	{"timing.slackSeconds", "After a member's own deadline, before the hub acts.", seconds(1, 3600, func(d *draft) *time.Duration { return &d.Lifecycle.Slack })},
	{"timing.graceSeconds", "What an agent gets to end by itself: the pod's terminationGracePeriodSeconds.", seconds(1, 3600, func(d *draft) *time.Duration { return &d.Lifecycle.Grace })},
	{"timing.escalateAfterSeconds", "After the grace period: how long an agent that was told to end may still be there.", seconds(1, 3600, func(d *draft) *time.Duration { return &d.Lifecycle.EscalateAfter })},
	{"timing.maxSkewSeconds", "By how much clocks of hub and members may differ. Used where a start was never seen.", seconds(0, day, func(d *draft) *time.Duration { return &d.Lifecycle.MaxSkew })},
	{"timing.clusterLostGraceSeconds", "How long a member may be silent before it is called lost.", seconds(1, day, func(d *draft) *time.Duration { return &d.Lifecycle.ClusterLostGrace })},
	{"timing.backoffBaseSeconds", "The wait before a first retry; it doubles with each further one.", seconds(1, day, func(d *draft) *time.Duration { return &d.Lifecycle.BackoffBase })},
	{"timing.backoffMaxSeconds", "The longest wait before a retry.", seconds(1, day, func(d *draft) *time.Duration { return &d.Lifecycle.BackoffMax })},
	{"timing.resyncSeconds", "How often an active run is looked at though nothing happens.", seconds(1, day, func(d *draft) *time.Duration { return &d.Lifecycle.Resync })},
})

// telemetryKeys are the agents' own telemetry, for all members and, below membersOfTelemetry, for one.
var telemetryKeys = []key{
	{"telemetry.enabled", "Whether agents send their own metrics, logs and spans.", boolean(func(d *draft) *bool { return &d.Render.Telemetry.Enabled })},
	{"telemetry.otlpEndpoint", "Where to send metrics: the URL of a collector, as the members reach it. By HTTP, without a path, the path is the standard's, such as `/v1/metrics`.", text(address, func(d *draft) *string { return &d.Render.Telemetry.OTLPEndpoint })},
	{"telemetry.otlpProtocol", "How: grpc, http/protobuf, http/json, or http, which is http/protobuf.", protocol(func(d *draft) *string { return &d.Render.Telemetry.OTLPProtocol })},
	{"telemetry.logsEndpoint", "Where to send logs, as `otlpEndpoint`.", text(address, func(d *draft) *string { return &d.Render.Telemetry.LogsEndpoint })},
	{"telemetry.logsProtocol", "How, as `otlpProtocol`.", protocol(func(d *draft) *string { return &d.Render.Telemetry.LogsProtocol })},
	{"telemetry.tracesEndpoint", "Where to send spans, which are children of the attempt's ([telemetry.md](telemetry.md)), as `otlpEndpoint`. Without it there are none.", text(address, func(d *draft) *string { return &d.Render.Telemetry.TracesEndpoint })},
	{"telemetry.tracesProtocol", "How, as `otlpProtocol`.", protocol(func(d *draft) *string { return &d.Render.Telemetry.TracesProtocol })},
}

const (
	telemetrySection   = "telemetry"
	membersOfTelemetry = telemetrySection + ".members"
)
