//go:build e2e

package runs

import (
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// What the agents of these specs are told to do.
var _ = func() bool {
	plays["logs-done"] = model.Play{
		{Say: "I write the service.", Calls: []model.Call{write("shop/main.go", "package main\n"+strings.Repeat("// It is long.\n", 4000))}},
		{Say: "I look at it.", Calls: []model.Call{bash("echo broken; exit 3")}},
		{Say: "It is implemented."},
	}
	plays["logs-refused"] = model.Play{{Fail: 500}}
	return true
}()

var _ = Describe("runfleet logs", func() {
	It("follows an agent to its end, tells what it said afterwards, and how it ended when its pod is gone", func(ctx SpecContext) {
		w := newScene(ctx, "logs", tasks)
		kubeconfig := ownContexts()
		call := func(args ...string) *exec.Cmd {
			return exec.Command(program.Path, append([]string{"logs", "-n", w.name, "--kubeconfig", kubeconfig}, args...)...)
		}
		run := w.code("first", "logs-done")
		follows, err := gexec.Start(call("-f", "cr/first", "--own-contexts"), GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { follows.Kill().Wait() })
		Eventually(func() string { return string(follows.Out.Contents()) }).Should(ContainSubstring("\nI write the service.\n"))
		s := w.await(run, v1.PhaseSucceeded)
		Eventually(follows).Should(gexec.Exit(0))
		told := string(follows.Out.Contents())
		Expect(told).To(And(
			HavePrefix("coderun/first, attempt 1 on "+s.Cluster+"\n"), ContainSubstring("\nI write the service.\n  Write main.go\n"),
			ContainSubstring("\nI look at it.\n  Bash echo broken; exit 3\n    Bash failed: Exit code 3 broken\n\nIt is implemented.\n"), MatchRegexp(`\ndone\n\d+ turns, \$\d`),
			ContainSubstring("\ncontainer.sh: succeeded: The agent is done.\n"), ContainSubstring("\nattempt 1: Succeeded, "), ContainSubstring("\n  "+s.PullRequestURL+"\n"),
		))

		Expect(printed(call("first", "--own-contexts"))).To(HavePrefix(strings.Split(told, "\nattempt 1: ")[0]), "what there is afterwards is the same")
		raw := printed(call("first", "--own-contexts", "--raw"))
		Expect(raw).To(And(ContainSubstring(`"type":"result"`), HaveSuffix("container.sh: succeeded: The agent is done.\n")))
		Expect(string(refused(call("first")))).To(ContainSubstring("ClusterRole runfleet-logs"), "the operator's user has no right to it")

		member := map[string]*bed.Cluster{east.Name(): east, west.Name(): west}[s.Cluster]
		Expect(member.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(w.name), client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())})).To(Succeed())
		Eventually(func() string { return printed(call("first", "--own-contexts")) }).Should(And(
			Not(ContainSubstring("I write")), ContainSubstring("\nattempt 1: Succeeded, "), ContainSubstring("\n  its pod and its log are gone; ")))
	}, SpecTimeout(6*time.Minute))

	It("goes on with the next attempt, and ends as the run does", func(ctx SpecContext) {
		w := newScene(ctx, "logs-again", tasks)
		run := w.docs("twice", "logs-refused", func(r *v1.DocsRun) { r.Spec.Retry.MaxRetries = new(int32(1)) })
		c := exec.Command(program.Path, "logs", "-f", "twice", "-n", w.name, "--kubeconfig", ownContexts(), "--own-contexts")
		follows, err := gexec.Start(c, GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { follows.Kill().Wait() })
		w.await(run, v1.PhaseFailed)
		Eventually(follows).Should(gexec.Exit(3))
		Expect(string(follows.Out.Contents())).To(MatchRegexp(
			`(?s)^docsrun/twice, attempt 1 on .*\nended with .*\nattempt 1: AgentError, .*\n\ndocsrun/twice, attempt 2 on .*\nattempt 2: AgentError, `))
	}, SpecTimeout(6*time.Minute))
})

// printed is what a call says that succeeds.
func printed(c *exec.Cmd) string {
	GinkgoHelper()
	out, err := c.Output()
	Expect(err).NotTo(HaveOccurred())
	return string(out)
}

// refused is what a call says that does not.
func refused(c *exec.Cmd) []byte {
	GinkgoHelper()
	out, err := c.CombinedOutput()
	Expect(err).To(HaveOccurred())
	return out
}

// ownContexts is the kubeconfig of a person who administers the hub and has a context for each member.
func ownContexts() string {
	GinkgoHelper()
	k := clientcmdapi.NewConfig()
	for name, c := range map[string]*bed.Cluster{"hub": hub, east.Name(): east, west.Name(): west} {
		one, err := clientcmd.Load(bed.KubeconfigOf(c.Admin, ""))
		Expect(err).NotTo(HaveOccurred())
		context := one.Contexts[one.CurrentContext]
		k.Clusters[name], k.AuthInfos[name] = one.Clusters[context.Cluster], one.AuthInfos[context.AuthInfo]
		k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	k.CurrentContext = "hub"
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(*k, file)).To(Succeed())
	return file
}
