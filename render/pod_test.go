package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// ofThePod are settings in which everything about the pod is configured.
func ofThePod() Settings {
	s := SampleSettings()
	s.ServiceAccount, s.ImagePullSecrets = "agent", []string{"registry"}
	s.PriorityClass, s.RuntimeClass = "batch", "gvisor"
	s.NodeSelector = map[string]string{"pool": "agents"}
	s.Tolerations = []corev1.Toleration{{Key: "agents", Operator: corev1.TolerationOpExists}}
	s.Resources = corev1.ResourceRequirements{Requests: quantities("cpu", "100m", "memory", "256Mi"), Limits: quantities("cpu", "2", "memory", "4Gi")}
	return s
}

// quantities are resources by name and quantity in turn.
func quantities(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

func TestBehaviour28ThePodMayDoLittle(t *testing.T) {
	for _, run := range sampleRuns() {
		o := mustRender(t, run, SampleSettings())
		pod, c := o.Agent.Spec.Template.Spec, container(o)
		id := new(int64(1000))
		want := &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: id, RunAsGroup: id, FSGroup: id, FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}
		if diff := cmp.Diff(want, pod.SecurityContext); diff != "" {
			t.Errorf("pod (-want +got):\n%s", diff)
		}
		wantContainer := &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
		if diff := cmp.Diff(wantContainer, c.SecurityContext); diff != "" {
			t.Errorf("container (-want +got):\n%s", diff)
		}
		if *pod.AutomountServiceAccountToken || pod.HostNetwork || pod.HostPID || pod.HostIPC || len(pod.Containers) != 1 || len(pod.InitContainers) > 0 {
			t.Errorf("the pod may do more than it needs: %+v", pod)
		}
	}
}

func TestBehaviour28ThePodIsOfTheConfiguration(t *testing.T) {
	s := ofThePod()
	for _, run := range sampleRuns() {
		o := mustRender(t, run, s)
		pod, c := o.Agent.Spec.Template.Spec, container(o)
		got := Settings{
			Image: c.Image, ImagePullPolicy: c.ImagePullPolicy, Resources: c.Resources, ServiceAccount: pod.ServiceAccountName,
			PriorityClass: pod.PriorityClassName, RuntimeClass: *pod.RuntimeClassName, NodeSelector: pod.NodeSelector, Tolerations: pod.Tolerations,
		}
		want := Settings{
			Image: s.Image, ImagePullPolicy: s.ImagePullPolicy, Resources: s.Resources, ServiceAccount: "agent",
			PriorityClass: "batch", RuntimeClass: "gvisor", NodeSelector: s.NodeSelector, Tolerations: s.Tolerations,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T: the configuration did not arrive (-want +got):\n%s", run, diff)
		}
		if diff := cmp.Diff([]corev1.LocalObjectReference{{Name: "registry"}}, pod.ImagePullSecrets); diff != "" {
			t.Errorf("pull secrets (-want +got):\n%s", diff)
		}
	}
	plain := mustRender(t, docsRun(), SampleSettings()).Agent.Spec.Template.Spec
	if plain.RuntimeClassName != nil || plain.PriorityClassName != "" {
		t.Errorf("what is not configured must be left to the member: %+v", plain)
	}
}

// TestBehaviour28OnlyVolumesCanBeWritten: what lies where the agent writes is on a volume, and what ends with the pod has a size.
func TestBehaviour28OnlyVolumesCanBeWritten(t *testing.T) {
	for _, run := range sampleRuns() {
		o := mustRender(t, run, SampleSettings())
		got := map[string]string{}
		for _, m := range container(o).VolumeMounts {
			if m.ReadOnly {
				continue
			}
			for _, v := range o.Agent.Spec.Template.Spec.Volumes {
				switch {
				case v.Name != m.Name:
				case v.EmptyDir != nil:
					got[m.MountPath] = v.EmptyDir.SizeLimit.String()
				default:
					got[m.MountPath] = v.PersistentVolumeClaim.ClaimName
				}
			}
		}
		want := map[string]string{"/home/agent": "5Gi", "/tmp": "5Gi", "/workspace": "10Gi"}
		if o.Workspace != nil {
			want["/workspace"] = o.Workspace.Name
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", run, diff)
		}
	}
	s := SampleSettings()
	s.Scratch = Scratch{}
	for _, v := range mustRender(t, docsRun(), s).Agent.Spec.Template.Spec.Volumes {
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit != nil {
			t.Errorf("%s: a size of zero is none, got %s", v.Name, v.EmptyDir.SizeLimit)
		}
	}
}
