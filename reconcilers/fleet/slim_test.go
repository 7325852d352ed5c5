package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/runfleet/runfleet/api/v1"
)

func TestAPodInTheCacheIsWhoItIsAndHowItFares(t *testing.T) {
	pod := func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "agent", UID: "uid", ResourceVersion: "7", DeletionTimestamp: &metav1.Time{},
				Labels:          map[string]string{v1.LabelRunUID: "run"},
				Annotations:     map[string]string{v1.AnnotationHome: "DocsRun/default/shop"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "Job", UID: "job"}},
			},
			Spec: corev1.PodSpec{NodeName: "node", ActiveDeadlineSeconds: new(int64(60)), TerminationGracePeriodSeconds: new(int64(30))},
			Status: corev1.PodStatus{
				Phase: corev1.PodFailed, Reason: "Evicted", Message: "memory", StartTime: &metav1.Time{},
				Conditions:            []corev1.PodCondition{{Type: corev1.DisruptionTarget}},
				ContainerStatuses:     []corev1.ContainerStatus{{Name: "agent"}},
				InitContainerStatuses: []corev1.ContainerStatus{{Name: "clone"}},
			},
		}
	}
	whole := pod()
	whole.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet"}}
	whole.Annotations["kubectl.kubernetes.io/last-applied-configuration"] = "{}"
	whole.Spec.Containers = []corev1.Container{{Name: "agent", Env: []corev1.EnvVar{{Name: "A", Value: "B"}}}}
	whole.Status.PodIPs = []corev1.PodIP{{IP: "10.0.0.1"}}
	got, err := slimPod(whole)
	if diff := cmp.Diff(pod(), got); err != nil || diff != "" {
		t.Errorf("err %v, (-want +got)\n%s", err, diff)
	}
}

func TestWhatIsNoObjectStaysAsItIs(t *testing.T) {
	missed := toolscache.DeletedFinalStateUnknown{Key: "default/agent"}
	for name, slim := range map[string]toolscache.TransformFunc{"Job": slimJob, "Pod": slimPod, "metadata": slimMetadata} {
		if got, err := slim(missed); err != nil || got != missed {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}
