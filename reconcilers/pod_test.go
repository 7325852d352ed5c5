package reconcilers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pod builds one as a kubelet would leave it; each change is one thing that happened to it.
func pod(changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{}
	p.Name, p.UID, p.ResourceVersion = "run-1", "pod-uid", "7"
	p.Spec.Containers = []corev1.Container{{Name: "agent"}}
	p.Status.Phase = corev1.PodPending
	for _, change := range changes {
		change(p)
	}
	return p
}

func state(s corev1.ContainerState) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "agent", State: s}} }
}

func waits(reason, message string) func(*corev1.Pod) {
	return state(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}})
}

func runs(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	state(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Unix(1, 0)}})(p)
}

func ends(code int32, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Phase = corev1.PodSucceeded
		if code != 0 {
			p.Status.Phase = corev1.PodFailed
		}
		state(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: reason, Message: message, StartedAt: metav1.Unix(1, 0),
		}})(p)
	}
}

func TestPodsSayWhatTheMachineAsks(t *testing.T) {
	live := func(f lifecycle.PodFacts) lifecycle.PodFacts {
		f.Presence, f.UID, f.ResourceVersion = lifecycle.Present, "pod-uid", "7"
		return f
	}
	left := func(e lifecycle.Evidence) lifecycle.Evidence {
		e.Pod, e.UID, e.Version = lifecycle.Present, "pod-uid", "7"
		return e
	}
	for name, c := range map[string]struct {
		pods  []*corev1.Pod
		asked bool
		live  lifecycle.PodFacts
		ended lifecycle.Evidence
	}{
		"nothing in a cache is unknown": {},
		"nothing in a live list is absent": {
			asked: true, live: lifecycle.PodFacts{Presence: lifecycle.Absent}, ended: lifecycle.Evidence{Pod: lifecycle.Absent},
		},
		"a pod that waits was not started": {pods: []*corev1.Pod{pod()}, live: live(lifecycle.PodFacts{})},
		"a pod that runs was started":      {pods: []*corev1.Pod{pod(runs)}, live: live(lifecycle.PodFacts{Started: true})},
		"a lowered deadline is an end asked for": {
			pods: []*corev1.Pod{pod(runs, func(p *corev1.Pod) { p.Spec.ActiveDeadlineSeconds = new(int64(1)) })},
			live: live(lifecycle.PodFacts{Started: true, Ending: true}),
		},
		"a deletion is an end asked for": {
			pods: []*corev1.Pod{pod(runs, func(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.Unix(2, 0)) })},
			live: live(lifecycle.PodFacts{Started: true, Ending: true}),
		},
		"an image that cannot be pulled": {
			pods: []*corev1.Pod{pod(waits("ImagePullBackOff", "Back-off pulling image"))},
			live: live(lifecycle.PodFacts{
				Problem: v1.ClassImage, Message: "container agent of pod run-1: ImagePullBackOff: Back-off pulling image",
			}),
		},
		"a secret that is not there": {
			pods: []*corev1.Pod{pod(waits("CreateContainerConfigError", `secret "api-key" not found`))},
			live: live(lifecycle.PodFacts{
				Problem: v1.ClassSecretMissing, Message: `container agent of pod run-1: CreateContainerConfigError: secret "api-key" not found`,
			}),
		},
		"behaviour 43: an agent that fails keeps its exit code": {
			pods:  []*corev1.Pod{pod(ends(7, "Error", ""))},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(7))}),
		},
		"an outcome is read from the message": {
			pods:  []*corev1.Pod{pod(ends(0, "Completed", `{"result":"succeeded","turns":3}`))},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(0)), Outcome: &lifecycle.Outcome{Result: "succeeded", Turns: 3}}),
		},
		"a message that is no outcome is none": {
			pods:  []*corev1.Pod{pod(ends(0, "Completed", "panic: oh"))},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(0))}),
		},
		"memory": {
			pods:  []*corev1.Pod{pod(ends(137, "OOMKilled", ""))},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(137)), Reason: "OOMKilled"}),
		},
		"an eviction outranks what the container says": {
			pods:  []*corev1.Pod{pod(ends(137, "Error", ""), func(p *corev1.Pod) { p.Status.Reason = "Evicted" })},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(137)), Reason: "Evicted"}),
		},
		"an eviction says why": {
			pods: []*corev1.Pod{pod(ends(137, "Error", ""), func(p *corev1.Pod) {
				p.Status.Reason, p.Status.Message = "Evicted", "The node was low on resource: memory. "
			})},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(137)), Reason: "Evicted", Said: "The node was low on resource: memory"}),
		},
		"an eviction for an emptyDir beyond its size": {
			pods: []*corev1.Pod{pod(ends(137, "Error", ""), func(p *corev1.Pod) {
				p.Status.Reason, p.Status.Message = "Evicted", `Usage of EmptyDir volume "tmp" exceeds the limit "5Gi". `
			})},
			live: lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(137)), Reason: lifecycle.ReasonOverDiskLimit,
				Said: `Usage of EmptyDir volume "tmp" exceeds the limit "5Gi"`}),
		},
		"an eviction for a container beyond its limit": {
			pods: []*corev1.Pod{pod(ends(137, "Error", ""), func(p *corev1.Pod) {
				p.Status.Reason, p.Status.Message = "Evicted", `Container agent exceeded its local ephemeral storage limit "1Gi". `
			})},
			live: lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(137)), Reason: lifecycle.ReasonOverDiskLimit,
				Said: `Container agent exceeded its local ephemeral storage limit "1Gi"`}),
		},
		"a preemption is told in a condition": {
			pods: []*corev1.Pod{pod(ends(143, "Error", ""), func(p *corev1.Pod) {
				p.Status.Conditions = []corev1.PodCondition{{
					Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "PreemptionByScheduler",
				}}
			})},
			live:  lifecycle.PodFacts{Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(143)), Reason: "Preempted"}),
		},
		"one that ended before another runs": {
			pods:  []*corev1.Pod{pod(ends(1, "Error", "")), pod(runs, func(p *corev1.Pod) { p.UID = "second" })},
			live:  lifecycle.PodFacts{Presence: lifecycle.Present, UID: "second", ResourceVersion: "7", Started: true},
			ended: left(lifecycle.Evidence{ExitCode: new(int32(1))}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			live, ended := podFacts(c.pods, c.asked)
			if diff := cmp.Diff(c.live, live); diff != "" {
				t.Errorf("live (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.ended, ended); diff != "" {
				t.Errorf("ended (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChangesThatChangeNoFactWakeNobody(t *testing.T) {
	waiting := pod()
	scheduled := pod(func(p *corev1.Pod) { p.ResourceVersion, p.Spec.NodeName = "8", "node-1" })
	running := pod(runs, func(p *corev1.Pod) { p.ResourceVersion = "9" })
	if !samePod(waiting, scheduled) {
		t.Error("a pod that was scheduled wakes its run, which knows nothing to do with that")
	}
	if samePod(scheduled, running) {
		t.Error("a pod that started wakes nobody")
	}
	if samePod(running, pod(ends(0, "Completed", ""))) {
		t.Error("a pod that ended wakes nobody")
	}
}
