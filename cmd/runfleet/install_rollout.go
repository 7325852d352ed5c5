package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	crdKind    = "CustomResourceDefinition"
	rolloutGap = time.Second / 2 // between two looks
)

// established waits until a kind is served.
func (h *hub) established(ctx context.Context, p part) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	for {
		o, err := h.read(ctx, p)
		if err == nil && condition(o, "Established") == "True" {
			return nil
		}
		select {
		case <-ctx.Done():
			return h.explain("waiting until "+p.kind.of(p.object.GetName())+" is served", errors.Join(err, ctx.Err()))
		case <-time.After(rolloutGap / 10):
		}
	}
}

// conditionOf is a condition of an object, empty where it has none of the kind.
func conditionOf(o *unstructured.Unstructured, kind string) map[string]any {
	if o == nil {
		return nil
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range all {
		if c, ok := c.(map[string]any); ok && c["type"] == kind {
			return c
		}
	}
	return nil
}

func condition(o *unstructured.Unstructured, kind string) string {
	status, _ := conditionOf(o, kind)["status"].(string)
	return status
}

// rollout waits until all replicas are those that were asked for, and says meanwhile what holds them up.
func (c *installCall) rollout(ctx context.Context) error {
	late, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	p := c.parts[len(c.parts)-1]
	told := newTeller(c.stderr)
	for {
		o, err := c.hub.read(late, p)
		if err != nil && late.Err() == nil {
			return err
		}
		if err == nil {
			done, ready, of := rolledOut(o)
			now := fmt.Sprintf("waiting: %d of %d replicas are available", ready, of)
			if why := c.hold(late, o); why != "" && !done {
				now += ": " + why
			}
			if done {
				told.end(fmt.Sprintf("the operator is rolled out: %d of %d replicas are available", ready, of))
				return nil
			}
			if late.Err() == nil {
				told.tell(now)
			}
		}
		select {
		case <-ctx.Done():
			return exitError{exitInterrupted, errors.New("everything is applied; the operator may still be starting")}
		case <-late.Done():
			return exitError{exitTimeout, fmt.Errorf("everything is applied, and the operator is not there after %s; %s\n"+
				"See: kubectl -n %s describe pods",
				c.timeout, told.last, c.system)}
		case <-time.After(rolloutGap):
		}
	}
}

// rolledOut says whether a Deployment is all that it shall be.
func rolledOut(o *unstructured.Unstructured) (done bool, available, of int64) {
	if o == nil {
		return false, 0, 0
	}
	status := func(name string) int64 {
		n, _, _ := unstructured.NestedInt64(o.Object, "status", name)
		return n
	}
	of, _, _ = unstructured.NestedInt64(o.Object, "spec", "replicas")
	done = status("observedGeneration") >= o.GetGeneration() &&
		status("updatedReplicas") == of && status("replicas") == of && status("availableReplicas") == of
	return done, status("availableReplicas"), of
}

// hold says what holds a rollout up, as far as Kubernetes says so.
func (c *installCall) hold(ctx context.Context, o *unstructured.Unstructured) string {
	if failure := conditionOf(o, "ReplicaFailure"); failure["status"] == "True" {
		return oneLine(fmt.Sprint(failure["message"]))
	}
	pods, err := c.hub.operatorPods(ctx, c.system)
	if err != nil {
		return "" // the right to see pods is not needed to install
	}
	for i := range pods {
		if why := podHold(&pods[i]); why != "" {
			return "pod " + pods[i].Name + ": " + oneLine(why)
		}
	}
	return ""
}

func (h *hub) operatorPods(ctx context.Context, system string) ([]corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	pods := &corev1.PodList{}
	err := h.client.List(ctx, pods, client.InNamespace(system), client.MatchingLabels{labelName: installer, labelInstance: installer})
	return pods.Items, err
}

// podHold says why a pod does not run.
func podHold(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	for _, s := range pod.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return w.Reason + ": " + cmp.Or(w.Message, "see its log")
		}
	}
	return ""
}

// teller shows what is waited for: one line that is redrawn on a terminal, else a line for every change.
type teller struct {
	w    io.Writer
	draw *picture // nil where it is no terminal
	last string
}

func newTeller(w io.Writer) *teller {
	t := &teller{w: w}
	if _, _, ok := terminal(w); ok {
		t.draw = &picture{w: w}
	}
	return t
}

func (t *teller) tell(line string) {
	if line == t.last {
		return
	}
	t.last = line
	if t.draw == nil {
		fmt.Fprintln(t.w, line)
		return
	}
	width, height, _ := terminal(t.w)
	t.draw.draw([]string{cut(line, width)}, width, height)
}

func (t *teller) end(line string) {
	t.last = ""
	t.tell(line)
}
