package migrate

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// shared are the fields of both kinds that stay as they are. promptModification and promptMode are [draft.prompt]'s,
// agentTools is [draft.tools]'.
var shared = []string{
	"contextVersion", "continueSession", "overwriteMemory", "deadlineSeconds", "totalDeadlineSeconds", "provisioningDeadlineSeconds",
	"retry", "retentionSeconds", "ttlSecondsAfterFinished", "suspend", "cancel", "placement", "pod", "stallSeconds", "limits",
}

// homeless are the fields of the original's last generation that mean nothing here.
var homeless = map[string]string{
	"enableDocker":                  "an agent gets no Docker daemon: build images elsewhere",
	"taskRequirements":              "decode it: its environment belongs into env, its secrets into envFromSecrets",
	"serviceAccountName":            "write pod.serviceAccountName, or agent.serviceAccountName of the configuration",
	"cliConfig.cliType":             "the operator's configuration says which program the agent is",
	"cliConfig.provider":            "there is one provider: secrets.apiKeySecretName of the configuration",
	"cliConfig.providerBaseUrl":     "there is one provider: write it into env if the agent's program reads a variable",
	"cliConfig.apiKeyEnvVar":        "write the variable into envFromSecrets",
	"cliConfig.settings":            "write permissions of the configuration, or agentTools of the run",
	"cliConfig.maxTokens":           "write it into env if the agent's program reads a variable",
	"cliConfig.temperature":         "it is the agent's program's",
	"cliConfig.modelRotation":       "raise contextVersion with another model",
	"linearIntegration.enabled":     noLinear,
	"linearIntegration.sessionId":   noLinear,
	"linearIntegration.issueId":     noLinear,
	"linearIntegration.teamId":      noLinear,
	"linearIntegration.accessToken": noLinear + ". It is not repeated: revoke it, it stands in a manifest",
	"freshWorkspace":                "a workspace is the service's: delete the volume workspace-{service} on the member to begin anew",
	"subtasks":                      "write them into the task of the repository, or ask for a CodeRun each",
	"watcherConfig":                 "nothing watches a run but the operator",
	"watcherFor":                    "nothing watches a run but the operator",
	"escalationPolicy":              "write agentTools: what is not permitted there is not done",
	"skillsUrl":                     "put skills into the repository or the agent's image",
	"skillsProject":                 "put skills into the repository or the agent's image",
	"promptStyle":                   "override the template prompt.md of the operator",
	"implementationAgent":           noStages,
	"quality":                       noStages,
	"security":                      noStages,
	"testing":                       noStages,
	"deployment":                    noStages,
	"acp":                           "there is one agent and one provider: the operator's configuration names them",
	"openclaw":                      "there is no such integration",
}

const (
	noLinear    = "there is no Linear integration"
	noStages    = "a run is one agent: ask for a run for each stage, and runfleet wait between them"
	noVariables = "a DocsRun has no variables of its own"
)

// both takes what DocsRun and CodeRun have in common.
func (d *draft) both() {
	d.prompt()
	d.tools()
	d.keep(shared...)
	d.drop(homeless)
}

func (d *draft) docsRun() bool {
	d.both()
	d.addressOf("repositoryUrl")
	d.keep("workingDirectory", "sourceBranch", "targetBranch", "model", "githubUser", "githubApp", "cli", "includeCodebase",
		"localTools", "remoteTools")
	if d.spec["workingDirectory"] == nil {
		d.spec["workingDirectory"] = "."
	}
	return d.become("DocsRun", d.needed("repositoryUrl", "sourceBranch")...)
}

// needed adds the user to what a run needs, unless an App stands for it.
func (d *draft) needed(names ...string) []string {
	if text(d.spec["githubApp"]) == "" {
		names = append(names, "githubUser")
	}
	return names
}

