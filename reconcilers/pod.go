package reconcilers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	corev1 "k8s.io/api/core/v1"
)

// podFacts is what the pods of one attempt say: the one that may still run, and what an ended one left behind. asked
// says that the member itself listed them, so that what is not among them is absent.
func podFacts(pods []*corev1.Pod, asked bool) (lifecycle.PodFacts, lifecycle.Evidence) {
	var live lifecycle.PodFacts
	var ended lifecycle.Evidence
	if asked {
		live.Presence, ended.Pod = lifecycle.Absent, lifecycle.Absent
	}
	var started bool
	var last *corev1.Pod
	for _, p := range pods {
		started = started || podStarted(p)
		switch {
		case !podFinished(p) && (live.Presence != lifecycle.Present || !live.Started):
			live = livePod(p)
		case podFinished(p) && (last == nil || last.CreationTimestamp.Before(&p.CreationTimestamp)):
			last, ended = p, evidence(p)
		}
	}
	live.Started = started
	return live, ended
}

// podFinished says that none of the pod's containers runs or will.
func podFinished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

func podStarted(p *corev1.Pod) bool {
	c := agentStatus(p)
	return c != nil && (c.State.Running != nil || c.State.Terminated != nil && !c.State.Terminated.StartedAt.IsZero())
}

// agentStatus is the status of the agent's container: the first of the pod's, the others are its company.
func agentStatus(p *corev1.Pod) *corev1.ContainerStatus {
	if len(p.Status.ContainerStatuses) == 0 {
		return nil
	}
	for i := range p.Status.ContainerStatuses {
		if len(p.Spec.Containers) > 0 && p.Status.ContainerStatuses[i].Name == p.Spec.Containers[0].Name {
			return &p.Status.ContainerStatuses[i]
		}
	}
	return &p.Status.ContainerStatuses[0]
}

// endingSeconds is what End lowers a pod's activeDeadlineSeconds to: the smallest value that the API takes.
const endingSeconds = 1

func livePod(p *corev1.Pod) lifecycle.PodFacts {
	f := lifecycle.PodFacts{
		Presence: lifecycle.Present, UID: p.UID, ResourceVersion: p.ResourceVersion, Started: podStarted(p),
		Ending: p.DeletionTimestamp != nil || p.Spec.ActiveDeadlineSeconds != nil && *p.Spec.ActiveDeadlineSeconds <= endingSeconds,
	}
	if s := p.Spec.TerminationGracePeriodSeconds; s != nil {
		f.Grace = time.Duration(*s) * time.Second
	}
	f.Problem, f.Message = problem(p)
	return f
}

// waitingClasses are the classes of the reasons for which a container waits in vain.
var waitingClasses = map[string]v1.FailureClass{
	"ErrImagePull":               v1.ClassImage,
	"ImagePullBackOff":           v1.ClassImage,
	"InvalidImageName":           v1.ClassImage,
	"ErrImageNeverPull":          v1.ClassImage,
	"ImageInspectError":          v1.ClassImage,
	"RegistryUnavailable":        v1.ClassImage,
	"CreateContainerConfigError": v1.ClassSecretMissing,
}

// problem says why the pod's containers do not start, where its status tells.
func problem(p *corev1.Pod) (v1.FailureClass, string) {
	statuses := append(append([]corev1.ContainerStatus(nil), p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...)
	for _, c := range statuses {
		if c.State.Waiting == nil {
			continue
		}
		if class, ok := waitingClasses[c.State.Waiting.Reason]; ok {
			return class, strings.TrimSuffix(fmt.Sprintf("container %s of pod %s: %s: %s",
				c.Name, p.Name, c.State.Waiting.Reason, c.State.Waiting.Message), ": ")
		}
	}
	return "", ""
}

// evidence is what an ended pod left behind.
func evidence(p *corev1.Pod) lifecycle.Evidence {
	e := lifecycle.Evidence{Pod: lifecycle.Present, UID: p.UID, Version: p.ResourceVersion, Reason: endReason(p)}
	if p.Status.Reason == evicted {
		e.Said = strings.TrimRight(p.Status.Message, " .")
	}
	c := agentStatus(p)
	if c == nil || c.State.Terminated == nil {
		return e
	}
	e.ExitCode = new(c.State.Terminated.ExitCode)
	e.Outcome = parseOutcome(c.State.Terminated.Message)
	return e
}

// disruptions are the reasons of a pod's DisruptionTarget condition, in the words of the class table.
var disruptions = map[string]string{
	"PreemptionByScheduler":  "Preempted",
	"DeletionByTaintManager": "DeletionByTaintManager",
	"EvictionByEvictionAPI":  evicted,
	"DeletionByPodGC":        "NodeLost",
	"TerminationByKubelet":   "NodeShutdown",
}

const evicted = "Evicted"

// overDiskLimit is how a kubelet says, in words alone, that a pod was evicted for what it wrote itself: into an emptyDir, by
// one container, by all (pkg/kubelet/eviction/helpers.go). In other words it would count as the node's fault.
var overDiskLimit = []string{
	"exceeds the limit", "exceeded its local ephemeral storage limit", "ephemeral local storage usage exceeds the total limit",
}

// endReason is why node or container ended: the pod's own reason first, then who disrupted it, then the container's. How a
// container ends by itself (Error, Completed) says less than its exit code.
func endReason(p *corev1.Pod) string {
	itself := func(words string) bool { return strings.Contains(p.Status.Message, words) }
	if p.Status.Reason == evicted && slices.ContainsFunc(overDiskLimit, itself) {
		return lifecycle.ReasonOverDiskLimit
	}
	if p.Status.Reason != "" {
		return p.Status.Reason
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue && disruptions[c.Reason] != "" {
			return disruptions[c.Reason]
		}
	}
	c := agentStatus(p)
	if c == nil || c.State.Terminated == nil || c.State.Terminated.Reason == "Error" || c.State.Terminated.Reason == "Completed" {
		return ""
	}
	return c.State.Terminated.Reason
}

// parseOutcome reads the JSON of a termination message; nil when there is none that can be read. An agent that a language
// model steers wrote it: what is in it is bounded where it is recorded.
func parseOutcome(message string) *lifecycle.Outcome {
	var o lifecycle.Outcome
	if err := json.Unmarshal([]byte(message), &o); err != nil || o.Result == "" {
		return nil
	}
	return &o
}
