package render_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/render"
	"github.com/runfleet/runfleet/test/hostile"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// A run is filled by walking through its Go type, so that a new field is filled too, and judged by the rules of the CRDs,
// so that only what an API server accepts is tried. The longest and worst value of each field is learnt once.

// fragments mean something to some reader: shells, JSON, YAML, Markdown, Handlebars, terminals, people.
var fragments = []string{
	"$(touch ran)", "`touch${IFS}ran`", "';touch ran;'", "\";touch ran;\"", "|touch ran", "\ntouch ran\n", "&&touch${IFS}ran", "$(touch${IFS}ran)",
	"'", "\"", "\\", "${HOME}", "$$", ">ran", "{{guidance}}", "{{#each}}", "}}", "</script>", "&amp;", "\",\"x\":{\"",
	" ", "\t", "\n", "\r\n", "# x\n", "```\n", "~", "*", "?", "!", "%s", "=", "--", "..", "é", "ß", "👩\u200d👧", "\u202e", "\u200b", "\u2028", "\ufeff",
	"\U000e0041", "\x1b[2J", "\x7f", "\u0085", "\x00", "*)", "[", "]", ",", ":", "@", "+", "_", ".",
}

// good are values of fields for which the letter x is none.
var good = map[string]string{
	"repositoryUrl": "https://github.com/example/shop", "docsRepositoryUrl": "https://github.com/example/docs",
	"platformRepositoryUrl": "https://github.com/example/old", "promptMode": "append", "toolConfig": "default",
	"agentTools[].name": "bash", "limits.maxCostUSD": "2.50", "retry.alsoOn[]": "DeadlineExceeded", "retry.notOn[]": "AgentError",
	"pod.resources.requests.key": "cpu", "pod.resources.requests.value": "1", "pod.resources.limits.key": "cpu", "pod.resources.limits.value": "1",
	"pod.tolerations[].operator": "Equal", "pod.tolerations[].effect": "NoExecute", "placement.onClusterLost": "Wait", "placement.selector.matchExpressions[].operator": "In", "workingDirectory": "x", "env.key": "X", "envFromSecrets[].name": "Y",
}

// kind is one of the kinds of runs, with what was learnt of its fields.
type kind struct {
	name   string
	spec   reflect.Type
	paths  []string
	needed map[string]bool     // fields of the spec that must be there
	worst  map[string][]string // by path: what is accepted, worse from one to the next, the longest last
}

var kinds = sync.OnceValues(func() ([]*kind, error) {
	all := []*kind{
		{name: "DocsRun", spec: reflect.TypeFor[v1.DocsRunSpec]()},
		{name: "CodeRun", spec: reflect.TypeFor[v1.CodeRunSpec]()},
	}
	for _, k := range all {
		if err := k.learn(); err != nil {
			return nil, err
		}
	}
	return all, nil
})

func (k *kind) learn() error {
	if _, err := k.admit(func(path string) string { k.paths = append(k.paths, path); return benign(path) }); err != nil {
		return fmt.Errorf("a field has no good value, see the variable good: %w", err)
	}
	k.needed = map[string]bool{"taskId": true} // a number, and so no path
	for _, path := range k.paths {
		k.needed[topOf(path)] = true
	}
	for _, field := range slices.Sorted(maps.Keys(k.needed)) { // one of two may be needed
		k.needed[field] = false
		if _, err := k.admitSome(benign, func(f string) bool { return k.needed[f] }); err != nil {
			k.needed[field] = true
		}
	}
	if _, err := k.admitSome(benign, func(f string) bool { return k.needed[f] }); err != nil {
		return fmt.Errorf("what is needed alone is refused: %w", err)
	}
	k.worst = map[string][]string{}
	for _, path := range k.paths {
		k.worst[path] = k.worstOf(path)
	}
	return nil
}

func benign(path string) string {
	if value, ok := good[path]; ok {
		return value
	}
	return "x"
}

