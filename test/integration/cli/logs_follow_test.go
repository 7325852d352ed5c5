package cli

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("logs -f", func() {
	BeforeEach(beLocalMember)

	It("follows the agent, attempt after attempt, and exits as the run ends", func(ctx SpecContext) {
		ns, one, two := newNamespace(ctx), newKubelet(ctx), newKubelet(ctx)
		run := code(ctx, ns, "auth")
		s := begin(ns, "logs", "-f", "auth")
		Eventually(said(s)).Should(Equal("coderun/auth is Pending\n"))
		placed(ctx, run, 1, "local")
		Eventually(said(s)).Should(HaveSuffix("coderun/auth is Provisioning: SecretMissing: create it\n"))
		first := one.pod(ctx, run, 1, waits)
		becomes(ctx, run, started) // and the node is slow to say so
		one.write(clones, begins)
		one.state(ctx, first, runs)
		lead(ctx, run, v1.PhaseRunning)
		told := "coderun/auth, attempt 1 on local\n" + begun
		Eventually(out(s)).Should(Equal(told))
		one.write(writes, ends)
		told = "coderun/auth, attempt 1 on local\n" + complete
		Eventually(out(s)).Should(Equal(told))
		one.state(ctx, first, exited)
		one.close()
		becomes(ctx, run, failed)
		lead(ctx, run, v1.PhaseRetrying)
		told += "attempt 1: AgentError, exit code 1, MOMENT\n  attempt on local: it broke\n"
		Eventually(func() string { return stampless(out(s)()) }).Should(Equal(told))

		two.pod(ctx, run, 2, exited)
		two.write(clones)
		two.close()
		placed(ctx, run, 2, "local")
		becomes(ctx, run, started)
		told += "\ncoderun/auth, attempt 2 on local\n" + clones + "\n"
		Eventually(func() string { return stampless(out(s)()) }).Should(Equal(told))
		becomes(ctx, run, failed)
		lead(ctx, run, v1.PhaseFailed)
		Eventually(s).Should(gexec.Exit(3))
		Expect(stampless(out(s)())).To(Equal(told + "attempt 2: AgentError, exit code 1, MOMENT\n  attempt on local: it broke\n"))
		Expect(said(s)()).To(HaveSuffix("coderun/auth is Failed: it is Failed\n"))

		again := callLine(ns, "logs auth -f --attempt 1") // of a run that has ended it is all there is
		Expect(again.Code).To(Equal(3))
		Expect(stampless(again.Stdout)).To(Equal(stampless(out(s)())))
	})

	It("loses no line and shows none twice when the connection to the member breaks", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		pod := node.pod(ctx, run, 1, runs)
		node.write(clones)
		s := begin(ns, "logs", "-f", "shop", "--raw")
		Eventually(out(s)).Should(Equal(clones + "\n"))
		node.cut()
		Eventually(said(s)).Should(MatchRegexp(`\nlost sight of the log of attempt 1, trying again: .*\n$`))
		node.write(begins)
		Eventually(out(s)).Should(Equal(clones + "\n" + begins + "\n"))
		Expect(node.times()).To(Equal(2))
		node.write(ends)
		node.state(ctx, pod, exited)
		node.close()
		becomes(ctx, run, succeeded)
		lead(ctx, run, v1.PhaseSucceeded)
		Eventually(s).Should(gexec.Exit(0))
		Expect(out(s)()).To(Equal(clones + "\n" + begins + "\n" + ends + "\n"))
	})

	It("does not wait for a log that never ends of an attempt that has ended", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		node.pod(ctx, run, 1, runs)
		node.write(clones)
		s := begin(ns, "logs", "-f", "shop")
		Eventually(out(s)).Should(HaveSuffix(clones + "\n"))
		becomes(ctx, run, func(a *v1.Attempt) { a.EndedAt, a.EndedBy, a.Class = at(0), v1.EndFenced, v1.ClassClusterLost })
		lead(ctx, run, v1.PhaseFailed)
		Eventually(s, 2*patience).Should(gexec.Exit(3))
		Expect(said(s)()).To(ContainSubstring("the log of attempt 1 is not complete: "))
		Expect(stampless(out(s)())).To(HaveSuffix("attempt 1: ClusterLost, MOMENT\n"))
	})

	It("is interrupted without a word, and ends when the run is deleted", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		node.pod(ctx, run, 1, runs)
		node.write(clones)
		one, two := begin(ns, "logs", "-f", "shop"), begin(ns, "logs", "-f", "shop")
		for _, s := range []*gexec.Session{one, two} {
			Eventually(out(s)).Should(HaveSuffix(clones + "\n"))
		}
		Eventually(one.Interrupt()).Should(gexec.Exit(130))
		Expect(said(one)()).To(BeEmpty())
		Expect(hub.Delete(ctx, run)).To(Succeed())
		Eventually(two).Should(gexec.Exit(6))
		Expect(said(two)()).To(Equal("runfleet: docsrun/shop was deleted meanwhile\n"))
	})
})
