package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// originals are keys of the original that are accepted and mean nothing here, with what does instead. A section stands
// for everything below it.
var originals = map[string]string{ //nolint:gosec // names of keys, no credentials
	"job.backoffLimit":                "an attempt is one Job with one pod; retries are spec.retry of the run",
	"job.ttlSecondsAfterFinished":     "cleanup says how long finished Jobs stay",
	"job.restartPolicy":               "a pod is never restarted; retries are spec.retry of the run",
	"agent.securityContext":           "the pod is always as restricted as it can be",
	"agent.cliImages":                 "there is one agent image: agent.image",
	"agent.cliProviders":              "there is one agent image: agent.image",
	"agent.agentCliConfigs":           "there is one agent image: agent.image",
	"agents":                          "there are no named agents",
	"initContainer":                   "there is no init container",
	"storage.accessMode":              "a workspace is ReadWriteOnce",
	"storage.size":                    "write storage.workspaceSize",
	"storage.autoCreate":              "workspaces are always created",
	"storage.pvcName":                 "a workspace is named workspace-{service}",
	"nodeAffinity":                    "write agent.nodeSelector",
	"pod":                             "write agent.serviceAccountName, agent.imagePullSecrets, agent.nodeSelector and agent.tolerations",
	"controller":                      "nothing is polled, and retries are spec.retry of the run",
	"volumes":                         "the volumes are fixed",
	"fluentBit":                       "there is no log sidecar",
	"claudeSettings":                  "write permissions",
	"labels":                          "the labels are fixed",
	"annotations":                     "the annotations are fixed",
	"linear":                          "there is no such integration",
	"cleanup.deleteConfigMap":         "ConfigMaps are removed with their Jobs",
	"cleanup.successTTLSeconds":       "write cleanup.completedJobDelayMinutes",
	"cleanup.failureTTLSeconds":       "write cleanup.failedJobDelayMinutes",
	"secrets.cliApiKeys":              "there is one API key: secrets.apiKeySecretName",
	"secrets.providerApiKeys":         "there is one API key: secrets.apiKeySecretName",
	"secrets.anthropicApiKey":         "write secrets.apiKeySecretName and secrets.apiKeySecretKey",
	"secrets.githubToken":             "the GitHub user of a run selects its Secrets",
	"secrets.openaiApiKey":            "there is one API key: secrets.apiKeySecretName",
	"secrets.googleApiKey":            "there is one API key: secrets.apiKeySecretName",
	"secrets.awsBedrock":              "there is one API key: secrets.apiKeySecretName",
	"telemetry.otlpInsecure":          "the endpoint's scheme says it",
	"telemetry.serviceName":           noTelemetry,
	"telemetry.serviceVersion":        noTelemetry,
	"telemetry.teamName":              noTelemetry,
	"telemetry.department":            noTelemetry,
	"telemetry.environment":           noTelemetry,
	"telemetry.costCenter":            noTelemetry,
	"telemetry.metricsExportInterval": noTelemetry,
	"telemetry.metricsExportTimeout":  noTelemetry,
	"telemetry.logsExportInterval":    noTelemetry,
	"telemetry.logsExportTimeout":     noTelemetry,
	"telemetry.includeSessionId":      noTelemetry,
	"telemetry.includeAccountUuid":    noTelemetry,
	"telemetry.includeVersion":        noTelemetry,
	"telemetry.logLevel":              noTelemetry,
	"telemetry.logUserPrompts":        "prompts are never logged",
	"telemetry.customAttributes":      noTelemetry,
	"telemetry.clusterName":           noTelemetry,
}

const noTelemetry = "only the endpoints and protocols are handed to the agent"

// strangers names every key below a section that means nothing, sorted.
func strangers(section string, tree map[string]any) []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		path := strings.TrimPrefix(section+"."+name, ".")
		instead, original := originals[path]
		below, isSection := tree[name].(map[string]any)
		switch {
		case original:
			notes = append(notes, fmt.Sprintf("%s: has no effect: %s", path, instead))
		case path == membersOfTelemetry:
			notes = append(notes, strangersOfMembers(below)...)
		case isKey(path): // a value of the wrong type was refused already
		case isSection && len(names(path)) > 0:
			notes = append(notes, strangers(path, below)...)
		case len(names(path)) == 0:
			notes = append(notes, fmt.Sprintf("%s: unknown key%s", path, suggestion(section, name)))
		}
	}
	return notes
}

func isKey(path string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return k.path == path })
}

// names are what may stand directly below a section; none, if it is no section.
func names(section string) []string {
	var found []string
	for _, k := range keys {
		rest, ok := strings.CutPrefix("."+k.path, strings.TrimSuffix("."+section, ".")+".")
		if name, _, _ := strings.Cut(rest, "."); ok && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}

// suggestion is the key that was probably meant: one spelled alike beside it, or one of that name elsewhere.
func suggestion(section, name string) string {
	closest, best := "", min(3, len(name)/3+1) // two slips at most, and one in a short word
	for _, n := range names(section) {
		if d := distance(strings.ToLower(n), strings.ToLower(name)); d < best {
			closest, best = n, d
		}
	}
	if closest != "" {
		return ", did you mean " + closest + "?"
	}
	for _, k := range keys {
		if strings.HasSuffix(k.path, "."+name) {
			return ", did you mean " + k.path + "?"
		}
	}
	return ""
}

// distance counts the letters to insert, delete or replace that lead from one word to another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