// worstOf collects every fragment that a field accepts into one value, also behind a dash, and makes it as long as can be.
func (k *kind) worstOf(path string) []string {
	accepts := func(value string) bool {
		_, err := k.admitOnly(path, func(p string) string {
			if p == path {
				return value
			}
			return benign(p)
		})
		return err == nil
	}
	all := []string{benign(path)}
	value := benign(path)
	for _, f := range fragments {
		if accepts(value + f + "x") {
			value += f + "x"
		}
	}
	all = append(all, value)
	if dashed := "-" + value; accepts(dashed) {
		all, value = append(all, dashed), dashed
	}
	long, tail := value, strings.TrimPrefix(value, benign(path))+"x"
	for len(long) < 1<<16 && accepts(long+tail) {
		long, tail = long+tail, tail+tail
	}
	for len(tail) > 1 { // what is left fits less and less of it
		tail = tail[:len(tail)/2]
		for !utf8.ValidString(tail) {
			tail = tail[:len(tail)-1]
		}
		if tail != "" && accepts(long+tail) {
			long += tail
		}
	}
	return append(all, long)
}

// admit makes a run of chosen texts, and returns it as the API server would store it.
func (k *kind) admit(choose func(path string) string) (v1.Run, error) {
	return k.admitSome(choose, func(string) bool { return true })
}

// admitOnly makes a run of what is needed and of one field, which is judged much faster than a whole one.
func (k *kind) admitOnly(path string, choose func(path string) string) (v1.Run, error) {
	return k.admitSome(choose, func(field string) bool { return k.needed[field] || field == topOf(path) })
}

func (k *kind) admitSome(choose func(path string) string, with func(field string) bool) (v1.Run, error) {
	spec := reflect.New(k.spec)
	hostile.Fill(spec.Elem(), choose)
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec.Interface())
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(object, func(field string, _ any) bool { return !with(field) })
	manifest := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1.GroupVersion.String(), "kind": k.name,
		"metadata": map[string]any{"name": "sample", "namespace": "default"}, "spec": object,
	}}
	return rehearsal.Admit(manifest)
}

func topOf(path string) string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' })[0]
}

// rendered is the second attempt of a run with chosen texts, whose first attempt failed with a message.
func (k *kind) rendered(message string, choose func(path string) string) (render.Objects, error) {
	run, err := k.admit(choose)
	if err != nil {
		return render.Objects{}, err
	}
	run.SetUID("5d1b7f6e-3f0c-4a52-9a6b-1c2d3e4f5a6b")
	status := render.SampleStatus(run)
	status.Attempts[0].Message = message
	*run.RunStatus() = status
	return render.Render(run, status.Attempt, render.SampleHub, letting(render.SampleSettings(), run.RunSpec().Pod))
}

// letting are settings that let a run change its pod as it does.
func letting(s render.Settings, p *v1.PodOverrides) render.Settings {
	if p == nil {
		return s
	}
	o := render.Overrides{
		PriorityClasses: []string{string(p.PriorityClassName)}, RuntimeClasses: []string{string(p.RuntimeClassName)},
		ServiceAccounts: []string{string(p.ServiceAccountName)}, MaxResources: corev1.ResourceList{},
		NodeSelectorKeys: slices.Collect(maps.Keys(p.NodeSelector)),
	}
	for _, name := range p.ImagePullSecrets {
		o.ImagePullSecrets = append(o.ImagePullSecrets, string(name))
	}
	for _, t := range p.Tolerations {
		o.TolerationKeys = append(o.TolerationKeys, t.Key)
	}
	for _, quantities := range []v1.ResourceQuantities{p.Resources.Requests, p.Resources.Limits} {
		for name := range quantities {
			o.MaxResources[corev1.ResourceName(name)] = resource.MustParse("999999999999999Ti")
		}
	}
	s.Overrides = o
	return s
}

func TestEveryTextOfASpecIsTriedAtItsWorst(t *testing.T) {
	all, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		for _, path := range k.paths {
			worst := k.worst[path]
			longest := worst[len(worst)-1]
			t.Logf("%s %s: %d bytes: %.60q", k.name, path, len(longest), longest)
		}
		for path, want := range map[string][]string{
			"promptModification": {"$(touch ran)", "{{guidance}}", "\u202e", "'", "\n"}, "workingDirectory": {"$(touch ran)", "\u00e9"},
		} {
			worst := k.worst[path]
			for _, fragment := range want {
				if !slices.ContainsFunc(worst, func(v string) bool { return strings.Contains(v, fragment) }) {
					t.Errorf("%s: want %q in what %s is given, got %.200q", k.name, fragment, path, worst)
				}
			}
		}
	}
}
