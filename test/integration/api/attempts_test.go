package api

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// open and ended are attempts with a Job; the UID tells of which.
func open(n int32, uid types.UID) v1.Attempt { return v1.Attempt{Number: n, JobUID: uid} }

func ended(n int32, uid types.UID) v1.Attempt {
	a := open(n, uid)
	a.EndedAt = at(int(n))
	return a
}

// row is an entry of the history.
func row(seq int64) v1.Transition {
	return v1.Transition{Seq: seq, Time: *at(int(seq)), From: "Running", On: "AgentFailed", To: "Retrying"}
}

// waited is an entry that says what was waited for before.
func waited(t v1.Transition, reason string) v1.Transition {
	t.WaitedFor = &v1.Wait{Reason: reason, Object: "team/other", Since: *at(1)}
	return t
}

// The status before is that of a run with two attempts, the second one open, after four transitions.
func before() v1.RunStatus {
	return v1.RunStatus{
		Phase: "Running", Incarnation: 1, ContextVersion: 3, Attempt: 2, Transitions: 4,
		Members:  []string{"eu-1", "eu-2"},
		Attempts: []v1.Attempt{ended(1, "a"), open(2, "b")},
		History:  []v1.Transition{row(1), row(2), row(3), waited(row(4), "WorkspaceBusy")},
	}
}

var _ = DescribeTable("The record of a run",
	func(ctx SpecContext, field, message string, change func(s *v1.RunStatus)) {
		for _, kind := range kinds {
			run := lead(ctx, kind.name, "Provisioning")
			*run.RunStatus() = before()
			Expect(hub.Status().Update(ctx, run)).To(Succeed())

			change(run.RunStatus())
			err := hub.Status().Update(ctx, run)
			if message == "" {
				Expect(err).NotTo(HaveOccurred())
				continue
			}
			Expect(complaints(err)).To(ContainElement(SatisfyAll(
				HaveField("Field", "status."+field),
				HaveField("Message", ContainSubstring(message)),
			)))
		}
	},

	Entry("lets attempt 3 follow attempt 2 that ends in the same write", "", "", func(s *v1.RunStatus) {
		s.Phase, s.Attempt, s.Attempts = "Provisioning", 3, []v1.Attempt{ended(1, "a"), ended(2, "b"), open(3, "")}
	}),
	Entry("refuses attempt 3 while attempt 2 is open", "attempt",
		"the next attempt may be recorded only when the one before has endedAt", func(s *v1.RunStatus) {
			s.Attempt, s.Attempts = 3, append(s.Attempts, open(3, ""))
		}),
	Entry("refuses a jump", "attempt", "attempt grows by one at a time, unless incarnation grows too", func(s *v1.RunStatus) {
		s.Attempt, s.Attempts = 4, []v1.Attempt{ended(1, "a"), ended(2, "b"), open(4, "")}
	}),
	Entry("lets a restored hub catch up", "", "", func(s *v1.RunStatus) {
		s.Incarnation, s.Attempt, s.Attempts = 2, 4, []v1.Attempt{ended(1, "a"), ended(2, "b"), open(4, "")}
	}),
	Entry("refuses to catch up over an open attempt", "attempt", "the one before has endedAt", func(s *v1.RunStatus) {
		s.Incarnation, s.Attempt, s.Attempts = 2, 4, append(s.Attempts, open(4, ""))
	}),
	Entry("refuses a lower attempt", "attempt", "attempt never falls", func(s *v1.RunStatus) { s.Attempt = 1 }),
	Entry("refuses a lower context version", "contextVersion", "contextVersion never falls", func(s *v1.RunStatus) { s.ContextVersion = 2 }),
	Entry("refuses no context version", "contextVersion", "contextVersion never falls", func(s *v1.RunStatus) { s.ContextVersion = 0 }),
	Entry("refuses fewer transitions", "transitions", "transitions never falls", func(s *v1.RunStatus) { s.Transitions = 3 }),
	Entry("refuses to forget a member", "members", "members forgets none", func(s *v1.RunStatus) { s.Members = []string{"eu-2", "eu-3"} }),
	Entry("lets members come", "", "", func(s *v1.RunStatus) { s.Members = append(s.Members, "us-1") }),

	Entry("lets a Job UID be recorded", "", "", func(s *v1.RunStatus) {
		s.Phase, s.Attempt, s.Attempts = "Retrying", 3, []v1.Attempt{ended(1, "a"), ended(2, "b"), open(3, "c")}
	}),
	Entry("refuses another Job UID", "attempts[1].jobUID", "jobUID is immutable once set: it authorises exactly one Job", func(s *v1.RunStatus) { s.Attempts[1].JobUID = "c" }),
	Entry("refuses to take a Job UID away", "attempts[1].jobUID", "jobUID is immutable once set", func(s *v1.RunStatus) { s.Attempts[1].JobUID = "" }),
	Entry("refuses to exchange Job UIDs", "attempts[0].jobUID", "jobUID is immutable once set", func(s *v1.RunStatus) {
		s.Attempts[0].JobUID, s.Attempts[1].JobUID = "b", "a"
	}),
	Entry("lets an ended attempt be dropped", "", "", func(s *v1.RunStatus) { s.Attempts = s.Attempts[1:] }),
	Entry("refuses to drop the newest attempt", "attempts", "never the newest", func(s *v1.RunStatus) { s.Attempts = s.Attempts[:1] }),
	Entry("refuses to drop all attempts", "attempts", "never the newest", func(s *v1.RunStatus) { s.Attempts = nil }),
	Entry("refuses an entry above attempt", "attempts", "attempts is append-only", func(s *v1.RunStatus) { s.Attempts = append(s.Attempts, open(3, "")) }),

	Entry("lets history grow", "", "", func(s *v1.RunStatus) { s.Transitions, s.History = 5, append(s.History, row(5)) }),
	Entry("lets the oldest history go", "", "", func(s *v1.RunStatus) { s.Transitions, s.History = 5, append(s.History[2:], row(5)) }),
	Entry("refuses to rewrite history", "history[2]", "history entries are immutable", func(s *v1.RunStatus) { s.History[2].On = "AgentSucceeded" }),
	Entry("lets a new entry say what was waited for", "", "", func(s *v1.RunStatus) {
		s.Transitions, s.History = 5, append(s.History, waited(row(5), "BackOff"))
	}),
	Entry("refuses to say it later", "history[2]", "history entries are immutable", func(s *v1.RunStatus) { s.History[2] = waited(row(3), "BackOff") }),
	Entry("refuses to say something else", "history[3]", "history entries are immutable", func(s *v1.RunStatus) { s.History[3] = waited(row(4), "BackOff") }),
	Entry("lets an earlier version lose it, which does not know it", "", "", func(s *v1.RunStatus) { s.History[3] = row(4) }),
	Entry("refuses to lose anything with it", "history[3]", "history entries are immutable", func(s *v1.RunStatus) {
		s.History[3] = row(4)
		s.History[3].Class = "AgentError"
	}),
	Entry("refuses a wait for nothing", "waitedFor.reason", "should be at least 1 chars long", func(s *v1.RunStatus) {
		s.WaitedFor = &v1.Wait{Since: *at(1)}
	}),
	Entry("refuses a gap in history", "history", "drops only its oldest entries", func(s *v1.RunStatus) {
		s.History = []v1.Transition{row(1), row(2), row(4)}
	}),
	Entry("refuses to drop the newest history", "history", "drops only its oldest entries", func(s *v1.RunStatus) { s.History = s.History[:3] }),
	Entry("refuses to drop all history", "history", "never all", func(s *v1.RunStatus) { s.History = nil }),
	Entry("refuses history out of order", "history", "history is in the order of seq", func(s *v1.RunStatus) {
		s.History = []v1.Transition{row(1), row(2), row(4), row(3)}
	}),
	Entry("refuses history from the future", "history", "history is append-only", func(s *v1.RunStatus) { s.History = append(s.History, row(5)) }),
)

