package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
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

// permissive are settings that let a run change everything about its pod.
func permissive() Settings {
	s := ofThePod()
	s.Overrides = Overrides{
		MaxResources:    quantities("memory", "16Gi", "example.com/gpu", "2"),
		PriorityClasses: []string{"low", "high"}, RuntimeClasses: []string{"kata"}, ServiceAccounts: []string{"builder"},
		ImagePullSecrets: []string{"team"}, NodeSelectorKeys: []string{"zone", "pool"}, TolerationKeys: []string{"spot"},
	}
	return s
}

func TestBehaviour28ARunChangesItsPodWithinWhatIsAllowed(t *testing.T) {
	for _, run := range sampleRuns() {
		run.RunSpec().Pod = &v1.PodOverrides{
			Resources: v1.PodResources{
				Requests: v1.ResourceQuantities{"memory": "2Gi"}, Limits: v1.ResourceQuantities{"cpu": "50m", "memory": "16Gi", "example.com/gpu": "1"},
			},
			PriorityClassName: "high", RuntimeClassName: "kata", ServiceAccountName: "builder",
			ImagePullSecrets: []v1.ObjectName{"registry", "team"},
			NodeSelector:     map[string]v1.LabelValue{"pool": "large", "zone": "a"},
			Tolerations: []v1.Toleration{
				{Key: "agents", Operator: "Exists"}, {Key: "spot", Operator: "Equal", Value: "yes", Effect: "NoExecute", TolerationSeconds: new(int32(60))},
			},
		}
		s := permissive()
		pod := mustRender(t, run, s).Agent.Spec.Template.Spec
		got := Settings{
			Resources: pod.Containers[0].Resources, PriorityClass: pod.PriorityClassName, RuntimeClass: *pod.RuntimeClassName,
			ServiceAccount: pod.ServiceAccountName, NodeSelector: pod.NodeSelector, Tolerations: pod.Tolerations,
		}
		for _, secret := range pod.ImagePullSecrets {
			got.ImagePullSecrets = append(got.ImagePullSecrets, secret.Name)
		}
		want := Settings{
			Resources: corev1.ResourceRequirements{
				Requests: quantities("cpu", "50m", "memory", "2Gi"), // a configured request gives way to a limit below it
				Limits:   quantities("cpu", "50m", "memory", "16Gi", "example.com/gpu", "1"),
			},
			PriorityClass: "high", RuntimeClass: "kata", ServiceAccount: "builder", ImagePullSecrets: []string{"registry", "team"},
			NodeSelector: map[string]string{"pool": "large", "zone": "a"},
			Tolerations: []corev1.Toleration{
				{Key: "agents", Operator: "Exists"}, {Key: "spot", Operator: "Equal", Value: "yes", Effect: "NoExecute", TolerationSeconds: new(int64(60))},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", run, diff)
		}
		if diff := cmp.Diff(permissive(), s); diff != "" {
			t.Errorf("a run must not change the settings of others (-before +after):\n%s", diff)
		}
	}
}

// TestBehaviour28WhatIsConfiguredOrLessIsAlwaysAllowed: with no list at all.
func TestBehaviour28WhatIsConfiguredOrLessIsAlwaysAllowed(t *testing.T) {
	run := docsRun()
	want := bytesOf(t, mustRender(t, run, ofThePod()))
	run.Spec.Pod = &v1.PodOverrides{
		Resources:         v1.PodResources{Requests: v1.ResourceQuantities{"cpu": "100m"}, Limits: v1.ResourceQuantities{"memory": "4Gi"}},
		PriorityClassName: "batch", RuntimeClassName: "gvisor", ServiceAccountName: "agent", ImagePullSecrets: []v1.ObjectName{"registry"},
		NodeSelector: map[string]v1.LabelValue{"pool": "agents"}, Tolerations: []v1.Toleration{{Key: "agents", Operator: "Exists"}},
	}
	if diff := cmp.Diff(want, bytesOf(t, mustRender(t, run, ofThePod()))); diff != "" {
		t.Errorf("(-configured +asked for):\n%s", diff)
	}
	run.Spec.Pod = &v1.PodOverrides{Resources: v1.PodResources{Limits: v1.ResourceQuantities{"memory": "128Mi"}}}
	got := container(mustRender(t, run, ofThePod())).Resources
	less := corev1.ResourceRequirements{Requests: quantities("cpu", "100m", "memory", "128Mi"), Limits: quantities("cpu", "2", "memory", "128Mi")}
	if diff := cmp.Diff(less, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBehaviour28WhatARunMayNotChangeIsRefusedWithWhatToWrite(t *testing.T) {
	const admin = "; an administrator can add it to overrides."
	for want, pod := range map[string]v1.PodOverrides{
		"spec.pod.priorityClassName: the configuration does not let runs choose top: write low or high, or leave it out" + admin + "priorityClassNames": {PriorityClassName: "top"},
		"spec.pod.runtimeClassName: the configuration does not let runs choose runc: write kata, or leave it out" + admin + "runtimeClassNames":         {RuntimeClassName: "runc"},
		"spec.pod.serviceAccountName: the configuration does not let runs choose admin: write builder, or leave it out" + admin + "serviceAccountNames": {ServiceAccountName: "admin"},
		"spec.pod.imagePullSecrets: the configuration does not let runs choose other: write team, or leave it out" + admin + "imagePullSecrets":         {ImagePullSecrets: []v1.ObjectName{"other"}},
		"spec.pod.nodeSelector: the configuration does not let runs choose host: write zone or pool, or leave it out" + admin + "nodeSelectorKeys":      {NodeSelector: map[string]v1.LabelValue{"host": "a"}},
		"spec.pod.tolerations: the configuration does not let runs choose master: write spot, or leave it out" + admin + "tolerationKeys":               {Tolerations: []v1.Toleration{{Key: "master"}}},
		"spec.pod.tolerations: the configuration does not let runs choose agents":                                                                       {Tolerations: []v1.Toleration{{Key: "agents", Value: "x"}}},
		"spec.pod.resources.limits.memory: 17Gi is more than the 16Gi that the configuration lets runs ask for: lower it; an administrator can raise overrides.maxResources": {
			Resources: v1.PodResources{Limits: v1.ResourceQuantities{"memory": "17Gi"}}},
		"spec.pod.resources.limits.cpu: 3 is more than the 2 that the configuration lets runs ask for": {Resources: v1.PodResources{Limits: v1.ResourceQuantities{"cpu": "3"}}},
		"spec.pod.resources.requests.cpu: 3 is more than the 2":                                        {Resources: v1.PodResources{Requests: v1.ResourceQuantities{"cpu": "3"}}},
		"spec.pod.resources.requests.ephemeral-storage: the configuration does not let runs ask for ephemeral-storage: leave it out" + admin + "maxResources": {
			Resources: v1.PodResources{Requests: v1.ResourceQuantities{"ephemeral-storage": "1Gi"}}},
		"spec.pod.resources.requests.memory: 8Gi is above the limit of 4Gi: lower it, or raise spec.pod.resources.limits.memory with it": {
			Resources: v1.PodResources{Requests: v1.ResourceQuantities{"memory": "8Gi"}}},
		"spec.pod.resources.limits.memory: much is no quantity": {Resources: v1.PodResources{Limits: v1.ResourceQuantities{"memory": "much"}}},
	} {
		for _, run := range sampleRuns() {
			run.RunSpec().Pod = &pod
			if _, err := Render(run, 2, sampleHub, permissive()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("want an error with\n  %s\ngot\n  %v", want, err)
			}
		}
	}
	run := codeRun()
	run.Spec.Pod = &v1.PodOverrides{PriorityClassName: "top", ServiceAccountName: "admin"}
	_, err := Render(run, 2, sampleHub, ofThePod())
	for _, want := range []string{"choose top: leave it out; an administrator can", "choose admin: leave it out; an administrator can"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is allowed by default, and every mistake told: want %q, got\n%v", want, err)
		}
	}
}
