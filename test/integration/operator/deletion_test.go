package operator

import (
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("A run that is deleted", func() {
	// How a run gets into every phase, and stays there.
	into := map[v1.Phase]func(w *scene) v1.Run{
		v1.PhasePending:      func(w *scene) v1.Run { return w.code("r", "sim-hang", on[*v1.CodeRun]("nowhere")) },
		v1.PhaseProvisioning: func(w *scene) v1.Run { return w.code("r", "sim-never-starts") },
		v1.PhaseRunning:      func(w *scene) v1.Run { return w.code("r", "sim-hang") },
		v1.PhaseStopping: func(w *scene) v1.Run {
			run := w.code("r", "sim-stubborn")
			w.await(run, v1.PhaseRunning)
			w.ask(run, func() { run.Spec.Cancel = true })
			return run
		},
		v1.PhaseRetrying: func(w *scene) v1.Run {
			run := w.code("r", "sim-hang")
			w.await(run, v1.PhaseRunning)
			w.ask(run, func() { run.Spec.Suspend = true })
			return run
		},
		v1.PhaseSucceeded: func(w *scene) v1.Run { return w.code("r", "fine") },
		v1.PhaseFailed:    func(w *scene) v1.Run { return w.code("r", "sim-exit-78") },
		v1.PhaseCancelled: func(w *scene) v1.Run {
			run := w.code("r", "sim-hang")
			w.await(run, v1.PhaseRunning)
			w.ask(run, func() { run.Spec.Cancel = true })
			return run
		},
	}
	for _, phase := range slices.Sorted(maps.Keys(into)) {
		Story("behaviour 7: in phase "+string(phase)+" leaves nothing but the volume, and its neighbours alone", func(w *scene) {
			other := w.docs("neighbour")
			w.await(other, v1.PhaseSucceeded)
			left := w.things(other)()
			run := into[phase](w)
			w.Eventually(w.status(run)).Should(HaveField("Phase", phase))
			claim, _ := w.volume(run.(*v1.CodeRun).Spec.Service)
			w.forget(run)
			w.Expect(w.things(run)()).To(Equal([3]int{}), "when the run is gone, so is all that it had")
			if claim != nil {
				again, _ := w.volume(run.(*v1.CodeRun).Spec.Service)
				w.Expect(again).To(And(HaveField("UID", claim.UID), HaveField("DeletionTimestamp", BeNil())))
			}
			w.Expect(w.things(other)()).To(Equal(left))
		})
	}

	Story("behaviour 7: is not held up by what somebody removed before", func(w *scene) {
		run := w.docs("half-gone")
		s := w.await(run, v1.PhaseSucceeded)
		inputs, job := w.inputs(run)[0], w.jobs(run)[0]
		w.Expect(w.member(s).Delete(w.ctx, &inputs)).To(Succeed())
		w.Expect(w.member(s).Delete(w.ctx, &job, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		w.forget(run)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})

	Story("takes nothing from a run of the other kind and the same name", func(w *scene) {
		docs, code := w.docs("twin"), w.code("twin", "twin")
		w.await(docs, v1.PhaseSucceeded)
		w.await(code, v1.PhaseSucceeded)
		w.forget(docs)
		w.Expect(w.things(docs)()).To(Equal([3]int{}))
		w.Expect(w.things(code)()).To(Equal([3]int{1, 1, 1}))
		w.Expect(w.status(code)()).To(be(v1.PhaseSucceeded))
	})

	Story("collects what its earlier attempts left on other members", func(w *scene) {
		run := w.docs("sim-hang", on[*v1.DocsRun]("east"))
		w.await(run, v1.PhaseRunning)
		w.ask(run, func() {
			run.Spec.ContextVersion, run.Spec.Placement = 2, &v1.Placement{Cluster: "west"}
		})
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseRunning), HaveField("Cluster", "west")))
		w.Expect(w.jobs(run)).To(HaveLen(2))
		w.forget(run)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})
})

