//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/integration/bed"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// cluster is one that ends with the test.
func cluster(t *testing.T, o controlplane.Options) *bed.Cluster {
	t.Helper()
	c, err := bed.StartCluster(t.Context(), o)
	if c != nil {
		t.Cleanup(func() { _ = c.Stop() })
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// configuration names the servers of the test, as a user would name his own.
const configuration = `
agent:
  image: {repository: localhost/runfleet-agent, tag: "1"}
  env:
  - {name: ANTHROPIC_BASE_URL, value: %q}
  - {name: GITHUB_API_URL, value: %q}
  - {name: GIT_SSL_CAINFO, value: /config/ca.crt}
  - {name: CURL_CA_BUNDLE, value: /config/ca.crt}
  - {name: CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC, value: "1"}
`

// TestARealDocsRunDeliversABranchAndAPullRequest is the whole way: hub, operator,
// member, kubelet, container, git, the agent's program and back.
func TestARealDocsRunDeliversABranchAndAPullRequest(t *testing.T) {
	tar := built(t, "agent")
	hub := cluster(t, controlplane.Options{Name: "hub"})
	member := cluster(t, controlplane.Options{Name: "member-1", Nodes: 1, Containerd: true})
	if err := member.Load(t.Context(), tar); err != nil {
		t.Fatal(err)
	}
	f := newForge(t, member.Outside(), map[string]string{
		".taskmaster/tasks/tasks.json": `{"master":{"tasks":[{"id":1,"title":"Greet"}]}}`, "README.md": "shop\n",
	})
	const written = "/workspace/target-repo/.taskmaster/docs/task-1/task.md"
	m := model.NewServer(map[string]model.Play{"document": {
		{Say: "I write it.", Calls: []model.Call{{Tool: "Write", Input: map[string]any{"file_path": written, "content": "Greet politely.\n"}}}},
		{Say: "All tasks are documented."},
	}})
	start(t, hub, member, fmt.Sprintf(configuration, serve(t, member.ControlPlane, m), f.url+"/api"), map[string]string{
		"docs_prompt.md.hbs": "Document the tasks. [play: document]\n", "shared_ca.crt.hbs": f.ca,
	})
	secrets(t, member, map[string]map[string]string{
		"github-token-octo-bot": {"token": f.token}, "anthropic-api-key": {"api-key": "any"},
	})
	run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "document-shop", Namespace: "default"}}
	run.Spec.RepositoryURL, run.Spec.SourceBranch, run.Spec.WorkingDirectory = v1.RepositoryURL(f.url+"/octo/shop.git"), "main", "."
	run.Spec.GitHubUser, run.Spec.Model = "octo-bot", "sonnet"
	if err := hub.Create(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	ended := awaitEnd(t, hub, member, run)
	last := ended.Attempts[len(ended.Attempts)-1]
	if ended.Phase != "Succeeded" || len(ended.Attempts) != 1 {
		t.Errorf("the run ended as %s after %d attempts: %+v", ended.Phase, len(ended.Attempts), last)
	}
	if ended.PullRequestURL != f.url+"/octo/shop/pull/1" {
		t.Errorf("the status names the pull request %q", ended.PullRequestURL)
	}
	opened := f.opened()
	if len(opened) != 1 || opened[0].Base != "main" {
		t.Fatalf("opened pull requests: %v", opened)
	}
	git := func(args ...string) string { return f.git(filepath.Join(f.dir, "shop.git"), args...) }
	if diff := cmp.Diff(".taskmaster/docs/task-1/task.md", git("diff", "--name-only", "main", opened[0].Head)); diff != "" {
		t.Errorf("what the branch changes (-want +got):\n%s", diff)
	}
	if got := git("show", opened[0].Head+":.taskmaster/docs/task-1/task.md"); got != "Greet politely." {
		t.Errorf("the branch says %q", got)
	}
}

// start tells the hub what it needs to know and starts an operator on it.
func start(t *testing.T, hub, member *bed.Cluster, configuration string, templates map[string]string) {
	t.Helper()
	if err := hub.Configure(t.Context(), v1.SystemNamespace, configuration); err != nil {
		t.Fatal(err)
	}
	if err := hub.Templates(t.Context(), v1.SystemNamespace, templates); err != nil {
		t.Fatal(err)
	}
	if err := hub.Register(t.Context(), "member-1", bed.KubeconfigOf(member.Agent, ""), nil); err != nil {
		t.Fatal(err)
	}
	program, err := bed.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	operator, err := program.StartOperator(hub)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if crash := operator.Crash(); crash != nil {
			t.Error(crash)
		}
		operator.Stop()
		if t.Failed() {
			t.Log("the operator says:\n" + operator.Says())
		}
	})
}

// secrets creates Secrets on the member.
func secrets(t *testing.T, member *bed.Cluster, all map[string]map[string]string) {
	t.Helper()
	for name, data := range all {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}, StringData: data}
		if err := member.Create(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitEnd returns the status of a run that has ended, with its agent's words if
// it did not do so well.
func awaitEnd(t *testing.T, hub, member *bed.Cluster, run *v1.DocsRun) v1.RunStatus {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	watcher, err := hub.Watch(ctx, &v1.DocsRunList{}, client.InNamespace(run.Namespace))
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	var last v1.RunStatus
	for event := range watcher.ResultChan() {
		if got, ok := event.Object.(*v1.DocsRun); ok {
			last = got.Status
		}
		if last.Phase == "Succeeded" || last.Phase == "Failed" || len(last.Attempts) > 1 {
			break
		}
	}
	if last.Phase != "Succeeded" {
		words(t, member)
	}
	if len(last.Attempts) == 0 {
		t.Fatalf("the run had no attempt: %+v", last)
	}
	return last
}

// words tells what the pods on the member say.
func words(t *testing.T, member *bed.Cluster) {
	t.Helper()
	pods := kubernetes.NewForConfigOrDie(member.Admin).CoreV1().Pods("default")
	list, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	for _, p := range list.Items {
		said, err := pods.GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
		t.Logf("%s is %s, says (%v):\n%s", p.Name, p.Status.Phase, err, said)
	}
}