// documentation makes a DocsRun of a CodeRun that was asked to document: the last generation had no other kind.
func (d *draft) documentation() bool {
	d.choose("repositoryUrl", "", "docsRepositoryUrl", "platformRepositoryUrl", "repositoryUrl")
	d.choose("sourceBranch", "main", "docsBranch", "platformBranch", "branch") // the original's default
	d.choose("workingDirectory", "", "docsProjectDirectory", "workingDirectory")
	d.drop(map[string]string{
		"taskId":         "a DocsRun documents all tasks",
		"service":        "a DocsRun needs no service",
		"toolConfig":     "a DocsRun has no preset: write localTools and remoteTools",
		"env":            noVariables,
		"envFromSecrets": noVariables,
		"tools":          "write localTools and remoteTools",
	})
	d.model()
	for _, name := range []string{"localTools", "remoteTools"} {
		if names := text(d.left[name]); names != "" {
			d.left[name] = split(names)
		}
	}
	return d.docsRun()
}

// choose makes one field of several: the first that says something wins.
func (d *draft) choose(to, otherwise string, names ...string) {
	chosen := ""
	for _, name := range names {
		switch v := d.takeText(name); {
		case chosen == "" && v != "":
			chosen = v
			if name != to {
				d.notef("spec."+name, "is spec.%s now", to)
			}
		case v != "" && v != chosen:
			d.notef("spec."+name, "was dropped: spec.%s can be one only, and another field says it", to)
		}
	}
	if chosen = orWord(chosen, otherwise); chosen != "" {
		d.left[to] = chosen
	}
}

func split(names string) []any {
	var out []any
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func (d *draft) codeRun() bool {
	d.model()
	d.both()
	d.service("service")
	d.addressOf("repositoryUrl", "docsRepositoryUrl")
	if url := d.address("spec.platformRepositoryUrl", text(d.left["platformRepositoryUrl"])); url != "" {
		d.left["platformRepositoryUrl"] = url
	}
	d.older("platformRepositoryUrl", "docsRepositoryUrl")
	d.older("platformBranch", "docsBranch")
	d.older("resumeSession", "continueSession")
	d.older("tools", "localTools and remoteTools")
	d.keep("taskId", "docsProjectDirectory", "docsBranch", "branch", "workingDirectory", "model", "githubUser", "githubApp")
	d.toolList("localTools")
	d.toolList("remoteTools")
	d.preset()
	d.environment()
	if d.spec["taskId"] == nil {
		d.spec["taskId"] = int64(0)
		d.notef("spec.taskId", "is 0 now: the run has no task files, and promptModification alone says what to do")
	}
	return d.become("CodeRun", d.needed("service", "repositoryUrl", "model")...)
}

// model takes the model from the last generation's settings of the agent's program, where the run names none.
func (d *draft) model() {
	cli, _ := d.left["cliConfig"].(map[string]any)
	name := text(cli["model"])
	if name == "" {
		return
	}
	delete(cli, "model")
	if text(d.left["model"]) == "" {
		d.left["model"] = name
		d.notef("spec.cliConfig.model", "is spec.model now")
	} else if name != d.left["model"] {
		d.notef("spec.cliConfig.model", "was dropped: spec.model says it already")
	}
}

// credential is what the API takes for a token or key in a variable, and refuses.
var credential = regexp.MustCompile(`^(gh[opsur]_|github_pat_|sk-ant-|sk-[\w-]{16})`)

// environment takes the variables. One that holds a credential is left to a person.
func (d *draft) environment() {
	v, _ := d.take("env")
	env, _ := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if credential.MatchString(text(env[name])) {
			delete(env, name)
			d.notef("spec.env."+name, "was dropped: it looks like a credential, and is not repeated: put it into a Secret on the member, "+
				"name that in envFromSecrets, and revoke this one: it stands in a manifest")
		}
	}
	if len(env) > 0 {
		d.spec["env"] = env
	}
	secrets, _ := d.take("envFromSecrets")
	list, _ := secrets.([]any)
	var out []any
	for _, s := range list {
		entry, _ := s.(map[string]any)
		out = d.replace(out, "spec.envFromSecrets", text(entry["name"]), entry)
	}
	if len(out) > 0 {
		d.spec["envFromSecrets"] = out
	}
}
