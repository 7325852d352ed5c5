//go:build e2e

package runs

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/forge"
)

var _ = Describe("A run whose agent", func() {
	It("changes nothing has succeeded if it documents, and has not if it implements", func(ctx SpecContext) {
		w := newScene(ctx, "nothing", tasks)
		docs, code := w.docs("docs", "nothing"), w.code("code", "nothing")
		Expect(w.await(docs, v1.PhaseSucceeded)).To(HaveField("Reason", v1.ReasonNoChanges))
		Expect(w.await(code, v1.PhaseFailed)).To(HaveField("Reason", string(v1.ClassNoPullRequest)))
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
		run := w.code("code", "refuse", func(r *v1.CodeRun) { r.Spec.Retry.MaxRetries = new(int32(1)) })
		s := w.await(run, v1.PhaseFailed)
		Expect(s).To(And(HaveField("Reason", string(v1.ClassAgentError)), HaveField("Attempts", HaveLen(2))))
		requests := asked("refuse")
		Expect(string(requests[0].Body)).NotTo(ContainSubstring("attempt 1"))
		Expect(string(requests[len(requests)-1].Body)).To(ContainSubstring("AgentError"), "the second attempt is told of the first")
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
		run := w.code("code", "implement", func(r *v1.CodeRun) { r.Spec.GitHubUser = "late-bot" })
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
