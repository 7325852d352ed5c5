//go:build e2e

package runs

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// What the agent says and writes into its memory in the play "implement".
const said, remembered = "I write the service.", "Cards are charged once."

var _ = Describe("A run with a real agent", func() {
	It("documents tasks over HTTPS, and opens a pull request with exactly that", Label(anywhere), func(ctx SpecContext) {
		w := newScene(ctx, "documents", tasks)
		run := w.docs("first", "document")
		s := w.await(run, v1.PhaseSucceeded)
		pulls := repos.Pulls(w.repo)
		Expect(pulls).To(HaveExactElements(And(HaveField("Base", "main"), HaveField("Head", s.Branch), HaveField("URL", s.PullRequestURL))))
		Expect(w.changed(s.Branch)).To(ConsistOf(".taskmaster/docs/task-2/task.md", ".taskmaster/docs/task-2/acceptance-criteria.md"))
		Expect(s.SessionID).NotTo(BeEmpty())
		Expect(*s.Usage).To(And(HaveField("Turns", BeNumerically(">", 0)), HaveField("OutputTokens", BeNumerically(">", 0)), HaveField("CostUSD", Not(BeEmpty()))))
	}, SpecTimeout(5*time.Minute))

	It("implements a task over SSH, and the next run of the service goes on where it was, each agent in its own run's trace", Label(anywhere), func(ctx SpecContext) {
		w := newScene(ctx, "implements", tasks)
		first := w.code("first", "implement")
		w.await(first, v1.PhaseRunning)
		second := w.code("second", "go-on", func(r *v1.CodeRun) { r.Spec.ContinueSession = true })
		Eventually(w.status(second)).Should(And(HaveField("Phase", v1.PhasePending), HaveField("Conditions", ContainElement(And(
			HaveField("Reason", v1.ReasonWorkspaceBusy), HaveField("Message", ContainSubstring("first")))))))
		s := w.await(first, v1.PhaseSucceeded)
		Expect(s.Branch).To(Equal("feature/task-1-implementation"))
		Expect(w.changed(s.Branch)).To(ContainElement("shop/main.go"))
		Expect(repos.Pulls(w.repo)).To(HaveExactElements(And(HaveField("Base", "main"), HaveField("Body", ContainSubstring("Pays by card.")))))

		next := w.await(second, v1.PhaseSucceeded)
		Expect(next.Cluster).To(Equal(s.Cluster), "where the workspace is")
		Expect(next.PullRequestURL).To(Equal(s.PullRequestURL), "it is the same branch")
		Expect(w.changed(s.Branch)).To(ContainElements("shop/main.go", "shop/main_test.go"))
		Expect(next.Attempts[0].CreatedAt.Time).To(BeTemporally(">", s.FinishedAt.Time))
		before, resumed := asked("implement"), string(asked("go-on")[0].Body)
		Expect(resumed).To(ContainSubstring(said), "the session was resumed")
		Expect(string(before[len(before)-1].Body)).NotTo(ContainSubstring(remembered), "the session itself does not hold it")
		Expect(resumed).To(ContainSubstring(remembered), "the agent's memory was kept")

		w.joined(first, 1)
		w.joined(second, 1) // though it goes on with a session that was another trace's
		w.await(w.code("third", "begin-anew", func(r *v1.CodeRun) { r.Spec.OverwriteMemory = true }), v1.PhaseSucceeded)
		anew := string(asked("begin-anew")[0].Body)
		Expect(anew).NotTo(Or(ContainSubstring(said), ContainSubstring(remembered)))
	}, SpecTimeout(8*time.Minute))
})