var _ = Describe("The objects of a finished run", func() {
	Story("go at once with retentionSeconds 0, but for the volume", func(w *scene) {
		run := w.code("brief", "brief", with[*v1.CodeRun](func(s *v1.RunSpec) { s.RetentionSeconds = new(int32(0)) }))
		w.await(run, v1.PhaseSucceeded)
		w.Eventually(w.things(run)).Should(Equal([3]int{}))
		claim, _ := w.volume("brief")
		w.Expect(claim).NotTo(BeNil())
		w.Consistently(w.status(run)).Should(be(v1.PhaseSucceeded))
		w.Expect(w.attempts(run, "Job")()).To(Equal(1))
	})

	Story("go when retentionSeconds is lowered later", func(w *scene) {
		run := w.docs("later")
		w.await(run, v1.PhaseSucceeded)
		w.Consistently(w.things(run)).Should(Equal([3]int{1, 1, 1}))
		w.ask(run, func() { run.Spec.RetentionSeconds = new(int32(0)) })
		w.Eventually(w.things(run)).Should(Equal([3]int{}))
	})

	Story("behaviour 24: go with their run when its time to live is over", func(w *scene) {
		run := w.docs("mortal", with[*v1.DocsRun](func(s *v1.RunSpec) { s.TTLSecondsAfterFinished = new(int32(1)) }))
		w.await(run, v1.PhaseSucceeded)
		w.Expect(run.Status.ExpireAt.Time).To(BeTemporally("==", run.Status.FinishedAt.Add(1e9)))
		w.gone(run)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})

	Story("behaviour 24: stay as long as the run is annotated to preserve them", func(w *scene) {
		run := w.docs("kept", func(r *v1.DocsRun) {
			r.Annotations = map[string]string{v1.AnnotationPreserve: "true"}
			r.Spec.RetentionSeconds, r.Spec.TTLSecondsAfterFinished = new(int32(0)), new(int32(0))
		})
		w.await(run, v1.PhaseSucceeded)
		w.Consistently(w.things(run)).Should(Equal([3]int{1, 1, 1}))
		w.ask(run, func() { delete(run.Annotations, v1.AnnotationPreserve) })
		w.gone(run)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})
})

var _ = Describe("A higher context version", func() {
	Story("behaviour 6: makes a new attempt with its own objects, and removes those of lower versions of this run alone", func(w *scene) {
		run, other := w.code("asked", "asked"), w.code("other", "other")
		w.await(run, v1.PhaseSucceeded)
		w.await(other, v1.PhaseSucceeded)
		w.ask(run, func() { run.Spec.ContextVersion, run.Spec.PromptModification = 2, "say it shorter" })
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseSucceeded), HaveField("Attempt", int32(2)), HaveField("ContextVersion", int32(2))))
		w.Eventually(w.things(run)).Should(Equal([3]int{1, 1, 1}))
		w.Expect(w.jobs(run)[0].Name).To(Equal(run.Status.JobName))
		w.Expect(w.inputs(run)[0]).To(And(HaveField("Name", run.Status.ConfigMapName),
			HaveField("Data", ContainElement(ContainSubstring("say it shorter")))))
		w.Expect(w.things(other)()).To(Equal([3]int{1, 1, 1}))
	})

	Story("behaviour 9: ends the running agent first, whose ConfigMap stays as long as its pod needs it", func(w *scene) {
		run := w.docs("sim-deaf", retries[*v1.DocsRun](0))
		first := w.await(run, v1.PhaseRunning).ConfigMapName
		w.ask(run, func() { run.Spec.ContextVersion = 2 })
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseRunning), HaveField("Attempt", int32(2))))
		w.Expect(run.Status).To(And(HaveField("RetryCount", int32(0)), HaveField("ContextVersion", int32(2))))
		w.Expect(trail(run.Status)).To(ContainElements("Running ContextRaised Stopping", "Stopping AgentGone Retrying"))
		w.ask(run, func() { run.Spec.Cancel = true })
		w.await(run, v1.PhaseCancelled)
		mine := func(s sighting) bool { return s.Run == run.UID && s.Attempt == "1" }
		w.Eventually(w.fleet.seen.all).WithArguments("ConfigMap", mine).Should(HaveExactElements(HaveField("Gone", Not(BeZero()))))
		inputs := w.fleet.seen.all("ConfigMap", mine)[0]
		w.Expect(inputs.Name).To(Equal(first))
		w.Eventually(func() int64 { return w.fleet.seen.all("Pod", mine)[0].over() }).ShouldNot(BeZero(), "another watch tells of pods")
		w.Expect(w.fleet.seen.all("Pod", mine)[0].over()).To(BeNumerically("<", inputs.Gone), "the pod was over before")
	})

	Story("that is not higher is refused, and the hub says what to do", func(w *scene) {
		run := w.docs("sim-hang", with[*v1.DocsRun](func(s *v1.RunSpec) { s.ContextVersion = 3 }))
		w.await(run, v1.PhaseRunning)
		err := w.try(run, func() { run.Spec.ContextVersion = 2 })
		w.Expect(err).To(MatchError(ContainSubstring("contextVersion can only be raised: leave it or write a higher one")))
		err = w.try(run, func() { run.Spec.PromptModification = "other" })
		w.Expect(err).To(MatchError(ContainSubstring("raise spec.contextVersion to change it")))
		w.Expect(w.status(run)()).To(And(be(v1.PhaseRunning), HaveField("Attempt", int32(1))))
		w.forget(run)
	})
})
