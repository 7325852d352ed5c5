//go:build e2e

package runs

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/forge"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// scene is a namespace of its own everywhere, with the Secrets that agents need, and a repository of its own.
type scene struct {
	ctx  context.Context //nolint:containedctx // a scene is the life of its context
	name string
	repo string // owner/name
}

// tasks are what the repository of a scene holds.
var tasks = map[string]string{
	".taskmaster/tasks/tasks.json":    `{"tasks": [{"id": 1, "title": "Pay by card"}]}`,
	".taskmaster/docs/task-1/task.md": "# Task 1\n\nPay by card.\n",
	"README.md":                       "# Shop\n",
}

// apiKey is the model's.
const apiKey = "sk-ant-e2eCanary0123456789abcdefghij"

func newScene(ctx context.Context, name string, files map[string]string) *scene {
	GinkgoHelper()
	w := &scene{ctx: ctx, name: name, repo: "octo/" + name}
	scenes = append(scenes, name)
	for _, c := range []*bed.Cluster{hub, east, west} {
		Expect(c.TeamNamespace(ctx, name, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})).To(Succeed())
	}
	w.secret("anthropic-api-key", map[string]string{"api-key": apiKey})
	w.secret("github-token-octo", map[string]string{"token": forge.Token})
	w.secret("github-ssh-octo", map[string]string{"ssh-privatekey": string(repos.Key)})
	_, err := repos.Create(ctx, w.repo, files)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) { // what is left would go on
		Expect(hub.DeleteAllOf(ctx, &v1.DocsRun{}, client.InNamespace(name))).To(Succeed())
		Expect(hub.DeleteAllOf(ctx, &v1.CodeRun{}, client.InNamespace(name))).To(Succeed())
	})
	return w
}

// secret creates a Secret on both members.
func (w *scene) secret(name string, data map[string]string) {
	GinkgoHelper()
	for _, member := range []*bed.Cluster{east, west} {
		Expect(member.Create(w.ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, StringData: data})).To(Succeed())
	}
}

func (w *scene) spec(play string) v1.RunSpec {
	return v1.RunSpec{PromptModification: v1.Prompt("[play: " + play + "]"), Retry: v1.RetryPolicy{MaxRetries: new(int32(0))}}
}

// docs creates a DocsRun over HTTPS.
func (w *scene) docs(name, play string, edits ...func(*v1.DocsRun)) *v1.DocsRun {
	GinkgoHelper()
	run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: v1.DocsRunSpec{
		RunSpec: w.spec(play), RepositoryURL: v1.RepositoryURL(repos.URL + "/" + w.repo + ".git"), WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "octo",
	}}
	for _, edit := range edits {
		edit(run)
	}
	w.create(run)
	return run
}

// code creates a CodeRun over SSH.
func (w *scene) code(name, play string, edits ...func(*v1.CodeRun)) *v1.CodeRun {
	GinkgoHelper()
	run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.name}, Spec: v1.CodeRunSpec{
		RunSpec: w.spec(play), TaskID: new(int64(1)), Service: "shop", Model: "sonnet", RepositoryURL: v1.RepositoryURL(repos.SSH + "/" + w.repo + ".git"),
		GitHubUser: "octo",
	}}
	for _, edit := range edits {
		edit(run)
	}
	w.create(run)
	return run
}

// create creates a run, where the operator is installed as its user would: by kubectl.
func (w *scene) create(run v1.Run) {
	GinkgoHelper()
	if !*inPods {
		Expect(hub.Create(w.ctx, run)).To(Succeed())
		return
	}
	kind, err := apiutil.GVKForObject(run, bed.Kinds)
	Expect(err).NotTo(HaveOccurred())
	run.GetObjectKind().SetGroupVersionKind(kind)
	manifest, err := yaml.Marshal(run)
	Expect(err).NotTo(HaveOccurred())
	command(w.ctx, manifest, kubectl(w.ctx), "apply", "-f", "-")
	Expect(hub.Get(w.ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
}

// await waits until the run is in a phase, and returns its status.
func (w *scene) await(run v1.Run, phase v1.Phase) v1.RunStatus {
	GinkgoHelper()
	Eventually(w.status(run)).Should(HaveField("Phase", phase), func() string { return run.GetName() + ": " + run.RunStatus().Message })
	return *run.RunStatus()
}

// status is for Eventually.
func (w *scene) status(run v1.Run) func() (v1.RunStatus, error) {
	return func() (v1.RunStatus, error) {
		err := hub.Get(w.ctx, client.ObjectKeyFromObject(run), run)
		return *run.RunStatus(), err
	}
}

// pods are those of a run on a member.
func (w *scene) pods(on *bed.Cluster, run v1.Run) []corev1.Pod {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(on.List(w.ctx, pods, of(run))).To(Succeed())
	return pods.Items
}

// of selects what a run has on a member.
func of(run v1.Run) client.ListOption {
	return client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())}
}

// changed are the files in which a branch differs from main.
func (w *scene) changed(branch string) []string {
	GinkgoHelper()
	return strings.Fields(w.git("diff", "--name-only", "main..."+branch))
}

func (w *scene) git(args ...string) string {
	GinkgoHelper()
	out, err := repos.Git(w.ctx, w.repo, args...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// asked are the requests that agents of a play sent to the model.
func asked(play string) []model.Request {
	var found []model.Request
	for _, r := range mind.Requests() {
		if r.Play == play {
			found = append(found, r)
		}
	}
	return found
}
