//go:build faults

package fencing

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admission "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("An attempt that must end", func() {
	Story("F32: is ended by its pod's own deadline, so that pod, logs and last words stay", func(w *scene) {
		run := w.docs("sim-hang", long)
		w.await(run, v1.PhaseRunning)
		before := w.pods(west, run)[0]
		w.Expect(before.Spec.ActiveDeadlineSeconds).To(HaveValue(BeNumerically(">", 1)))
		w.cancel(run)
		s := w.await(run, v1.PhaseCancelled)
		w.Expect(s.Attempts[0]).To(And(HaveField("EndedBy", v1.EndJobFinished), HaveField("EscalatedAt", BeNil()),
			HaveField("OutcomeRecorded", HaveValue(BeTrue())), HaveField("ExitCode", HaveValue(BeEquivalentTo(143)))))
		after := w.pods(west, run)
		w.Expect(after).To(HaveLen(1))
		w.Expect(after[0].UID).To(Equal(before.UID))
		w.Expect(after[0].Spec.ActiveDeadlineSeconds).To(HaveValue(BeEquivalentTo(1)))
		w.Expect(after[0].Status.ContainerStatuses[0].State.Terminated.Message).To(ContainSubstring("interrupted"))
		w.Expect(w.jobs(west, run)).To(HaveExactElements(HaveField("DeletionTimestamp", BeNil())))
	})

	Story("F32: is left suspended where it was never released, and its Job then deleted", func(w *scene) {
		w.forbidReleases()
		run := w.docs("sim-ok", long)
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), HaveField("Attempts", ConsistOf(HaveField("JobUID", Not(BeEmpty()))))))
		w.Consistently(func() []batchv1.Job { return w.jobs(west, run) }).Should(
			HaveExactElements(HaveField("Spec.Suspend", HaveValue(BeTrue()))))
		w.cancel(run)
		s := w.await(run, v1.PhaseCancelled)
		w.Expect(s.Attempts[0]).To(And(HaveField("EndedBy", v1.EndSeenGone), HaveField("StartSeenAt", BeNil()),
			HaveField("EscalatedAt", BeNil())))
		w.Expect(w.jobs(west, run)).To(BeEmpty())
		w.Expect(seen.starts(run)()).To(BeEmpty())
	})

	Story("F16: leaves nothing behind where nothing is retained, and its outcome is on the hub", func(w *scene) {
		runs := []*v1.DocsRun{w.docs("sim-ok", long, retained(0)), w.docs("sim-fail", long, retained(0)), w.docs("sim-no-outcome", long, retained(0))}
		for _, run := range runs {
			w.Eventually(w.status(run)).Should(HaveField("FinishedAt", Not(BeNil())))
			w.Eventually(w.things(west, run)).Should(Equal([3]int{}))
			for _, e := range run.Status.Attempts {
				w.Expect(e).To(And(HaveField("OutcomeRecorded", HaveValue(BeTrue())), HaveField("ExitCode", Not(BeNil()))))
			}
		}
	})
})

// forbidReleases lets west refuse that a Job in the scene's namespace is resumed, and returns when it does.
func (w *scene) forbidReleases() {
	name := "no-releases." + w.namespace
	only := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: w.namespace}}
	policy := &admission.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admission.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admission.MatchResources{
				NamespaceSelector: only,
				ResourceRules: []admission.NamedRuleWithOperations{{RuleWithOperations: admission.RuleWithOperations{
					Operations: []admission.OperationType{admission.Update},
					Rule:       admission.Rule{APIGroups: []string{"batch"}, APIVersions: []string{"v1"}, Resources: []string{"jobs"}},
				}}},
			},
			Validations: []admission.Validation{{Expression: "object.spec.suspend == true", Message: "nothing is released here"}},
		},
	}
	binding := &admission.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admission.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admission.ValidationAction{admission.Deny},
		},
	}
	probe := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "probe", Namespace: w.namespace},
		Spec: batchv1.JobSpec{Suspend: new(true), Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "probe", Image: "registry.example.com/probe:1"}},
		}}},
	}
	for _, o := range []client.Object{policy, binding, probe} {
		w.Expect(west.Create(w.ctx, o)).To(Succeed())
	}
	release := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":false}}`))
	w.Eventually(func() error { return west.Patch(w.ctx, probe.DeepCopy(), release, client.DryRunAll) }).Should(MatchError(ContainSubstring("nothing is released")))
}
