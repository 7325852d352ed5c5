package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

const rendered = `apiVersion: orchestrator.platform/v1
kind: DocsRun
metadata: {name: shop}
spec: {repositoryUrl: example/shop, workingDirectory: ., sourceBranch: main, githubUser: octo, promptModification: "Red \e[31m or \u202enot."}
`

func manifestFile(text string) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "run.yaml")
	Expect(os.WriteFile(file, []byte(text), 0o600)).To(Succeed())
	return file
}

var _ = Describe("render", func() {
	It("prints into a pipe what an API server takes, whatever its field validation", func(ctx SpecContext) {
		got := call("", "render", "-f", "../../../docs/examples/coderun.yaml")
		Expect(got.Code).To(BeZero(), got.Stderr)
		n := 0
		for doc := range documents(got.Stdout) {
			o := &unstructured.Unstructured{}
			Expect(yaml.Unmarshal([]byte(doc), &o.Object)).To(Succeed())
			Expect(client.WithFieldValidation(hub, metav1.FieldValidationStrict).Create(ctx, o, client.DryRunAll)).To(Succeed())
			n++
		}
		Expect(n).To(Equal(3))
	})

	It("reads what get prints, with its status", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		name := v1.AttemptName(run.Name, run.UID, 1)
		tell(ctx, run, func(s *v1.RunStatus) {
			s.History = []v1.Transition{{Seq: 1, Time: *at(0), From: v1.PhasePending, On: "ClusterChosen", To: v1.PhaseProvisioning}}
			s.Transitions, s.Phase, s.ContextVersion, s.Attempt, s.Cluster = 1, v1.PhaseProvisioning, 1, 1, "eu-1"
			s.Attempts = []v1.Attempt{{
				Number: 1, ContextVersion: 1, Cluster: "eu-1", JobName: name, ConfigMapName: name, DeadlineSeconds: 7200,
				CreatedAt: at(1), StartBefore: at(-9), TemplateDigest: "another",
			}}
		})
		cmd := command("", "render", "-f", "-", "--hub-uid", "of-the-hub")
		cmd.Stdin = strings.NewReader(callLine(ns, "get docsrun/shop -o yaml").Stdout)
		got := finish(cmd)
		Expect(got.Code).To(BeZero(), got.Stderr)
		Expect(got.Stdout).To(And(ContainSubstring("\n  name: "+name+"\n  namespace: "+ns+"\n"), ContainSubstring("\n    orchestrator.platform/hub: of-the-hub\n"),
			ContainSubstring("\n    orchestrator.platform/run-uid: "+string(run.UID)+"\n")))
		Expect(got.Stderr).To(And(HavePrefix("Attempt 1 of docsrun/shop in namespace "+ns+", on member eu-1\n"),
			ContainSubstring("Made up, as no cluster was asked:\n  the image registry.example.com/agent:1.0.0\nWarning: attempt 1 was made with other templates or settings")))
	})

	It("shows files as they are read on a terminal, with nothing that commands it, and fits", func() {
		file := manifestFile(rendered)
		text := newScreen(120, 50).call("", "render --attempt 2 -f "+file, "NO_COLOR=1")
		Expect(text).To(And(
			HavePrefix("Attempt 2 of docsrun/shop in namespace default, on member member-1\nOBJECT OR FILE "),
			ContainSubstring("\n--- /config/prompt.md\n"), ContainSubstring("Red [U+001B][31m or [U+202E]not."),
			ContainSubstring("\n- Attempt 1 ended as AgentError."), ContainSubstring("\n--- job/shop-00000000-2\napiVersion: batch/v1\n"),
			ContainSubstring("\nMade up, as no cluster was asked:\n"), Not(ContainSubstring("\x1b")), Not(ContainSubstring("\u202e"))))
		table, _, _ := strings.Cut(text, "\n\n")
		for _, width := range []uint16{60, 80} {
			narrow, _, _ := strings.Cut(newScreen(width, 50).call("", "render --attempt 2 -f "+file, "NO_COLOR=1"), "\n\n")
			Expect(strings.Count(narrow, "\n")).To(Equal(strings.Count(table, "\n")))
			for line := range strings.SplitSeq(narrow, "\n") {
				if !strings.HasPrefix(line, "Attempt ") {
					Expect(len([]rune(line))).To(BeNumerically("<=", width), line)
				}
			}
		}
		Expect(newScreen(120, 50).call("", "render -f "+file)).To(And(
			HavePrefix("\x1b[1mAttempt 1 of"), ContainSubstring("\n\x1b[36m--- /config/prompt.md\x1b[0m\n")))
	})
})

var _ = Describe("network-policy", func() {
	It("prints what an API server takes, into the namespace of its flag or into the one of kubectl", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		everything := strings.Fields("network-policy --egress public --egress 10.1.2.0/24:443,3000 --egress 2001:db8::/32 --egress 0.0.0.0/0 --egress ::/0")
		for _, args := range [][]string{{"network-policy", "-n", ns}, everything} {
			got := call("", args...)
			Expect(got.Code).To(BeZero(), got.Stderr)
			policy := &networkingv1.NetworkPolicy{}
			Expect(yaml.UnmarshalStrict([]byte(got.Stdout), policy)).To(Succeed())
			policy.Namespace = cmp.Or(policy.Namespace, newNamespace(ctx))
			sent := policy.DeepCopy()
			Expect(client.WithFieldValidation(hub, metav1.FieldValidationStrict).Create(ctx, policy)).To(Succeed())
			Expect(policy.Spec).To(Equal(sent.Spec), "the API server adds nothing")
		}
		Expect(hub.Get(ctx, client.ObjectKey{Namespace: ns, Name: "runfleet-agents"}, &networkingv1.NetworkPolicy{})).To(Succeed())
	})
})

var _ = Describe("diff", func() {
	It("is coloured on a terminal, and nowhere else", func() {
		file := manifestFile(rendered)
		other := manifestFile(strings.Replace(rendered, "sourceBranch: main", "sourceBranch: develop", 1))
		piped := call("", "diff", "-f", file, "-f", other)
		Expect(piped).To(And(HaveField("Code", 1), HaveField("Stdout", Not(ContainSubstring("\x1b[1m")))))
		s := newScreen(120, 50)
		cmd := s.start("", "diff -f "+file+" -f "+other)
		Expect(cmd.Wait()).To(MatchError("exit status 1"))
		Eventually(s.text).Should(And(ContainSubstring("\x1b[1m--- /config/prompt.md\t("+file+")\x1b[0m\n"), ContainSubstring("\n\x1b[32m+")))
	})
})
