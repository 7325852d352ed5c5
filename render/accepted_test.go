package render

import (
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestBehaviours1And28AnAPIServerAcceptsTheObjects creates everything on a real API server, in namespaces that enforce the
// restricted Pod Security Standard.
func TestBehaviours1And28AnAPIServerAcceptsTheObjects(t *testing.T) {
	plane := controlplane.ForTest(t, controlplane.Options{})
	member, err := client.New(plane.Config(), client.Options{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		t.Fatal(err)
	}
	create := func(o client.Object) {
		t.Helper()
		if err := member.Create(t.Context(), o); err != nil {
			t.Errorf("creating %T %s: %v", o, o.GetName(), err)
		}
	}
	s := ofThePod()
	create(&schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: s.PriorityClass}, Value: 1000})
	create(&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: s.RuntimeClass}, Handler: "runsc"})

	for namespace, run := range map[string]v1.Run{"docs": docsRun(), "code": codeRun()} {
		create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: map[string]string{
			"pod-security.kubernetes.io/enforce": "restricted",
		}}})
		create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "agent", Namespace: namespace}})
		run.SetNamespace(namespace)
		o := mustRender(t, run, s)
		if o.Workspace != nil {
			create(o.Workspace)
		}
		for _, m := range o.Inputs {
			create(m)
		}
		create(o.Agent)
		pod := &corev1.Pod{ObjectMeta: o.Agent.Spec.Template.ObjectMeta, Spec: o.Agent.Spec.Template.Spec}
		pod.Namespace, pod.Name = namespace, o.Agent.Name // as the Job controller would
		create(pod)
	}
}
