//go:build e2e

package runs

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/forge"
)

func retried(r *v1.CodeRun) { r.Spec.Retry.MaxRetries = new(int32(1)) }

// kill ends the first process of a pod's container, and with it all of them, as the kernel does for want of memory: none of
// them can say goodbye.
func kill(pod corev1.Pod) {
	GinkgoHelper()
	_, id, _ := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	Expect(id).NotTo(BeEmpty())
	processes, err := filepath.Glob("/proc/[0-9]*")
	Expect(err).NotTo(HaveOccurred())
	for _, p := range processes { // of which some end meanwhile
		group, _ := os.ReadFile(filepath.Join(p, "cgroup"))
		status, _ := os.ReadFile(filepath.Join(p, "status"))
		if strings.Contains(string(group), id) && pid1.Match(status) {
			pid, err := strconv.Atoi(filepath.Base(p))
			Expect(err).NotTo(HaveOccurred())
			Expect(syscall.Kill(pid, syscall.SIGKILL)).To(Succeed())
			return
		}
	}
	Fail("there is no process of container " + id)
}

// pid1 matches the status of a process that is the first one of a container.
var pid1 = regexp.MustCompile(`(?m)^NSpid:.*\t1$`)

var _ = Describe("A run whose agent", func() {
	It("is killed before it can say how it ended has left no outcome", func(ctx SpecContext) {
		w := newScene(ctx, "killed", tasks)
		run := w.code("code", "hang")
		kill(w.pods(byName[w.await(run, v1.PhaseRunning).Cluster], run)[0])
		s := w.await(run, v1.PhaseFailed)
		Expect(s).To(And(HaveField("Reason", string(v1.ClassOutcomeMissing)), HaveField("Message", ContainSubstring("without a readable outcome")),
			HaveField("Attempts", HaveExactElements(HaveField("ExitCode", HaveValue(BeEquivalentTo(137)))))))
	}, SpecTimeout(5*time.Minute))

	It("changes nothing has succeeded if it documents, and has not if it implements", func(ctx SpecContext) {
		w := newScene(ctx, "nothing", tasks)
		docs, code := w.docs("docs", "nothing"), w.code("code", "idle", retried)
		Expect(w.await(docs, v1.PhaseSucceeded)).To(HaveField("Reason", v1.ReasonNoChanges))
		Expect(w.await(code, v1.PhaseFailed)).To(And(HaveField("Reason", string(v1.ClassNoPullRequest)), HaveField("Attempts", HaveLen(2))))
		Expect(asked("idle")).To(And(HaveEach(HaveField("Turn", 0)), HaveLen(2)))
		Expect(string(asked("idle")[0].Body)).NotTo(ContainSubstring("Attempt 1"))
		Expect(string(asked("idle")[1].Body)).To(ContainSubstring("Attempt 1 ended as NoPullRequest"))
		Expect(repos.Pulls(w.repo)).To(BeEmpty())
	}, SpecTimeout(5*time.Minute))

	It("has no task fails before the model is asked, and is not tried again", func(ctx SpecContext) {
		w := newScene(ctx, "taskless", map[string]string{"README.md": "# Shop\n"})
		run := w.docs("docs", "taskless", func(r *v1.DocsRun) { r.Spec.Retry.MaxRetries = new(int32(2)) })
		s := w.await(run, v1.PhaseFailed)
		Expect(s).To(And(HaveField("Reason", string(v1.ClassPrerequisiteMissing)), HaveField("Message", ContainSubstring(".taskmaster/tasks/tasks.json")),
			HaveField("Attempts", HaveExactElements(HaveField("ExitCode", HaveValue(BeEquivalentTo(78)))))))
		Expect(asked("taskless")).To(BeEmpty())
	}, SpecTimeout(5*time.Minute))

	It("gets no answer from the model is tried again with what happened, and then it is enough", func(ctx SpecContext) {
		w := newScene(ctx, "refused", tasks)
		s := w.await(w.code("code", "falter", retried), v1.PhaseFailed)
		Expect(s).To(And(HaveField("Reason", string(v1.ClassAgentError)), HaveField("Attempts", HaveLen(2))))
		Expect(s.Attempts[1].JobUID).NotTo(Or(BeEmpty(), Equal(s.Attempts[0].JobUID)))
		var openings []string // of the two attempts
		for _, r := range asked("falter") {
			if r.Turn == 0 {
				openings = append(openings, string(r.Body))
			}
		}
		Expect(openings).To(HaveExactElements(
			Not(Or(ContainSubstring("Attempt 1"), ContainSubstring("I do half of it."))),
			And(ContainSubstring("Attempt 1 ended as AgentError"), ContainSubstring("I do half of it."))))
	}, SpecTimeout(6*time.Minute))

	It("is cancelled in the middle of a command ends in time, and its work is pushed", func(ctx SpecContext) {
		w := newScene(ctx, "cancelled", tasks)
		run := w.code("code", "sleep")
		Eventually(func() int { return len(asked("sleep")) }).Should(Equal(2), "it executes the command then")
		w.await(run, v1.PhaseRunning)
		start := time.Now()
		Expect(hub.Patch(ctx, run, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"cancel":true}}`)))).To(Succeed())
		s := w.await(run, v1.PhaseCancelled)
		Expect(time.Since(start)).To(BeNumerically("<", 60*time.Second))
		Expect(w.changed(s.Branch)).To(ContainElement("shop/half.go"))
		Expect(w.git("log", "-1", "--format=%s", s.Branch)).To(ContainSubstring("partial"))
		Expect(repos.Pulls(w.repo)).To(BeEmpty())
	}, SpecTimeout(5*time.Minute))

	It("misses a Secret waits for it and says what to create, and goes on when it is there", func(ctx SpecContext) {
		w := newScene(ctx, "secretless", tasks)
		run := w.code("code", "add-test", func(r *v1.CodeRun) { r.Spec.GitHubUser = "late-bot" })
		Eventually(func() (v1.RunStatus, error) {
			return run.Status, hub.Get(ctx, client.ObjectKeyFromObject(run), run)
		}).Should(HaveField("Conditions", ContainElement(And(HaveField("Type", v1.ConditionInputsReady), HaveField("Reason", v1.ReasonSecretMissing),
			HaveField("Message", And(ContainSubstring("github-ssh-late-bot"), ContainSubstring("runfleet secrets create")))))))
		Expect(run.Status.Phase).To(Equal(v1.PhaseProvisioning))
		w.secret("github-ssh-late-bot", map[string]string{"ssh-privatekey": string(repos.Key)})
		w.secret("github-token-late-bot", map[string]string{"token": forge.Token})
		Eventually(func() (v1.Phase, error) {
			return run.Status.Phase, hub.Get(ctx, client.ObjectKeyFromObject(run), run)
		}, "4m").Should(Equal(v1.PhaseSucceeded))
		Expect(run.Status.Attempts).To(HaveLen(1))
	}, SpecTimeout(7*time.Minute))
})
