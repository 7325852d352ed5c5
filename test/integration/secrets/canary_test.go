package secrets

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// scan looks everywhere: at all objects of all clusters, the operator's log, its metrics and its spans.
func scan(ctx context.Context) []string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "spans.json")
	Expect(traces.WriteFile(file)).To(Succeed())
	spans, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(spans)).To(ContainSubstring("runfleet.transition.on"))
	found := slices.Concat(canaries.In("the operator's log", operator.Says()), canaries.In("its metrics", operator.Metrics()),
		canaries.In("its spans", string(spans)))
	kinds := map[string]int{}
	for _, c := range []*bed.Cluster{hub, east, west} {
		all, err := bed.Everything(ctx, c)
		Expect(err).NotTo(HaveOccurred())
		for where, text := range all {
			found = append(found, canaries.In(where, text)...)
			kinds[strings.Fields(where)[1]]++
		}
	}
	for _, kind := range []string{"ConfigMap", "Job", "Pod", "Event", "Lease", "DocsRun", "CodeRun", "MemberCluster"} {
		Expect(kinds).To(HaveKey(kind), "where there are none, none was looked at")
	}
	return found
}

// runfleet runs the command as a person does who may do everything, and returns all that it prints.
func runfleet(ns string, args ...string) string {
	GinkgoHelper()
	said := program.Call(hub.KubeconfigPath(), append(args, "-n", ns)...)
	Expect(said.Stdout+said.Stderr).NotTo(BeEmpty(), "%v: %d", args, said.Code)
	return said.Stdout + said.Stderr
}

// hatch puts canaries into every Secret of a namespace on both members.
func hatch(ctx context.Context, ns string) {
	GinkgoHelper()
	lay := func(what string) []byte {
		canaries[what] = bed.Canary(strings.ReplaceAll(what, " ", "-"))
		return canaries[what]
	}
	for _, c := range []*bed.Cluster{east, west} {
		put(ctx, c, ns, "anthropic-api-key", map[string][]byte{"api-key": lay("the API key on " + c.Name())})
		put(ctx, c, ns, "github-token-octo", map[string][]byte{"token": lay("the token on " + c.Name())})
		put(ctx, c, ns, "github-pat-octo", map[string][]byte{"token": lay("the older token on " + c.Name())})
		put(ctx, c, ns, "github-ssh-octo", map[string][]byte{"ssh-privatekey": lay("the ssh key on " + c.Name())})
		put(ctx, c, ns, "github-app-shop", map[string][]byte{"app-id": []byte("1"), "private-key": lay("the App's key on " + c.Name())})
		put(ctx, c, ns, "database", map[string][]byte{"value": lay("the database's on " + c.Name())}, v1.LabelAgents, v1.AgentsAllowed)
		put(ctx, c, ns, "team-closed", map[string][]byte{"value": lay("one that no run may name on " + c.Name())})
	}
}

