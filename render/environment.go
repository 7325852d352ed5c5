package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
)

// reserved begins the names that belong to Runfleet: the start script trusts them, so no run may set one, not even one
// that is unset today.
const reserved = "RUNFLEET_"

// environment is what the container gets: Runfleet's own variables, then the run's. No name stands twice, and in a
// conflict ours win, then those from Secrets.
func (a subject) environment() []corev1.EnvVar {
	own := slices.Concat(a.system(), a.clock())
	if a.APIKey.Name != "" {
		own = append(own, fromSecret("ANTHROPIC_API_KEY", a.APIKey.Name, a.APIKey.Key))
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
		literal("BRANCH", a.baseBranch()),
	}
	if a.docs != nil {
		vars = append(vars, literal("SOURCE_BRANCH", a.baseBranch()), literal("TARGET_BRANCH", Branch(a.run)))
	} else {
		vars = append(vars, a.codeOnly()...)
	}
	return append(vars,
		literal("RUNFLEET_RUN", home(a.run)),
		literal("RUNFLEET_ATTEMPT", strconv.Itoa(int(a.entry.Number))),
		literal("RUNFLEET_OUTCOME", outcomeFile),
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
	local, remote := a.tools()
	if local != "" {
		vars = append(vars, literal("LOCAL_TOOLS", local))
	}
	if remote != "" {
		vars = append(vars, literal("REMOTE_TOOLS", remote))
	}
	return vars
}

// tools are the run's own lists of tools, separated by commas; the older form counts where the newer one is empty.
func (a subject) tools() (local, remote string) {
	local, remote = string(a.code.LocalTools), string(a.code.RemoteTools)
	join := func(names []v1.ToolName) string {
		var s []string
		for _, n := range names {
			s = append(s, string(n))
		}
		return strings.Join(s, ",")
	}
	if t := a.code.Tools; t != nil {
		if local == "" {
			local = join(t.Local)
		}
		if remote == "" {
			remote = join(t.Remote)
		}
	}
	return local, remote
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
