package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// reserved begins the names that belong to Runfleet: the start script trusts them, so no run may set one, not even one
// that is unset today.
const reserved = "RUNFLEET_"

const apiKeyVariable = "ANTHROPIC_API_KEY" //nolint:gosec // the name of a variable, no credentials

// Reserved says whether Runfleet sets a variable itself, in some run, so that nobody else may.
func Reserved(name string) bool {
	return strings.HasPrefix(name, reserved) || name == apiKeyVariable || slices.Contains(systemVariables(), name)
}

// systemVariables are the names of all that Runfleet sets in runs of both kinds that use everything.
var systemVariables = sync.OnceValue(func() []string {
	var names []string
	for _, run := range sampleRuns() {
		a, err := subjectOf(run, run.RunStatus().Attempt, sampleHub, SampleSettings())
		if err != nil { // a test renders the samples
			return nil
		}
		for _, v := range a.system() {
			names = append(names, v.Name)
		}
	}
	return names
})

// environment is what the container gets: Runfleet's own variables and the configuration's, then the run's. No name stands
// twice, and in a conflict ours win, then those from Secrets.
func (a subject) environment() []corev1.EnvVar {
	own := slices.Concat(a.system(), []corev1.EnvVar{a.telemetryResource()}, a.clock(), a.budget())
	if a.APIKey.Name != "" {
		own = append(own, fromSecret(apiKeyVariable, a.APIKey.Name, a.APIKey.Key))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Env)) { // none of them is Reserved
		if name != resourceAttributes { // which has it already
			own = append(own, literal(name, a.Env[name]))
		}
	}
	if a.code == nil {
		return own
	}
	taken := map[string]bool{}
	for _, v := range own {
		taken[v.Name] = true
	}
	free := func(v corev1.EnvVar) bool { return !taken[v.Name] && !strings.HasPrefix(v.Name, reserved) }

	var secret, plain []corev1.EnvVar
	for _, v := range a.code.EnvFromSecrets {
		if v := fromSecret(v.Name, v.SecretName, v.SecretKey); free(v) {
			secret = append(secret, v)
			taken[v.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.code.Env)) {
		if v := literal(name, string(a.code.Env[name])); free(v) {
			plain = append(plain, v)
		}
	}
	return slices.Concat(own, plain, secret)
}

// system are the variables that tell the run to whatever executes it: the original's names, then ours.
func (a subject) system() []corev1.EnvVar {
	vars := []corev1.EnvVar{
		literal("HOME", homeDirectory),
		literal("TASK_TYPE", a.taskType()),
		literal("MODEL", a.model()),
		literal("REPOSITORY_URL", a.repositoryURL()),
		literal("WORKING_DIRECTORY", a.workingDirectory()),
		literal("GITHUB_USER", a.githubUser()),
		literal("GITHUB_APP", a.githubApp()),
		literal("BRANCH", a.baseBranch()),
	}
	if a.docs != nil {
		vars = append(vars, literal("SOURCE_BRANCH", a.baseBranch()), literal("TARGET_BRANCH", Branch(a.run, a.Branches)))
	} else {
		vars = append(vars, a.codeOnly()...)
	}
	vars = append(vars, a.toolVariables()...)
	vars = append(vars, a.traceVariables()...)
	return append(vars,
		literal("RUNFLEET_RUN", home(a.run)),
		literal("RUNFLEET_ATTEMPT", strconv.Itoa(int(a.entry.Number))),
		literal("RUNFLEET_CLONE", cloneDirectory),
		literal("RUNFLEET_BRANCH", a.branch()),
		literal("RUNFLEET_LOGIN", a.login()),
		literal("RUNFLEET_SESSION", a.session()),
		literal("RUNFLEET_CONTINUE_SESSION", strconv.FormatBool(a.continues())),
		literal("RUNFLEET_OVERWRITE_MEMORY", strconv.FormatBool(a.run.RunSpec().OverwriteMemory)),
	)
}

func (a subject) codeOnly() []corev1.EnvVar {
	vars := []corev1.EnvVar{
		literal("TASK_ID", strconv.FormatInt(*a.code.TaskID, 10)),
		literal("SERVICE_NAME", a.code.Service),
		literal("DOCS_REPOSITORY_URL", a.docsRepositoryURL()),
		literal("DOCS_BRANCH", a.docsBranch()),
		literal("DOCS_PROJECT_DIRECTORY", string(a.code.DocsProjectDirectory)),
		literal("TOOL_CONFIG", string(a.code.ToolConfig)),
	}
	return vars
}

// toolVariables tell which tools the agent got, and what their client needs to find them.
func (a subject) toolVariables() []corev1.EnvVar {
	var vars []corev1.EnvVar
	remote, local := namedTools(a.run)
	if len(local) > 0 {
		vars = append(vars, literal("LOCAL_TOOLS", strings.Join(local, ",")))
	}
	if len(remote) > 0 {
		vars = append(vars, literal("REMOTE_TOOLS", strings.Join(remote, ",")))
	}
	vars = append(vars, literal("MCP_CLIENT_CONFIG", configDirectory+"/client-config.json"))
	if a.ToolServerURL != "" {
		vars = append(vars, literal("TOOLMAN_SERVER_URL", a.ToolServerURL))
	}
	return append(vars, literal("RUNFLEET_USE_MCP", strconv.FormatBool(a.usesServer() || len(a.tools().local) > 0)))
}

// literal is a variable whose value arrives as it is: the kubelet would replace $(NAME) by another variable, such as the
// API key, if the dollar did not stand twice.
func literal(name, value string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, Value: verbatim(value)}
}

func verbatim(value string) string { return strings.ReplaceAll(value, "$", "$$") }

func fromSecret(name, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret},
		Key:                  key,
	}}}
}
