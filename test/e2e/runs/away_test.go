//go:build e2e

package runs

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane/programs"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// brief is a deadline that leaves ten seconds to deliver what there is; the fence passes 25 s after it.
func brief(r *v1.CodeRun) { r.Spec.DeadlineSeconds = new(int32(80)) }

func rescheduled(r *v1.CodeRun) {
	r.Spec.Placement = &v1.Placement{OnClusterLost: v1.ClusterLostReschedule}
}

// withoutOperator tells what happens while no operator is there.
func withoutOperator(story func()) {
	GinkgoHelper()
	operator.Stop()
	defer operator.Start()
	story()
}

// withoutServer tells what happens while a member has no API server; its kubelet and its containers go on.
func withoutServer(ctx context.Context, member *bed.Cluster, story func()) {
	GinkgoHelper()
	member.Halt(programs.APIServer)
	defer func() { Expect(member.Resume(ctx, programs.APIServer)).To(Succeed()) }()
	story()
}

var _ = Describe("While somebody is away, a run", func() {
	It("passes its deadline without an operator: its member ends the agent, and its work is pushed", Label(anywhere), func(ctx SpecContext) {
		w := newScene(ctx, "unattended", tasks)
		run := w.code("code", "hang", brief)
		s := w.await(run, v1.PhaseRunning)
		withoutOperator(func() {
			Eventually(w.pods).WithArguments(byName[s.Cluster], run).Should(HaveExactElements(HaveField("Status.Phase", corev1.PodFailed)))
			Expect(w.changed("feature/task-1-implementation")).To(ConsistOf("shop/half.go"))
			Expect(w.git("log", "-1", "--format=%s", "feature/task-1-implementation")).To(ContainSubstring("partial"))
			Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
			Expect(run.Status.Phase).To(Equal(v1.PhaseRunning), "nobody is there to say more")
		})
		s = w.await(run, v1.PhaseFailed)
		Expect(s).To(And(HaveField("Reason", string(v1.ClassDeadlineExceeded)), HaveField("Branch", "feature/task-1-implementation"),
			HaveField("Attempts", HaveExactElements(HaveField("EndedBy", v1.EndJobFinished)))))
		Expect(repos.Pulls(w.repo)).To(BeEmpty())
	}, SpecTimeout(6*time.Minute))

	It("leaves a member that does not answer once the agent there has ended for certain, and ends elsewhere", func(ctx SpecContext) {
		w := newScene(ctx, "rescheduled", tasks)
		run := w.code("code", "move", brief, rescheduled)
		s := w.await(run, v1.PhaseRunning)
		from := byName[s.Cluster]
		Eventually(func() []model.Request { return asked("move") }).Should(HaveLen(2), "the agent has begun, and waits for an answer")
		withoutServer(ctx, from, func() {
			Eventually(w.status(run), "4m").Should(HaveField("Phase", v1.PhaseSucceeded))
			s = run.Status
		})
		Expect(s.Attempts).To(HaveExactElements(
			And(HaveField("Cluster", from.Name()), HaveField("EndedBy", v1.EndFenced), HaveField("Class", v1.ClassClusterLost)),
			And(HaveField("Cluster", Not(Equal(from.Name()))), HaveField("EndedBy", v1.EndJobFinished))))
		fence := s.Attempts[0].FencedUntil.Time
		jobs := &batchv1.JobList{}
		Expect(byName[s.Cluster].List(ctx, jobs, of(run))).To(Succeed())
		Expect(jobs.Items).To(HaveExactElements(HaveField("CreationTimestamp.Time", BeTemporally(">=", fence.Truncate(time.Second)))))

		// What the model saw of the two.
		var ended time.Time
		for _, r := range asked("move") {
			if r.From == from.Outside() {
				Expect(r.Ended).NotTo(BeZero())
				ended = r.Ended
			}
		}
		Expect(ended).To(BeTemporally("<", fence))
		Expect(asked("move")).To(HaveLen(4))
		Expect(asked("move")[2]).To(HaveField("Began", BeTemporally(">", fence)))

		// The member is back. What it still has of the first agent goes, and changes nothing.
		Eventually(func() ([]batchv1.Job, error) {
			err := from.List(ctx, jobs, of(run))
			return jobs.Items, err
		}).Should(BeEmpty())
		Expect(w.status(run)()).To(And(HaveField("Phase", v1.PhaseSucceeded), HaveField("PullRequestURL", s.PullRequestURL), HaveField("FinishedAt", s.FinishedAt)))
		Expect(repos.Pulls(w.repo)).To(HaveLen(1))
		Expect(w.changed(s.Branch)).To(ContainElement("shop/half.go"))
	}, SpecTimeout(8*time.Minute))
})
