package render

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// home is Kind/namespace/name of a run: the value of AnnotationHome.
func home(run v1.Run) string {
	kind := kindCode
	if _, ok := run.(*v1.DocsRun); ok {
		kind = kindDocs
	}
	return kind + "/" + run.GetNamespace() + "/" + run.GetName()
}

// managed are the labels of every object that Runfleet makes on a member.
func (a subject) managed() map[string]string {
	return map[string]string{v1.LabelManaged: "true", v1.LabelHub: string(a.hub)}
}

// labels stand on Job, pod and ConfigMap. Runfleet selects by its own alone; the others are the original's, for people.
func (a subject) labels() map[string]string {
	labels := a.managed()
	labels[v1.LabelRunUID] = string(a.run.GetUID())
	labels[v1.LabelAttempt] = strconv.Itoa(int(a.entry.Number))

	original := map[string]string{
		"app":             "orchestrator",
		"component":       "code-runner",
		"task-type":       a.taskType(),
		"github-user":     a.githubUser(),
		"context-version": strconv.Itoa(int(a.entry.ContextVersion)),
	}
	if a.docs != nil {
		original["component"] = "docs-generator"
	} else {
		original["task-id"] = strconv.FormatInt(*a.code.TaskID, 10)
		original["service-name"] = a.code.Service
	}
	for k, v := range original {
		original[k] = labelValue(v)
	}
	maps.Copy(labels, original)
	return labels
}

var notInLabel = regexp.MustCompile(`[^A-Za-z0-9_.-]`)

// labelValue makes a valid value of a label from any text. What cannot stand as it is gets a hash, so that two texts that
// look alike afterwards stay apart.
func labelValue(s string) string {
	const most = 63
	value := strings.Trim(notInLabel.ReplaceAllString(s, "-"), "-_.")
	if value == s && len(s) <= most {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	hash := hex.EncodeToString(sum[:4])
	value = strings.TrimRight(value[:min(len(value), most-1-len(hash))], "-_.")
	return strings.TrimLeft(value+"-"+hash, "-")
}

// workspaceName is the volume of a service: the original's name, so its volumes are found again.
func workspaceName(service string) string { return v1.WorkspacePrefix + service }
