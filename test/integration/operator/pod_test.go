package operator

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("An agent's pod", func() {
	Story("behaviour 28: is what a namespace takes that enforces the restricted Pod Security Standard, and no more is taken", func(w *scene) {
		name := w.namespace + "-restricted"
		for _, c := range []*bed.Cluster{w.hub, east, west} {
			w.Expect(c.TeamNamespace(w.ctx, name, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})).To(Succeed())
		}
		w.namespace = name
		docs, code := w.docs("modest"), w.code("modest", "modest")
		for _, run := range []v1.Run{docs, code} {
			status := w.await(run, v1.PhaseSucceeded)
			ours := w.pods(run)[0]
			root := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "root"}, Spec: w.jobs(run)[0].Spec.Template.Spec}
			w.Expect(w.member(status).Create(w.ctx, root.DeepCopy(), client.DryRunAll)).To(Succeed(), "as ours it is taken")
			w.Expect(ours.Spec.SecurityContext.RunAsNonRoot).To(Equal(new(true)))
			root.Spec.SecurityContext.RunAsNonRoot, root.Spec.SecurityContext.RunAsUser = new(false), new(int64(0))
			err := w.member(status).Create(w.ctx, root, client.DryRunAll)
			w.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
			w.Expect(err).To(MatchError(And(ContainSubstring(`violates PodSecurity "restricted`), ContainSubstring("runAsNonRoot"))))
		}
	})

	Story("behaviour 28: is changed by the run as far as the configuration lets it", func(w *scene) {
		class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "patient"}, Value: 7}
		w.Expect(east.Create(w.ctx, class)).To(Succeed())
		run := w.docs("large", on[*v1.DocsRun]("east"), with[*v1.DocsRun](func(s *v1.RunSpec) {
			s.Pod = &v1.PodOverrides{
				Resources:         v1.PodResources{Requests: v1.ResourceQuantities{"memory": "6Gi"}, Limits: v1.ResourceQuantities{"memory": "8Gi"}},
				PriorityClassName: "patient",
				NodeSelector:      map[string]v1.LabelValue{corev1.LabelOSStable: "linux"},
				Tolerations:       []v1.Toleration{{Key: "spot", Operator: "Exists", Effect: "NoSchedule"}},
			}
		}))
		w.await(run, v1.PhaseSucceeded)
		pod := w.pods(run)[0].Spec
		w.Expect(pod.Priority).To(Equal(new(int32(7))))
		w.Expect(pod.NodeSelector).To(Equal(map[string]string{corev1.LabelOSStable: "linux"}))
		w.Expect(pod.Tolerations).To(ContainElement(corev1.Toleration{Key: "spot", Operator: "Exists", Effect: "NoSchedule"}))
		w.Expect(pod.Containers[0].Resources.Requests.Memory().String()).To(Equal("6Gi"))
		w.Expect(pod.Containers[0].Resources.Limits.Memory().String()).To(Equal("8Gi"))
	})

	Story("behaviour 28: is refused, before there is anything on a member, where the run asks for more", func(w *scene) {
		greedy := &v1.PodOverrides{ServiceAccountName: "admin", Resources: v1.PodResources{Limits: v1.ResourceQuantities{"memory": "9Gi"}}}
		ask := func(s *v1.RunSpec) { s.Pod = greedy }
		docs, code := w.docs("greedy", with[*v1.DocsRun](ask)), w.code("greedy", "greedy", with[*v1.CodeRun](ask))
		for _, run := range []v1.Run{docs, code} {
			s := w.await(run, v1.PhaseFailed)
			w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassRenderFailed)), HaveField("Attempts", HaveLen(1)), says(
				"spec.pod.serviceAccountName: the configuration does not let runs choose admin", "overrides.serviceAccountNames",
				"spec.pod.resources.limits.memory: 9Gi is more than the 8Gi", "then raise spec.contextVersion")))
			w.Expect(w.things(run)()).To(Equal([3]int{}))
			for _, kind := range []string{"Job", "Pod"} {
				w.Expect(w.attempts(run, kind)()).To(BeZero())
			}
		}
		w.Expect(w.try(docs, func() { docs.Spec.Pod = nil })).To(MatchError(ContainSubstring("pod is immutable within a context version")))
		w.ask(docs, func() { docs.Spec.Pod, docs.Spec.ContextVersion = nil, 2 })
		w.await(docs, v1.PhaseSucceeded)
	})
})
