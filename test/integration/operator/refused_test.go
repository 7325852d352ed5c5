package operator

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// quota limits how many objects of a resource there may be in the scene's namespace on a member, and returns when it holds.
func (w *scene) quota(on *bed.Cluster, name corev1.ResourceName, most string) *corev1.ResourceQuota {
	q := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "limit", Namespace: w.namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{name: resource.MustParse(most)}},
	}
	w.Expect(on.Create(w.ctx, q)).To(Succeed())
	w.Eventually(func() corev1.ResourceList {
		w.Expect(on.Get(w.ctx, client.ObjectKeyFromObject(q), q)).To(Succeed())
		return q.Status.Hard
	}).Should(HaveKey(name))
	return q
}

// impatient bounds the start of an agent by the shortest time that a run may ask for.
func impatient(r *v1.DocsRun) { r.Spec.ProvisioningDeadlineSeconds = new(int32(30)) }

var _ = Describe("What a member refuses becomes the run's message", func() {
	Story("a quota on pods, until it is lifted", func(w *scene) {
		q := w.quota(east, corev1.ResourcePods, "0")
		run := w.docs("squeezed", on[*v1.DocsRun]("east"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning, v1.ReasonProvisioning),
			says("Job "+v1.AttemptName("squeezed", run.UID, 1)+" on member east does not start yet: FailedCreate", "exceeded quota: limit")))
		w.Expect(east.Delete(w.ctx, q)).To(Succeed())
		w.await(run, v1.PhaseSucceeded)
	})

	Story("a quota on Jobs, which is not definitive", func(w *scene) {
		q := w.quota(east, "count/jobs.batch", "0")
		run := w.docs("squeezed", on[*v1.DocsRun]("east"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), says("exceeded quota")))
		w.Expect(east.Delete(w.ctx, q)).To(Succeed())
		w.await(run, v1.PhaseSucceeded)
	})

	Story("a quota on ConfigMaps, and no Job comes before its inputs", func(w *scene) {
		q := w.quota(east, "count/configmaps", "0")
		run := w.docs("squeezed", on[*v1.DocsRun]("east"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), says("exceeded quota")))
		w.Consistently(w.things(run)).Should(Equal([3]int{}))
		w.Expect(east.Delete(w.ctx, q)).To(Succeed())
		w.await(run, v1.PhaseSucceeded)
		w.Expect(w.things(run)()).To(Equal([3]int{1, 1, 1}))
	})

	Story("a quota on volumes, until it is lifted: before that there is no Job, which would want its volume in vain", func(w *scene) {
		q := w.quota(east, corev1.ResourcePersistentVolumeClaims, "0")
		run := w.code("squeezed", "squeezed", on[*v1.CodeRun]("east"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), says(`"workspace-squeezed" is forbidden: exceeded quota: limit`)))
		w.Expect(w.jobs(run)).To(BeEmpty())
		w.Expect(east.Delete(w.ctx, q)).To(Succeed())
		w.await(run, v1.PhaseSucceeded)
	})

	Story("a limit range, until the provisioning deadline", func(w *scene) {
		w.Expect(east.Create(w.ctx, &corev1.LimitRange{
			ObjectMeta: metav1.ObjectMeta{Name: "small", Namespace: w.namespace},
			Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
				Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Mi")},
			}}},
		})).To(Succeed())
		run := w.docs("squeezed", on[*v1.DocsRun]("east"), impatient)
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), says("FailedCreate", "maximum memory usage per Container is 1Mi")))
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassProvisioningDeadlineExceeded)), says("maximum memory usage")))
		w.Eventually(w.things(run)).Should(HaveExactElements(0, 0, 1))
	})

	Story("a name that somebody else has", func(w *scene) {
		run := w.docs("contested", with[*v1.DocsRun](func(s *v1.RunSpec) { s.Suspend = true }))
		theirs := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: v1.AttemptName(run.Name, run.UID, 1), Namespace: w.namespace}}
		theirs.Spec = batchv1.JobSpec{Suspend: new(true), Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "x", Image: "registry.example.com/x"}},
		}}}
		w.Expect(east.Create(w.ctx, theirs)).To(Succeed())
		w.ask(run, func() { run.Spec.Suspend, run.Spec.Placement = false, &v1.Placement{Cluster: "east"} })
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassRefused)),
			says("Job "+w.namespace+"/"+theirs.Name+" on member east exists and is not Runfleet's", "then raise spec.contextVersion")))
		w.forget(run)
		w.Expect(east.Get(w.ctx, client.ObjectKeyFromObject(theirs), theirs)).To(Succeed())
		w.Expect(theirs.DeletionTimestamp).To(BeNil(), "it is not ours")
	})
})

var _ = Describe("An agent that cannot start", func() {
	Story("for want of its image says so, and fails at the provisioning deadline", func(w *scene) {
		run := w.docs("sim-no-image", impatient)
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning, string(v1.ClassImage)), says("cannot start", "ImagePullBackOff")))
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassImage)), HaveField("Attempts", HaveLen(1)),
			says("ImagePullBackOff", "Correct the image or its pull secret")))
		within := s.FinishedAt.Sub(s.Attempts[0].CreatedAt.Time)
		w.Expect(within).To(BeNumerically(">=", 30*time.Second))
	})

	Story("for want of a Secret says so in message and condition", func(w *scene) {
		run := w.docs("sim-no-secret", impatient)
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning, string(v1.ClassSecretMissing)), says("CreateContainerConfigError")))
		w.Expect(condition(run.Status, v1.ConditionInputsReady)).To(And(
			HaveField("Status", metav1.ConditionFalse), HaveField("Reason", v1.ReasonSecretMissing)))
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassSecretMissing)), says("Create it on the member")))
	})

	Story("is asked after, and what its member warned of is told", func(w *scene) {
		mounts, waits := w.docs("sim-never-starts", on[*v1.DocsRun]("east")), w.code("waits", "sim-never-starts", on[*v1.CodeRun]("east"))
		w.Eventually(w.pods).WithArguments(mounts).Should(HaveLen(1))
		w.Eventually(w.pods).WithArguments(waits).Should(HaveLen(1))
		w.warns(&w.pods(mounts)[0], "FailedMount", `MountVolume.SetUp failed for volume "keys": secret "deploy-key" not found`)
		w.warns(&w.pods(waits)[0], "FailedScheduling", "no node has what it needs") // its workspace is asked after too, and is well
		w.Eventually(w.status(mounts)).Should(And(be(v1.PhaseProvisioning, string(v1.ClassSecretMissing)), says(`secret "deploy-key" not found`)))
		w.Eventually(w.status(waits)).Should(says("FailedScheduling: no node has what it needs"))
		w.cancelled(mounts, 1)
		w.cancelled(waits, 1)
	})
})

// warns is an Event on east about a pod there.
func (w *scene) warns(pod *corev1.Pod, reason, message string) {
	GinkgoHelper()
	w.Expect(east.Create(w.ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name + ".1", Namespace: pod.Namespace},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
		},
		Type: corev1.EventTypeWarning, Reason: reason, Message: message,
		LastTimestamp: metav1.Now(), ReportingController: "kubelet", ReportingInstance: "east-node-1", Action: "Start",
	})).To(Succeed())
}
