package operator

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("A run whose attempt fails", func() {
	Story("behaviour 19: starts another one after a back-off, which may succeed", func(w *scene) {
		run := w.docs("sim-fail-once-4s")
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(trail(s)).To(Equal([]string{
			happy[0], happy[1], happy[2], "Running AgentFailed Retrying",
			"Retrying AttemptDue Provisioning", happy[1], happy[2], happy[3],
		}))
		w.Expect(s).To(And(HaveField("RetryCount", int32(1)), HaveField("InfraCount", int32(0)), HaveField("Attempt", int32(2))))
		w.Expect(s.Attempts).To(HaveExactElements(
			And(HaveField("Class", v1.ClassAgentError), HaveField("ExitCode", Equal(new(int32(1)))),
				HaveField("Message", ContainSubstring("attempt 1 on member "+s.Attempts[0].Cluster+": exit code 1: the tests do not pass"))),
			And(HaveField("Class", BeEmpty()), HaveField("JobName", v1.AttemptName(run.Name, run.UID, 2))),
		))
		wait := s.Attempts[1].CreatedAt.Sub(s.Attempts[0].EndedAt.Time)
		w.Expect(wait).To(BeNumerically(">=", 750*time.Millisecond), "a second, spread over 75 to 125 %%")
		w.Expect(s.JobName).To(Equal(s.Attempts[1].JobName))
		w.Eventually(w.things(run)).Should(Equal([3]int{1, 1, 1}), "what the first attempt left goes when the second has ended")
	})

	Story("behaviour 12: is Failed with the reason when the budget is spent, and nothing is made again", func(w *scene) {
		run := w.docs("sim-fail", retries[*v1.DocsRun](1))
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassAgentError)), says("attempt 2 on member "+s.Cluster, "exit code 1"),
			HaveField("RetryCount", int32(1)), HaveField("Attempts", HaveLen(2)), HaveField("FinishedAt", Not(BeNil()))))
		w.Expect(condition(s, v1.ConditionSucceeded)).To(And(HaveField("Status", BeEquivalentTo("False")),
			HaveField("Reason", string(v1.ClassAgentError))))
		w.Consistently(w.attempts(run, "Job")).Should(Equal(2))
		w.Eventually(func() []string { return notes(w.events(w.hub, run)) }).Should(ContainElement(
			And(HavePrefix("Warning AgentFailed "), ContainSubstring("-> Failed"), ContainSubstring("attempt 2"))))
	})

	Story("behaviour 20: maxRetries 0 means no retry", func(w *scene) {
		run := w.docs("sim-fail", retries[*v1.DocsRun](0))
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s.Attempts).To(HaveLen(1))
		w.Consistently(w.attempts(run, "Job")).Should(Equal(1))
		w.Expect(w.status(run)()).To(be(v1.PhaseFailed))
	})

	Story("behaviour 14: what earlier attempts reported survives every later write", func(w *scene) {
		run := w.code("twice", "sim-fail-once")
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.Attempts[0]).To(And(HaveField("ExitCode", Equal(new(int32(1)))), HaveField("JobUID", Not(BeEmpty()))))
		w.Expect(s.Usage).To(Equal(&v1.Usage{CostUSD: "0.6300", InputTokens: 14345, OutputTokens: 579, Turns: 10}))
		w.Expect(s.Attempts[1].Cluster).To(Equal(s.Attempts[0].Cluster), "the workspace is there")
		w.Expect(s.StartedAt).To(Equal(s.Attempts[0].StartSeenAt))
		w.Expect(s.History).To(HaveLen(int(s.Transitions)))
	})

	Story("is not charged when the node is lost, and is when memory ran out", func(w *scene) {
		evicted, killed := w.docs("sim-evict-once", retries[*v1.DocsRun](0)), w.docs("sim-oom-once", retries[*v1.DocsRun](1))
		s := w.await(evicted, v1.PhaseSucceeded)
		w.Expect(s).To(And(HaveField("InfraCount", int32(1)), HaveField("RetryCount", int32(0))))
		w.Expect(s.Attempts[0]).To(And(HaveField("Class", v1.ClassNodeLost), HaveField("Message", ContainSubstring("Evicted"))))
		s = w.await(killed, v1.PhaseSucceeded)
		w.Expect(s).To(And(HaveField("InfraCount", int32(0)), HaveField("RetryCount", int32(1))))
		w.Expect(s.Attempts[0]).To(And(HaveField("Class", v1.ClassOutOfMemory), HaveField("ExitCode", Equal(new(int32(137))))))
	})

	Story("F16: is charged when it wrote more than it may, and says where", func(w *scene) {
		full := w.docs("sim-disk", retries[*v1.DocsRun](1))
		s := w.await(full, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassOutOfDisk)), HaveField("InfraCount", int32(0)), HaveField("RetryCount", int32(1)),
			says(`exit code 137 (OverDiskLimit): Usage of EmptyDir volume "tmp" exceeds the limit "5Gi"`)))
		w.Expect(w.inputs(full)).To(ContainElement(HaveField("Data", HaveKeyWithValue("prompt.md", ContainSubstring(`volume "tmp" exceeds the limit`)))))
	})

	Story("ends without a retry where another attempt would change nothing, and says what would", func(w *scene) {
		run := w.docs("sim-exit-78")
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassPrerequisiteMissing)), HaveField("Attempts", HaveLen(1)),
			says("the key for the repository is missing", "then raise spec.contextVersion")))
		run = w.docs("sim-timeout")
		s = w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassDeadlineExceeded)), HaveField("Attempts", HaveLen(1))))
	})

	Story("is judged by what the agent left: no outcome, no pull request, nothing to change", func(w *scene) {
		none := w.docs("sim-no-outcome", retries[*v1.DocsRun](0))
		bad := w.docs("sim-bad-outcome", retries[*v1.DocsRun](0))
		code := w.code("no-pr", "sim-no-pr", retries[*v1.CodeRun](0))
		docs := w.docs("sim-no-pr")
		same := w.docs("sim-no-changes")
		w.Expect(w.await(none, v1.PhaseFailed)).To(be(v1.PhaseFailed, string(v1.ClassOutcomeMissing)))
		w.Expect(w.await(bad, v1.PhaseFailed)).To(be(v1.PhaseFailed, string(v1.ClassOutcomeMissing)))
		w.Expect(w.await(code, v1.PhaseFailed)).To(And(be(v1.PhaseFailed, string(v1.ClassNoPullRequest)), says("without a pull request")))
		w.Expect(w.await(docs, v1.PhaseSucceeded)).To(be(v1.PhaseSucceeded, v1.ReasonSucceeded))
		w.Expect(w.await(same, v1.PhaseSucceeded)).To(be(v1.PhaseSucceeded, v1.ReasonNoChanges))
	})
})
