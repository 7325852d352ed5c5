//go:build e2e

package runs

import (
	"maps"
	"reflect"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/test/hostile"
)

// attempts leave a file named pwned where they are executed, bring a secret to light where they are expanded, and end a text early
// where they are inserted without care. No file of a repository can be named pwned by them: something follows the word.
var attempts = []string{
	"$(touch /workspace/pwned)", "$(touch${IFS}/workspace/pwned)", "$(touch${IFS}pwned)", "`touch /workspace/pwned`", "`touch${IFS}pwned`",
	"';touch /workspace/pwned;'", "\";touch /workspace/pwned;\"", "';touch${IFS}pwned;'", "\";touch${IFS}pwned;\"", "|touch${IFS}pwned;", "&&touch${IFS}pwned;",
	"\ntouch /workspace/pwned\n", "\r\ntouch /workspace/pwned;\r\n", "$(ANTHROPIC_API_KEY)", "${ANTHROPIC_API_KEY}", "$ANTHROPIC_API_KEY", "$(FROM)", "${FROM}", "$$",
	"{{guidance}}", "{{{json env}}}", "{{#each}}", "}}", "\"}],\"x\":[{\"", "\n- &a [*a]: !!x\n", "\": x", " # ", "../", "/..", "--", "'", "\"", "\\", "*", "?", "~", "[", "%s",
	"é", "\u202e", "\u2028", "\x1b[2J", "\x00", "\t",
}

// usable are the values that a run needs to go to its end, by the path of their field.
func usable(url string) map[string]string {
	return map[string]string{
		"repositoryUrl": url, "docsRepositoryUrl": url, // what is cloned must be there
		"githubUser": "octo", "githubApp": "", // whose Secrets are there; an App would win, and the forge has none
		"cli":                   "claude",                                                                                               // that alone has an image
		"agentTools[].name":     "bash",                                                                                                 // the restrictions of a tool that the agent does not have are left out
		"envFromSecrets[].name": "FROM",                                                                                                 // the attempts name it
		"promptMode":            "append", "toolConfig": "default", "retry.alsoOn[]": "DeadlineExceeded", "retry.notOn[]": "AgentError", // one of few words
		"placement.onClusterLost": "Wait", "placement.selector.matchExpressions[].operator": "In", "pod.tolerations[].operator": "Equal", "pod.tolerations[].effect": "NoExecute",
		"placement.cluster": "east", "pod.nodeSelector.key": "kubernetes.io/os", "pod.nodeSelector.value": "linux", // there is one that suits
		"limits.maxCostUSD": "2.50", "pod.resources.requests.key": "cpu", "pod.resources.requests.value": "100m", // numbers, of what there is
		"pod.resources.limits.key": "cpu", "pod.resources.limits.value": "2",
	}
}

// beginnings stand before the attempts where an x will not do.
var beginnings = map[string]string{
	"promptModification": "[play: hostile] ", "env.key": "X", "platformRepositoryUrl": "octo/x",
	"targetBranch": "t", // not the source branch, or each run gets a branch of its own
}

// worst fills a spec, each field with all the attempts that an API server takes there, and where it takes an option, behind one.
func worst(kind string, spec any, url string) {
	GinkgoHelper()
	values := usable(url)
	admit := func() error {
		hostile.Fill(reflect.ValueOf(spec).Elem(), func(path string) string { return values[path] })
		object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
		Expect(err).NotTo(HaveOccurred())
		_, err = rehearsal.Admit(&unstructured.Unstructured{Object: map[string]any{
			"apiVersion": v1.GroupVersion.String(), "kind": kind, "metadata": map[string]any{"name": "hostile", "namespace": "hostile"}, "spec": object,
		}})
		return err
	}
	var free []string // the paths of all fields that need no usable value
	hostile.Fill(reflect.ValueOf(spec).Elem(), func(path string) string {
		if _, ok := values[path]; !ok {
			free, values[path] = append(free, path), "x"
			if beginning, ok := beginnings[path]; ok {
				values[path] = beginning
			}
		}
		return values[path]
	})
	Expect(admit()).To(Succeed(), "a field needs a usable value or a beginning")
	for _, path := range free {
		for _, attempt := range attempts {
			tried(values, path, values[path]+attempt+"x", admit)
		}
		if !tried(values, path, "--upload-pack=touch${IFS}pwned;"+values[path], admit) {
			tried(values, path, "-"+values[path], admit)
		}
	}
	Expect(admit()).To(Succeed())
	GinkgoWriter.Printf("%s: %q\n", kind, maps.Collect(maps.All(values)))
}

// tried keeps a value where it is taken.
func tried(values map[string]string, path, value string, admit func() error) bool {
	before := values[path]
	values[path] = value
	if admit() == nil {
		return true
	}
	values[path] = before
	return false
}
