package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var happy = []string{
	"Pending ClusterChosen Provisioning",
	"Provisioning AgentCreated Provisioning",
	"Provisioning AgentStarted Running",
	"Running AgentSucceeded Succeeded",
}

var _ = Describe("A run that succeeds", func() {
	Story("behaviour 11: a DocsRun leaves Pending, says Job and ConfigMap, runs when its agent does, and reports the outcome", func(w *scene) {
		run := w.docs("sim-slow-4s")
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(trail(s)).To(Equal(happy))
		w.Expect(s).To(And(
			be(v1.PhaseSucceeded, v1.ReasonSucceeded), says("pull request https://github.example.com/acme/sim-slow-4s"),
			HaveField("Attempt", int32(1)), HaveField("ContextVersion", int32(1)), HaveField("Transitions", int64(4)),
			HaveField("RetryCount", int32(0)), HaveField("InfraCount", int32(0)), HaveField("Members", []string{s.Cluster}),
			HaveField("JobName", v1.AttemptName(run.Name, run.UID, 1)), HaveField("ConfigMapName", s.JobName),
			HaveField("PullRequestURL", HavePrefix("https://github.example.com/acme/sim-slow-4s")), HaveField("SessionID", Not(BeEmpty())),
			HaveField("Usage", Equal(&v1.Usage{CostUSD: "0.4200", InputTokens: 12000, OutputTokens: 345, Turns: 7})),
			HaveField("WorkCompleted", Equal(new(true))), HaveField("ObservedGeneration", run.Generation),
		))
		w.Expect(s.StartedAt.Time).To(BeTemporally("<=", s.FinishedAt.Time))
		jobs := w.jobs(run)
		w.Expect(jobs).To(HaveLen(1))
		w.Expect(s.Attempts).To(HaveLen(1))
		w.Expect(s.Attempts[0]).To(And(
			HaveField("Number", int32(1)), HaveField("Cluster", s.Cluster), HaveField("ClusterUID", w.identity(w.member(s))),
			HaveField("JobUID", jobs[0].UID), HaveField("JobName", jobs[0].Name), HaveField("ExitCode", Equal(new(int32(0)))),
			HaveField("EndedBy", v1.EndJobFinished), HaveField("OutcomeRecorded", Equal(new(true))), HaveField("Class", BeEmpty()),
			HaveField("DeadlineSeconds", int32(enough)),
		))
	})

	Story("behaviour 1: a CodeRun has its volume before its Job, and reports its pull request", func(w *scene) {
		run := w.code("auth-task-7", "sim-slow-4s-auth")
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(trail(s)).To(Equal(happy))
		w.Expect(s.PullRequestURL).To(HavePrefix("https://github.example.com/acme/sim-slow-4s-auth/pull/"))
		claim, where := w.volume("sim-slow-4s-auth")
		w.Expect(where).To(Equal(s.Cluster))
		w.Expect(claim.Spec.AccessModes).To(ConsistOf(corev1.ReadWriteOnce))
		w.Expect(claim.Spec.Resources.Requests.Storage().String()).To(Equal("10Gi"))
		w.Expect(claim.OwnerReferences).To(BeEmpty())
		job := w.jobs(run)[0]
		w.Expect(claim.CreationTimestamp.Time).To(BeTemporally("<=", job.CreationTimestamp.Time))
		w.Expect(job.Spec.Template.Spec.Volumes).To(ContainElement(HaveField("PersistentVolumeClaim.ClaimName", claim.Name)))
	})

	Story("leaves objects on the member that name their run and their attempt", func(w *scene) {
		run := w.docs("labelled")
		s := w.await(run, v1.PhaseSucceeded)
		labels := And(
			HaveKeyWithValue(v1.LabelManaged, "true"), HaveKeyWithValue(v1.LabelRunUID, string(run.UID)),
			HaveKeyWithValue(v1.LabelAttempt, "1"), HaveKeyWithValue(v1.LabelHub, string(w.identity(w.hub))),
			HaveKeyWithValue("github-user", "example-bot"), HaveKeyWithValue("task-type", "docs"),
		)
		home := HaveKeyWithValue(v1.AnnotationHome, "DocsRun/"+w.namespace+"/labelled")
		job, pod, inputs := w.jobs(run)[0], w.pods(run)[0], w.inputs(run)[0]
		for _, o := range []metav1.ObjectMeta{job.ObjectMeta, pod.ObjectMeta, inputs.ObjectMeta} {
			w.Expect(o.Labels).To(labels)
			w.Expect(o.Annotations).To(home)
		}
		w.Expect(job.Annotations).To(HaveKey(v1.AnnotationSpecHash))
		w.Expect(job.Name).To(Equal(s.JobName))
		w.Expect(inputs.Name).To(Equal(s.ConfigMapName))
		w.Expect(inputs.Immutable).To(Equal(new(true)))
	})

	Story("behaviour 23: the Job makes one pod once, and nobody repeats or removes it behind the machine's back", func(w *scene) {
		run := w.docs("sim-fail", retries[*v1.DocsRun](0))
		w.await(run, v1.PhaseFailed)
		job := w.jobs(run)[0]
		w.Expect(job.Spec.BackoffLimit).To(Equal(new(int32(0))))
		w.Expect(job.Spec.PodReplacementPolicy).To(Equal(new(batchv1.Failed)))
		w.Expect(job.Spec.TTLSecondsAfterFinished).To(BeNil())
		w.Expect(job.Spec.Template.Spec.RestartPolicy).To(Equal(corev1.RestartPolicyNever))
		w.Consistently(w.things(run)).Should(Equal([3]int{1, 1, 1}))
	})

	Story("behaviour 37: a tool that nobody knows is named by a condition, and ends nothing", func(w *scene) {
		run := w.docs("misspelt", with[*v1.DocsRun](func(s *v1.RunSpec) {
			s.AgentTools = []v1.AgentTool{{Name: "bash"}, {Name: "websaerch"}}
		}))
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(condition(s, v1.ConditionInputsReady).Message).To(HaveSuffix(`; agentTools: the agent has no tool "websaerch"`))
	})

	Story("is told in one event for each transition", func(w *scene) {
		run := w.docs("sim-slow-4s")
		s := w.await(run, v1.PhaseSucceeded)
		job := "Job " + s.JobName + " on member " + s.Cluster
		tells := func(start, end string) types.GomegaMatcher {
			return And(HavePrefix(start), ContainSubstring("attempt 1"), ContainSubstring(s.Cluster), HaveSuffix(end))
		}
		w.Eventually(func() []string { return notes(w.events(w.hub, run)) }).Should(ConsistOf(
			tells("Normal ClusterChosen Pending -> Provisioning", "creating "+job),
			tells("Normal AgentCreated Provisioning -> Provisioning", "waiting for the agent of "+job+" to start"),
			tells("Normal AgentStarted Provisioning -> Running", job+" is running"),
			tells("Normal AgentSucceeded Running -> Succeeded", "pull request "+s.PullRequestURL),
		))
	})
})

func notes(events []eventsv1.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.Type+" "+e.Reason+" "+e.Note)
	}
	return all
}
