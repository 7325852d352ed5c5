package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// least are the values that have no default.
var least = []string{
	"manifests", "--set", "image=registry.example.com/runfleet:1",
	"--set", "config.agent.image={repository: registry.example.com/agent, tag: '1'}",
}

// printed are the documents that manifests prints, by kind and name.
func printed(t *testing.T, args ...string) map[string]string {
	t.Helper()
	got := call(append(slices.Clone(least), args...)...)
	if got.Code != exitOK || got.Stderr != "" {
		t.Fatalf("exit code %d, stderr %q", got.Code, got.Stderr)
	}
	return byName(t, strings.TrimPrefix(got.Stdout, "---\n"))
}

func byName(t *testing.T, stream string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for doc := range strings.SplitSeq(stream, "\n---\n") {
		var o struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := yaml.Unmarshal([]byte(doc), &o); err != nil {
			t.Fatal(err)
		}
		out[o.Kind+"/"+o.Metadata.Name] = doc
	}
	return out
}

func as[T any](t *testing.T, text string) (out T) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), &out); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return out
}

// Every field is one that Kubernetes knows, whatever the values are.
func TestTheChartWritesNoFieldThatKubernetesLacks(t *testing.T) {
	strict := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	read := map[string]bool{}
	for _, values := range []string{"least", "local", "everything"} {
		got := call("manifests", "-f", "../../test/helm/testdata/accepted/"+values+".yaml")
		if got.Code != exitOK {
			t.Fatal(got.Stderr)
		}
		for name, doc := range byName(t, strings.TrimPrefix(got.Stdout, "---\n")) {
			kind, _, _ := strings.Cut(name, "/")
			if kind == "CustomResourceDefinition" || kind == "ServiceMonitor" || kind == "PrometheusRule" {
				continue // kinds of others: the suites install the first, and test/helm compares the second
			}
			read[kind] = true
			if _, _, err := strict.Decode([]byte(doc), nil, nil); err != nil {
				t.Errorf("%s with %s values: %v", name, values, err)
			}
		}
	}
	if len(read) != 10 {
		t.Errorf("kinds: %v", read)
	}
}

// What a person applies by hand grants what the chart grants, and what the operator asks of a member.
func TestTheChartGrantsWhatTheDocumentationDoes(t *testing.T) {
	text, err := os.ReadFile("../../docs/examples/operator.yaml")
	if err != nil {
		t.Fatal(err)
	}
	chart := printed(t, "--set", "localMember=true")
	found := 0
	for name, want := range byName(t, string(text)) {
		kind, _, _ := strings.Cut(name, "/")
		switch kind {
		case "Role", "ClusterRole":
			found++
			if diff := cmp.Diff(as[rbacv1.Role](t, want).Rules, as[rbacv1.Role](t, chart[name]).Rules); diff != "" {
				t.Errorf("%s (-example +chart):\n%s", name, diff)
			}
		case "RoleBinding", "ClusterRoleBinding":
			found++
			if diff := cmp.Diff(as[rbacv1.RoleBinding](t, want), as[rbacv1.RoleBinding](t, chart[name]),
				cmpopts.IgnoreFields(rbacv1.RoleBinding{}, "ObjectMeta.Labels")); diff != "" {
				t.Errorf("%s (-example +chart):\n%s", name, diff)
			}
		}
	}
	if found != 6 {
		t.Errorf("%d roles and bindings are compared", found)
	}
	if diff := cmp.Diff(fleet.Permissions, as[rbacv1.ClusterRole](t, chart["ClusterRole/runfleet-member"]).Rules); diff != "" {
		t.Errorf("(-the operator +chart):\n%s", diff)
	}
}

func TestTheHubIsAMemberOnlyWhereAsked(t *testing.T) {
	chart := printed(t)
	if _, granted := chart["ClusterRole/runfleet-member"]; granted {
		t.Error("the operator gets a member's rights on the hub")
	}
	for _, rule := range as[rbacv1.ClusterRole](t, chart["ClusterRole/runfleet-fleet"]).Rules {
		if slices.Contains(rule.Verbs, "create") {
			t.Errorf("it may create: %v", rule)
		}
	}
}

func TestWithNamespacesNothingOfRunsIsGrantedElsewhere(t *testing.T) {
	chart := printed(t, "--set", "namespaces=[team-a]")
	if _, granted := chart["ClusterRoleBinding/runfleet-runs"]; granted {
		t.Error("the rights are cluster-wide")
	}
	if got := as[rbacv1.RoleBinding](t, chart["RoleBinding/runfleet-runs"]); got.Namespace != "team-a" {
		t.Errorf("granted in %q", got.Namespace)
	}
}

// The values' defaults are the operator's own, and it takes what the chart gives it.
func TestTheOperatorTakesTheChartsArguments(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "")
	options := func(args []string) *operatorOptions {
		o := &operatorOptions{}
		cmd := newOperatorCommand()
		cmd.ResetFlags()
		o.addFlags(cmd)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		if err := o.check(); err != nil {
			t.Fatal(err)
		}
		return o
	}
	container := func(args ...string) corev1.Container {
		return as[appsv1.Deployment](t, printed(t, args...)["Deployment/runfleet"]).Spec.Template.Spec.Containers[0]
	}
	compare := cmp.AllowUnexported(operatorOptions{})
	if diff := cmp.Diff(options(nil), options(container().Args), compare); diff != "" {
		t.Errorf("(-flags +chart):\n%s", diff)
	}
	want := options([]string{"--namespace=team-a", "--namespace=team-b", "--local-member", "--log-format=text", "--verbosity=2"})
	got := options(container("--set", "namespaces=[team-a, team-b]", "--set", "localMember=true", "--set", "log={format: text, verbosity: 2}").Args)
	if diff := cmp.Diff(want, got, compare); diff != "" {
		t.Errorf("(-flags +chart):\n%s", diff)
	}
}

// What config says arrives as the operator reads it.
func TestTheOperatorReadsTheChartsConfiguration(t *testing.T) {
	m := as[corev1.ConfigMap](t, printed(t, "--set", "config.timing.settleSeconds=7")["ConfigMap/task-controller-config"])
	c, notes, err := config.Parse([]byte(m.Data["config.yaml"]))
	if err != nil || len(notes) > 0 {
		t.Fatalf("%v %v", notes, err)
	}
	if c.Render.Image != "registry.example.com/agent:1" || c.Lifecycle.Settle.Seconds() != 7 {
		t.Errorf("image %s, settle %v", c.Render.Image, c.Lifecycle.Settle)
	}
}

func TestManifestsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"nothing said", nil, "the values are refused:\n  config.agent.image: missing properties 'repository', 'tag'\n  missing property 'image'\n"},
		{"a file that is not there", []string{"-f", "absent"}, "reading values: open absent: no such file or directory\n"},
		{"no setting", []string{"--set", "replicas"}, `"replicas" is no setting: write key.below=value, such as log.verbosity=2` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(append([]string{"manifests"}, c.args...)...)
			if got.Code == exitOK || got.Stdout != "" || !strings.HasPrefix(got.Stderr, "runfleet: "+c.says) {
				t.Errorf("exit code %d, stdout %q, stderr\n%s", got.Code, got.Stdout, got.Stderr)
			}
		})
	}
	got := call(append(slices.Clone(least), "--set", "replcas=3")...)
	if want := "runfleet: the values are refused:\n  additional properties 'replcas' not allowed\n"; !strings.HasPrefix(got.Stderr, want) {
		t.Errorf("says %s", got.Stderr)
	}
}
