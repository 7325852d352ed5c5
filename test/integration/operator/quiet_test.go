package operator

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("A run that is looked at again", func() {
	Story("behaviour 2: has one Job and one ConfigMap, however often", func(w *scene) {
		run := w.docs("sim-slow-3s")
		w.await(run, v1.PhaseProvisioning)
		for i := range 20 {
			w.ask(run, func() { metav1.SetMetaDataAnnotation(&run.ObjectMeta, "touched", strconv.Itoa(i)) })
		}
		w.await(run, v1.PhaseSucceeded)
		for _, kind := range []string{"Job", "Pod", "ConfigMap"} {
			w.Expect(w.attempts(run, kind)()).To(Equal(1), kind)
		}
	})

	Story("behaviour 14: is not written when nothing changed", func(w *scene) {
		run := w.docs("quiet")
		w.await(run, v1.PhaseSucceeded)
		w.ask(run, func() { metav1.SetMetaDataAnnotation(&run.ObjectMeta, "touched", "true") })
		version := run.ResourceVersion
		w.Consistently(func() string { return w.read(run).GetResourceVersion() }).Should(Equal(version))
	})

	Story("behaviour 16: keeps the time of a condition's last transition while its status is the same", func(w *scene) {
		run := w.docs("sim-slow-3s")
		first := condition(w.await(run, v1.PhaseRunning), v1.ConditionWorkspaceReady)
		w.Expect(first.Status).To(Equal(metav1.ConditionTrue))
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(condition(s, v1.ConditionWorkspaceReady).LastTransitionTime).To(Equal(first.LastTransitionTime))
		created := run.CreationTimestamp
		w.Expect(condition(s, v1.ConditionSucceeded).LastTransitionTime.Time).To(BeTemporally(">=", created.Time))
	})

	Story("behaviour 17: sets finishedAt once", func(w *scene) {
		run := w.docs("once")
		s := w.await(run, v1.PhaseSucceeded)
		w.ask(run, func() { run.Spec.RetentionSeconds = new(int32(7200)) })
		w.Eventually(w.status(run)).Should(HaveField("ObservedGeneration", run.Generation))
		w.Expect(w.status(run)().FinishedAt).To(Equal(s.FinishedAt))
	})

	Story("behaviour 13: never goes back to Pending", func(w *scene) {
		run := w.docs("sim-slow-3s")
		job := &batchv1.Job{}
		s := w.await(run, v1.PhaseRunning)
		// The Job loses its status, as if nobody had looked at it yet.
		w.Expect(w.member(s).Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: s.JobName}, job)).To(Succeed())
		job.Status = batchv1.JobStatus{}
		_ = w.member(s).Status().Update(w.ctx, job) // its controller may be faster, and writes it anew
		w.Expect(trail(w.await(run, v1.PhaseSucceeded))).To(Equal(happy))
	})

	Story("behaviour 22: is not executed again when its Job is gone", func(w *scene) {
		run := w.docs("collected")
		s := w.await(run, v1.PhaseSucceeded)
		job := w.jobs(run)[0]
		w.Expect(w.member(s).Delete(w.ctx, &job, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		w.Eventually(w.things(run)).Should(HaveExactElements(0, 0, BeNumerically("<=", 1)))
		w.ask(run, func() { metav1.SetMetaDataAnnotation(&run.ObjectMeta, "touched", "true") })
		w.Consistently(w.attempts(run, "Job")).Should(Equal(1))
		w.Expect(w.status(run)()).To(be(v1.PhaseSucceeded))
	})

	Story("behaviour 27: does not change its own spec, whatever it continues", func(w *scene) {
		run := w.code("continued", "sim-fail-once", with[*v1.CodeRun](func(s *v1.RunSpec) { s.ContinueSession = true }))
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.Attempt).To(Equal(int32(2)))
		w.Expect(run.Generation).To(Equal(int64(1)))
		w.Expect(run.Spec.ContextVersion).To(Equal(int32(1)))
	})
})
