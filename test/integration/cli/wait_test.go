package cli

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// working are the phases up to an agent at work.
var working = []v1.Phase{v1.PhaseProvisioning, v1.PhaseRunning}

var _ = Describe("wait", func() {
	It("tells each phase, and ends with the pull request", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		s := begin(ns, "wait", "shop")
		told := "docsrun/shop  Pending\n"
		Eventually(said(s)).Should(Equal(told))
		lead(ctx, run, v1.PhaseProvisioning)
		told += "docsrun/shop  Provisioning  attempt 1 on eu-1\n"
		Eventually(said(s)).Should(Equal(told))
		tell(ctx, run, func(s *v1.RunStatus) { s.Message = "still" }) // no new phase, so no line
		lead(ctx, run, v1.PhaseRunning)
		told += "docsrun/shop  Running       attempt 1 on eu-1\n"
		Eventually(said(s)).Should(Equal(told))
		tell(ctx, run, func(s *v1.RunStatus) { s.PullRequestURL = "https://github.com/example/shop/pull/9" })
		lead(ctx, run, v1.PhaseSucceeded)
		Eventually(s).Should(gexec.Exit(0))
		Expect(out(s)()).To(Equal("docsrun/shop  Succeeded     https://github.com/example/shop/pull/9\n"))
		Expect(said(s)()).To(Equal(told))
	})

	DescribeTable("exits by the outcome of a run that has ended", func(ctx SpecContext, exit int, want string, phases ...v1.Phase) {
		ns := newNamespace(ctx)
		run := code(ctx, ns, "auth", phases...)
		tell(ctx, run, func(s *v1.RunStatus) { s.Reason, s.Message = "OOMKilled", "exit code 137" })
		Expect(callLine(ns, "wait auth")).To(Equal(result{exit, want, ""}))
	},
		Entry("Succeeded", 0, "coderun/auth  Succeeded     OOMKilled: exit code 137\n", v1.PhaseProvisioning, v1.PhaseSucceeded),
		Entry("Failed", 3, "coderun/auth  Failed        OOMKilled: exit code 137\n", v1.PhaseProvisioning, v1.PhaseFailed),
		Entry("Cancelled", 4, "coderun/auth  Cancelled     OOMKilled: exit code 137\n", v1.PhaseCancelled),
	)

	It("exits with 5 when it takes too long", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop", working...)
		docs(ctx, ns, "fine", v1.PhaseProvisioning, v1.PhaseSucceeded)
		Expect(callLine(ns, "wait fine shop --timeout=1s")).To(Equal(result{5, "docsrun/fine  Succeeded     it is Succeeded\n",
			"docsrun/shop  Running       attempt 1 on eu-1\nrunfleet: after 1s: docsrun/shop is Running\n"}))
	})

	It("exits with 6 when the run is not there, or goes", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		Expect(callLine(ns, "wait shop").Code).To(Equal(6))
		run := docs(ctx, ns, "shop", working...)
		s := begin(ns, "wait", "dr/shop")
		Eventually(said(s)).Should(ContainSubstring("Running"))
		Expect(hub.Delete(ctx, run)).To(Succeed())
		Eventually(s).Should(gexec.Exit(6))
		Expect(out(s)()).To(Equal("docsrun/shop  Deleted\n"))
	})

	It("waits for several, of both kinds, and exits with the highest code", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		one := docs(ctx, ns, "shop", working...)
		two := code(ctx, ns, "shop", working...)
		three := code(ctx, ns, "auth", working...)
		docs(ctx, ns, "nobody-asked", v1.PhaseCancelled)
		s := begin(ns, "wait", "dr/shop", "cr/shop", "auth")
		Eventually(said(s)).Should(And(ContainSubstring("docsrun/shop"), ContainSubstring("coderun/shop"), ContainSubstring("coderun/auth")))
		lead(ctx, two, v1.PhaseFailed)
		Eventually(out(s)).Should(Equal("coderun/shop  Failed        it is Failed\n"))
		lead(ctx, one, v1.PhaseStopping, v1.PhaseCancelled)
		Eventually(out(s)).Should(HaveSuffix("docsrun/shop  Cancelled     it is Cancelled\n"))
		Consistently(s, "200ms").ShouldNot(gexec.Exit())
		lead(ctx, three, v1.PhaseSucceeded)
		Eventually(s).Should(gexec.Exit(4))
	})

	It("ends at the phase that was asked for", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		s := begin(ns, "wait", "shop", "--for=running")
		Eventually(said(s)).Should(ContainSubstring("Pending"))
		lead(ctx, run, working...)
		Eventually(s).Should(gexec.Exit(0))
		Expect(out(s)()).To(Equal("docsrun/shop  Running       attempt 1 on eu-1\n"))

		lead(ctx, run, v1.PhaseSucceeded)
		Expect(callLine(ns, "wait shop --for=Running").Code).To(Equal(0), "it has run, says its history")
		Expect(callLine(ns, "wait shop --for=Failed").Code).To(Equal(1))
	})

	It("believes no end that is of the version before", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseFailed)
		Expect(callLine(ns, "retry shop").Code).To(Equal(0))
		s := begin(ns, "wait", "shop")
		Eventually(said(s)).Should(Equal("docsrun/shop  Failed        it is Failed\n"))
		Consistently(s, "200ms").ShouldNot(gexec.Exit())
		reread(ctx, run)
		lead(ctx, run, v1.PhaseRetrying, v1.PhaseProvisioning, v1.PhaseSucceeded)
		Eventually(s).Should(gexec.Exit(0))
	})

	It("does not take a new run of the same name for the old one", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", working...)
		cut := proxied()
		s := begin(ns, "wait", "shop", "--kubeconfig="+cut.kubeconfig)
		Eventually(said(s)).Should(ContainSubstring("Running"))
		cut.refuse()
		Expect(hub.Delete(ctx, run)).To(Succeed())
		docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseSucceeded)
		cut.accept()
		Eventually(s).Should(gexec.Exit(6))
	})

	It("goes on when the connection breaks, and says so once", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", working...)
		cut := proxied()
		s := begin(ns, "wait", "shop", "--kubeconfig="+cut.kubeconfig)
		Eventually(said(s)).Should(ContainSubstring("Running"))
		cut.refuse()
		Eventually(said(s)).Should(ContainSubstring("lost sight of the docsruns, trying again: "))
		tell(ctx, run, func(s *v1.RunStatus) { s.Phase = v1.PhaseFailed })
		Consistently(s, "1500ms").ShouldNot(gexec.Exit())
		cut.accept()
		Eventually(s).Should(gexec.Exit(3))
		Expect(said(s)()).To(MatchRegexp(`^docsrun/shop  Running [^\n]*\nlost sight [^\n]*\n$`))
	})

	It("is interrupted without a word", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop", working...)
		s := begin(ns, "wait", "shop")
		Eventually(said(s)).Should(ContainSubstring("Running"))
		told := said(s)()
		Eventually(s.Interrupt()).Should(gexec.Exit(130))
		Expect(said(s)()).To(Equal(told))
	})

	It("needs to see no other run than the one it waits for", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseFailed)
		allow(ctx, ns, "nobody", "docsruns", "shop", "get", "list", "watch")
		Expect(callLine(ns, "wait dr/shop --context=nobody")).To(Equal(result{3, "docsrun/shop  Failed        it is Failed\n", ""}))
		Expect(client.IgnoreNotFound(hub.Delete(ctx, run))).To(Succeed())
	})
})
