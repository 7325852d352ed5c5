package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// cancelled asserts that nothing of a run executes any more, and that nothing will.
func (w *scene) cancelled(run v1.Run, attempts int) v1.RunStatus {
	w.ask(run, func() { run.RunSpec().Cancel = true })
	s := w.await(run, v1.PhaseCancelled)
	w.Expect(s).To(And(be(v1.PhaseCancelled, v1.ReasonCancelled), HaveField("Attempts", HaveLen(attempts)),
		HaveField("FinishedAt", Not(BeNil()))))
	for _, j := range w.jobs(run) {
		w.Expect(j.Status.Active).To(BeZero())
	}
	w.Consistently(w.status(run)).Should(be(v1.PhaseCancelled))
	w.Expect(len(w.jobs(run))).To(BeNumerically("<=", attempts))
	return s
}

var _ = Describe("A run that is cancelled", func() {
	Story("behaviour 54: while Pending never touches a member", func(w *scene) {
		run := w.docs("sim-hang", on[*v1.DocsRun]("nowhere"))
		w.Eventually(w.status(run)).Should(be(v1.PhasePending, v1.ReasonNoCandidate))
		w.cancelled(run, 0)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})

	Story("behaviour 54: while Provisioning ends before its agent starts", func(w *scene) {
		run := w.docs("sim-never-starts")
		w.Eventually(w.pods).WithArguments(run).Should(HaveLen(1))
		s := w.cancelled(run, 1)
		w.Expect(s.Attempts[0]).To(And(HaveField("Class", v1.ClassStopped), HaveField("StartSeenAt", BeNil())))
	})

	Story("behaviour 54: while Running ends its agent, which may still say how far it came", func(w *scene) {
		run := w.code("stopped", "sim-hang")
		w.await(run, v1.PhaseRunning)
		s := w.cancelled(run, 1)
		w.Expect(trail(s)).To(HaveExactElements(happy[0], happy[1], happy[2], "Running CancelRequested Stopping", "Stopping AgentGone Cancelled"))
		w.Expect(s.Attempts[0]).To(And(HaveField("Class", v1.ClassStopped), HaveField("ExitCode", Equal(new(int32(143)))),
			HaveField("EndedBy", v1.EndJobFinished), HaveField("Message", ContainSubstring("the run was cancelled"))))
		w.Expect(s.Usage).To(HaveField("CostUSD", "0.1700"))
		w.Expect(w.pods(run)).To(HaveLen(1), "the pod and its logs stay")
		_, where := w.volume("sim-hang")
		w.Expect(where).To(Equal(s.Cluster))
	})

	Story("behaviour 54: while Retrying starts no other attempt", func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, v1.PhaseRunning)
		w.ask(run, func() { run.Spec.Suspend = true })
		w.Eventually(w.status(run)).Should(be(v1.PhaseRetrying, v1.ReasonSuspended))
		w.cancelled(run, 1)
	})

	Story("behaviour 54: twice is Cancelled once, and may be asked anew with a higher version", func(w *scene) {
		run := w.docs("sim-hang")
		w.await(run, v1.PhaseRunning)
		s := w.cancelled(run, 1)
		w.ask(run, func() { run.Spec.Cancel = false })
		w.ask(run, func() { run.Spec.Cancel = true })
		w.Consistently(w.status(run)).Should(HaveField("Transitions", s.Transitions))
		w.ask(run, func() { run.Spec.Cancel, run.Spec.ContextVersion = false, 2 })
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseRunning), HaveField("Attempt", int32(2))))
		w.cancelled(run, 2)
	})

	Story("is given up after its grace period when it does not listen: its Job is deleted", func(w *scene) {
		run := w.docs("sim-stubborn")
		w.await(run, v1.PhaseRunning)
		s := w.cancelled(run, 1)
		w.Expect(s.Attempts[0]).To(And(HaveField("EscalatedAt", Not(BeNil())), HaveField("EndingSince", Not(BeNil()))))
	})
})