var _ = Describe("An attempt that was dropped", func() {
	It("cannot come back", func(ctx SpecContext) {
		run := lead(ctx, "CodeRun", "Provisioning")
		*run.RunStatus() = before()
		run.RunStatus().Attempts = run.RunStatus().Attempts[1:]
		Expect(hub.Status().Update(ctx, run)).To(Succeed())
		run.RunStatus().Attempts = []v1.Attempt{ended(1, "x"), open(2, "b")}
		Expect(complaints(hub.Status().Update(ctx, run))).To(ContainElement(HaveField("Message", ContainSubstring("attempts is append-only"))))
	})

	It("cannot take its history back", func(ctx SpecContext) {
		run := lead(ctx, "CodeRun", "Provisioning")
		*run.RunStatus() = before()
		run.RunStatus().History = run.RunStatus().History[1:]
		Expect(hub.Status().Update(ctx, run)).To(Succeed())
		run.RunStatus().History = append([]v1.Transition{row(1)}, run.RunStatus().History...)
		Expect(complaints(hub.Status().Update(ctx, run))).To(ContainElement(HaveField("Message", ContainSubstring("history is append-only"))))
	})

	It("must have ended", func(ctx SpecContext) {
		run := lead(ctx, "CodeRun", "Provisioning")
		*run.RunStatus() = before()
		run.RunStatus().Attempts[0].EndedAt = nil
		Expect(hub.Status().Update(ctx, run)).To(Succeed())
		run.RunStatus().Attempts = run.RunStatus().Attempts[1:]
		Expect(complaints(hub.Status().Update(ctx, run))).To(ContainElement(HaveField("Message", ContainSubstring("attempts drops an entry only after"))))
	})

	It("may not be followed when its entry is unknown", func(ctx SpecContext) {
		run := lead(ctx, "CodeRun", "Provisioning")
		run.RunStatus().Attempt = 1
		Expect(hub.Status().Update(ctx, run)).To(Succeed())
		run.RunStatus().Attempt = 2
		Expect(complaints(hub.Status().Update(ctx, run))).To(ContainElement(HaveField("Message", ContainSubstring("the one before has endedAt"))))
	})
})
