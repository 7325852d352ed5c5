package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
)

var _ = Describe("A run that is watched and bounded", func() {
	Story("F30: starts another attempt when its agent was silent for too long, which is told so", func(w *scene) {
		run := w.code("quiet", "sim-stalled", with[*v1.CodeRun](func(s *v1.RunSpec) { s.StallSeconds = new(int32(60)) }))
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s).To(And(HaveField("RetryCount", int32(1)), HaveField("Attempts", HaveLen(2))))
		w.Expect(s.Attempts[0]).To(And(HaveField("Class", v1.ClassStalled), HaveField("Message", ContainSubstring("silent for 60 s"))))
		variables, prompt := map[string]string{}, ""
		for _, j := range w.jobs(run) {
			if j.Name == s.JobName {
				variables = literals(j.Spec.Template.Spec)
			}
		}
		for _, m := range w.inputs(run) {
			if m.Name == s.ConfigMapName {
				prompt = m.Data["prompt.md"]
			}
		}
		w.Expect(variables).To(And(HaveKeyWithValue("RUNFLEET_STALL_SECONDS", "60"), HaveKeyWithValue("RUNFLEET_CONTINUE_SESSION", "true")))
		w.Expect(prompt).To(ContainSubstring("silent for 60 s"))
	})

	Story("gets the rest of its limits with each attempt, and none beyond them", func(w *scene) {
		run := w.docs("sim-limit", with[*v1.DocsRun](func(s *v1.RunSpec) {
			s.Limits = &v1.Limits{MaxTurns: new(int32(10)), MaxCostUSD: "1.50"}
		}))
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassLimitExceeded)), HaveField("RetryCount", int32(1)),
			says("has spent what the run's limits permit", "raise spec.limits together with spec.contextVersion")))
		w.Expect(s.Attempts).To(HaveExactElements(
			And(HaveField("MaxTurns", Equal(new(int32(10)))), HaveField("MaxCostUSD", "1.50"), HaveField("Class", v1.ClassAgentError)),
			And(HaveField("MaxTurns", Equal(new(int32(7)))), HaveField("MaxCostUSD", "1.2900"), HaveField("Class", v1.ClassLimitExceeded)),
		))
		for _, j := range w.jobs(run) {
			if j.Name == s.JobName {
				w.Expect(literals(j.Spec.Template.Spec)).To(And(HaveKeyWithValue("RUNFLEET_MAX_TURNS", "7"), HaveKeyWithValue("RUNFLEET_MAX_COST_USD", "1.2900")))
			}
		}
	})
})

// literals are the variables of the agent whose values stand in the pod.
func literals(pod corev1.PodSpec) map[string]string {
	all := map[string]string{}
	for _, v := range pod.Containers[0].Env {
		all[v.Name] = v.Value
	}
	return all
}