var _ = Describe("A run that is suspended", func() {
	Story("ends its agent without a charge, waits, and goes on when it may", func(w *scene) {
		run := w.docs("sim-hang", retries[*v1.DocsRun](0))
		w.await(run, v1.PhaseRunning)
		w.ask(run, func() { run.Spec.Suspend = true })
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseRetrying, v1.ReasonSuspended), says("spec.suspend is true")))
		w.Expect(run.Status).To(And(HaveField("RetryCount", int32(0)), HaveField("InfraCount", int32(0))))
		w.Expect(run.Status.Attempts[0]).To(And(HaveField("Class", v1.ClassStopped), HaveField("EndedAt", Not(BeNil()))))
		w.Consistently(w.attempts(run, "Job")).Should(Equal(1))
		w.ask(run, func() { run.Spec.Suspend = false })
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseRunning), HaveField("Attempt", int32(2))))
		w.cancelled(run, 2)
	})

	Story("from the beginning is Pending, says so, and touches no member until it may", func(w *scene) {
		run := w.docs("later", with[*v1.DocsRun](func(s *v1.RunSpec) { s.Suspend = true }))
		w.Eventually(w.status(run)).Should(And(be(v1.PhasePending, v1.ReasonSuspended), says("set it to false")))
		w.Consistently(w.things(run)).Should(Equal([3]int{}))
		w.ask(run, func() { run.Spec.Suspend = false })
		w.Expect(w.await(run, v1.PhaseSucceeded).Attempt).To(Equal(int32(1)))
	})
})

var _ = Describe("A deadline", func() {
	Story("behaviour 18: stands on Job and pod: configured, or the run's own within the bounds", func(w *scene) {
		for _, c := range []struct {
			name string
			asks *int32
			want int64
		}{{"default", nil, 500}, {"own", new(int32(60)), 60}, {"too-long", new(int32(86400)), 900}} {
			run := w.code(c.name, c.name, func(r *v1.CodeRun) { r.Spec.DeadlineSeconds = c.asks })
			w.await(run, v1.PhaseSucceeded)
			job := w.jobs(run)[0]
			w.Expect(job.Spec.ActiveDeadlineSeconds).To(Equal(&c.want), c.name)
			inside := job.Spec.Template.Spec.ActiveDeadlineSeconds
			w.Expect(*inside).To(And(BeNumerically("<", c.want), BeNumerically(">", c.want*9/10)), "so that the pod and its outcome stay")
		}
	})

	Story("behaviour 12: that the agent does not keep fails the run, with the reason", func(w *scene) {
		// The pod's limit lies three seconds before the Job's, which deletes the pod; of ten seconds it would be one.
		run := w.docs("sim-hang", func(r *v1.DocsRun) { r.Spec.DeadlineSeconds = new(int32(96)) })
		again := w.docs("sim-hang-again", with[*v1.DocsRun](func(s *v1.RunSpec) {
			s.DeadlineSeconds = nil // ten seconds by configuration
			s.Retry = v1.RetryPolicy{MaxRetries: new(int32(1)), AlsoOn: []v1.FailureClass{v1.ClassDeadlineExceeded}}
		}))
		w.Eventually(w.status(run), "3m").Should(be(v1.PhaseFailed, string(v1.ClassDeadlineExceeded)))
		s := run.Status
		w.Expect(s).To(And(HaveField("Attempts", HaveLen(1)),
			says("attempt 1 on member "+s.Cluster, "Raise spec.deadlineSeconds together with spec.contextVersion")))
		w.Expect(s.Usage).NotTo(BeNil(), "the agent was ended gently and could still report")
		w.Expect(condition(s, v1.ConditionSucceeded).Reason).To(Equal(string(v1.ClassDeadlineExceeded)))
		s = w.await(again, v1.PhaseFailed)
		w.Expect(s.Attempts).To(HaveLen(2))
	})

	Story("of the whole run ends it, whatever it does", func(w *scene) {
		total := with[*v1.DocsRun](func(s *v1.RunSpec) { s.DeadlineSeconds, s.TotalDeadlineSeconds = nil, new(int32(60)) })
		waits := w.docs("waits", total, on[*v1.DocsRun]("nowhere"))
		runs := w.code("runs", "sim-hang", func(r *v1.CodeRun) {
			r.Spec.DeadlineSeconds, r.Spec.TotalDeadlineSeconds = nil, new(int32(60))
		})
		for _, run := range []v1.Run{waits, runs} {
			w.Eventually(w.status(run), "100s").Should(And(be(v1.PhaseFailed, string(v1.ClassRunDeadlineExceeded)),
				says("spec.totalDeadlineSeconds")))
		}
	})
})
