//go:build e2e

package runs

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("A run with a real agent", func() {
	It("documents tasks over HTTPS, and opens a pull request with exactly that", func(ctx SpecContext) {
		w := newScene(ctx, "documents", tasks)
		run := w.docs("first", "document")
		s := w.await(run, v1.PhaseSucceeded)
		pulls := repos.Pulls(w.repo)
		Expect(pulls).To(HaveExactElements(And(HaveField("Base", "main"), HaveField("Head", s.Branch), HaveField("URL", s.PullRequestURL))))
		Expect(w.changed(s.Branch)).To(ConsistOf(".taskmaster/docs/task-2/task.md", ".taskmaster/docs/task-2/acceptance-criteria.md"))
		Expect(s.SessionID).NotTo(BeEmpty())
		Expect(*s.Usage).To(And(HaveField("Turns", BeNumerically(">", 0)), HaveField("OutputTokens", BeNumerically(">", 0)), HaveField("CostUSD", Not(BeEmpty()))))
	}, SpecTimeout(5*time.Minute))

	It("implements a task over SSH, and the next run of the service goes on where it was", func(ctx SpecContext) {
		w := newScene(ctx, "implements", tasks)
		first := w.code("first", "implement")
		second := w.code("second", "go-on", func(r *v1.CodeRun) { r.Spec.ContinueSession = true })
		s := w.await(first, v1.PhaseSucceeded)
		Expect(s.Branch).To(Equal("feature/task-1-implementation"))
		Expect(w.changed(s.Branch)).To(ContainElement("shop/main.go"))
		Expect(repos.Pulls(w.repo)).To(HaveExactElements(And(HaveField("Base", "main"), HaveField("Body", ContainSubstring("Pays by card.")))))

		next := w.await(second, v1.PhaseSucceeded)
		Expect(next.Cluster).To(Equal(s.Cluster), "where the workspace is")
		Expect(next.PullRequestURL).To(Equal(s.PullRequestURL), "it is the same branch")
		Expect(w.changed(s.Branch)).To(ContainElements("shop/main.go", "shop/main_test.go"))
		resumed := string(asked("go-on")[0].Body)
		Expect(resumed).To(ContainSubstring("I write the service."), "the session was resumed")
		Expect(resumed).To(ContainSubstring("Cards are charged once."), "the agent's memory was kept")
	}, SpecTimeout(8*time.Minute))
})