var _ = Describe("The bytes of a Secret", Ordered, func() {
	var ns string

	BeforeAll(func(ctx SpecContext) {
		ns = newNamespace(ctx)
		hatch(ctx, ns)
	})

	It("F25: are nowhere but in it, whatever becomes of the runs", func(ctx SpecContext) {
		app := func(s *v1.CodeRunSpec) { s.GitHubUser, s.GitHubApp = "", "shop" }
		ssh := func(s *v1.CodeRunSpec) { s.RepositoryURL = v1.RepositoryURL("git@github.com:" + ns + "/over-ssh.git") }
		ended := map[v1.Run]v1.Phase{
			docs(ctx, ns, "shop", "east"):          v1.PhaseSucceeded,
			docs(ctx, ns, "sim-fail-once", "west"): v1.PhaseSucceeded,
			docs(ctx, ns, "sim-oom", "west", func(s *v1.DocsRunSpec) { s.Retry.MaxRetries = new(int32(0)) }): v1.PhaseFailed,
			code(ctx, ns, "over-ssh", "west", ssh):                        v1.PhaseSucceeded,
			code(ctx, ns, "with-app", "east", app):                        v1.PhaseSucceeded,
			code(ctx, ns, "with-env", "east", names("database")):          v1.PhaseSucceeded,
			code(ctx, ns, "refused", "east", names("team-closed")):        v1.PhaseFailed,
			code(ctx, ns, "blind", "west", names("database")):             v1.PhaseFailed,
			code(ctx, ns, "unlisted", "east", names("github-token-octo")): v1.PhaseFailed,
		}
		cancelled := []v1.Run{
			docs(ctx, ns, "sim-hang", "east"), docs(ctx, ns, "sim-no-secret", "west"),
			code(ctx, ns, "absent", "east", func(s *v1.CodeRunSpec) { s.GitHubUser = "stranger" }),
		}
		for run, phase := range ended {
			Eventually(status(ctx, run)).WithTimeout(2*time.Minute).Should(HaveField("Phase", phase), run.GetName())
		}
		for _, run := range cancelled {
			Eventually(status(ctx, run)).Should(HaveField("Attempt", BeEquivalentTo(1)))
			Expect(hub.Patch(ctx, run, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"cancel":true}}`)))).To(Succeed())
			Eventually(status(ctx, run)).Should(HaveField("Phase", v1.PhaseCancelled), run.GetName())
		}
		told := func() (runs int) {
			for _, s := range traces.Spans() {
				if s.Attribute("cicd.pipeline.result") != "" && s.Attribute("k8s.namespace.name") == ns && s.Attribute("cicd.pipeline.task.name") == "" {
					runs++
				}
			}
			return runs
		}
		Eventually(told).Should(Equal(len(ended) + len(cancelled)))
		Expect(scan(ctx)).To(BeEmpty())
	}, SpecTimeout(4*time.Minute))

	It("F25: reach the collector that knows the operator by them", func() {
		Expect(traces.Headers()).To(And(Not(BeEmpty()), HaveEach(
			HaveKeyWithValue("Authorization", ConsistOf(string(canaries["the header for the collector"]))))))
	})

	It("F25: are in nothing that the command prints", func(ctx SpecContext) {
		directory := GinkgoT().TempDir()
		manifest, config := filepath.Join(directory, "run.yaml"), filepath.Join(directory, "config.yaml")
		run := &v1.CodeRun{TypeMeta: metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: "CodeRun"}, ObjectMeta: metav1.ObjectMeta{Name: "fix"}}
		run.Spec = v1.CodeRunSpec{TaskID: new(int64(7)), Service: "fix", Model: "opus", GitHubUser: "octo", RepositoryURL: "example/shop"}
		names("database")(&run.Spec)
		text, err := yaml.Marshal(map[string]any{"apiVersion": run.APIVersion, "kind": run.Kind, "metadata": map[string]any{"name": "fix"}, "spec": run.Spec})
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(manifest, text, 0o600)).To(Succeed())
		Expect(os.WriteFile(config, []byte(settings), 0o600)).To(Succeed())
		token := filepath.Join(directory, "token")
		canaries["a token that is written"] = []byte("ghp_c4n4ry0123456789")
		Expect(os.WriteFile(token, canaries["a token that is written"], 0o600)).To(Succeed())
		for _, line := range []string{
			"get", "get -o wide", "get -o yaml", "get -o json", "get members -o yaml", "orphans --all", "orphans --all -o yaml", "recover",
			"wait shop", "retry refused", "cancel absent",
			"secrets create --all-members --user octo --token-file " + token, "secrets create --all-members --own-contexts --user octo --token-file " + token,
		} {
			Expect(canaries.In("runfleet "+line, runfleet(ns, strings.Fields(line)...))).To(BeEmpty())
		}
		rendered := exec.CommandContext(ctx, program.Path, "render", "-f", manifest, "--config", config)
		out, err := rendered.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s", out)
		Expect(canaries.In("runfleet render", string(out))).To(BeEmpty())
		Expect(scan(ctx)).To(BeEmpty())
	})

	It("F25: are found where they are planted, in every form", func(ctx SpecContext) {
		secret := canaries["the token on east"]
		for how, form := range bed.Forms(secret) {
			Expect(canaries.In("a text", "before"+form+"behind")).To(ContainElement("a text holds the token on east, "+how), form)
		}
		Expect(canaries.In("a text", base64.StdEncoding.EncodeToString(slices.Concat([]byte("x"), secret, []byte("y"))))).NotTo(BeEmpty())
		planted := []client.Object{
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "planted", Namespace: ns}, Data: map[string]string{"a": string(secret)}},
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "binary", Namespace: ns}, BinaryData: map[string][]byte{"a": secret}},
			&corev1.Event{
				ObjectMeta: metav1.ObjectMeta{Name: "planted", Namespace: ns}, Message: "cannot use " + string(secret), Type: "Warning", Reason: "Planted",
				InvolvedObject: corev1.ObjectReference{Namespace: ns},
			},
		}
		for _, c := range []*bed.Cluster{hub, west} {
			for _, o := range planted {
				Expect(c.Create(ctx, o.DeepCopyObject().(client.Object))).To(Succeed())
			}
		}
		found := scan(ctx)
		for _, c := range []*bed.Cluster{hub, west} {
			for _, o := range []string{"ConfigMap " + ns + "/planted", "ConfigMap " + ns + "/binary", "Event " + ns + "/planted"} {
				Expect(found).To(ContainElement(HavePrefix(c.Name() + ": " + o + " holds the token on east")))
			}
			for _, o := range planted {
				Expect(c.Delete(ctx, o.DeepCopyObject().(client.Object))).To(Succeed())
			}
		}
		Expect(scan(ctx)).To(BeEmpty())
	})
})
