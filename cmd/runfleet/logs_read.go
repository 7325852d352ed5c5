package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/render"
)

// logEnd is how far the reading of a log came.
type logEnd int

const (
	logEnded     logEnd = iota // all there is was shown, with -f all that will ever be
	logUnstarted               // its container has not started
	logGone                    // there is no pod
	logBroken                  // it could not be asked for, or broke off
)

// reading is what reading a log came to.
type reading struct {
	end logEnd
	err error // why it is broken
}

// read shows the log of an attempt. With -f it ends when the container has, and begins behind what was shown before.
func (c *logsCall) read(ctx context.Context, run item, a *v1.Attempt, show *showing) reading {
	m, err := c.member(ctx, a)
	if err != nil {
		return reading{logBroken, err}
	}
	if a.ClusterUID != "" && m.Status.ClusterUID != "" && a.ClusterUID != m.Status.ClusterUID {
		return reading{end: logGone} // with the cluster that the member was
	}
	reached, err := c.to(ctx, m)
	if err != nil {
		hint := ""
		if apierrors.IsForbidden(err) && !c.own(m) {
			hint = fmt.Sprintf(": --own-contexts goes by the context %s of your own kubeconfig", m.Name)
		}
		return reading{logBroken, fmt.Errorf("member %s cannot be asked: %w%s", m.Name, err, hint)}
	}
	core, err := corev1client.NewForConfig(reached.Config)
	if err != nil {
		return reading{logBroken, fmt.Errorf("member %s cannot be asked: %w", m.Name, err)}
	}
	namespace := run.object.GetNamespace()
	l := podLog{pods: core.Pods(namespace), run: run, attempt: a, follow: c.follow, show: show}
	end, err := l.read(ctx)
	if err != nil {
		return reading{logBroken, c.explain(m, namespace, err)}
	}
	return reading{end: end}
}

// member is where an attempt runs. Whoever goes by contexts of their own need not be allowed to read the fleet's members: the
// attempt knows which cluster it has to be.
func (c *logsCall) member(ctx context.Context, a *v1.Attempt) (*v1.MemberCluster, error) {
	object, err := c.hub.get(ctx, members, a.Cluster, false)
	m, ok := object.(*v1.MemberCluster)
	switch {
	case err == nil && ok:
		return m, nil
	case apierrors.IsForbidden(err) && c.ownContexts:
		return &v1.MemberCluster{
			ObjectMeta: metav1.ObjectMeta{Name: a.Cluster}, Status: v1.MemberClusterStatus{ClusterUID: a.ClusterUID},
		}, nil
	case apierrors.IsNotFound(err) && !isMissingKind(err):
		return nil, fmt.Errorf("member %s, which had attempt %d, is not registered any more", a.Cluster, a.Number)
	}
	return nil, c.hub.explain("reading "+members.of(a.Cluster), err)
}

// explain says what to do about a log that a member does not give.
func (c *logsCall) explain(m *v1.MemberCluster, namespace string, err error) error {
	switch {
	case apierrors.IsForbidden(err) && (c.own(m) || m.Spec.Connection == v1.ConnectionHub):
		return fmt.Errorf("you may not read logs on member %s: ask for list on pods and get on pods/log in its namespace %s",
			m.Name, namespace)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("the operator's user may not read logs on member %s (get pods/log in namespace %s): --own-contexts goes by "+
			"the context %s of your own kubeconfig, or grant that user the ClusterRole runfleet-logs of docs/members.md",
			m.Name, namespace, m.Name)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("member %s does not answer: kubectl describe mc %s says more", m.Name, m.Name)
	}
	return fmt.Errorf("member %s: %w", m.Name, err)
}

// podLog is the log of an attempt's pod.
type podLog struct {
	pods    corev1client.PodInterface
	run     item
	attempt *v1.Attempt
	follow  bool
	show    *showing
}

func (l podLog) read(ctx context.Context) (logEnd, error) {
	pod, err := l.find(ctx)
	switch {
	case err != nil:
		return logBroken, err
	case pod == nil:
		return logGone, nil
	case agentState(pod).Running == nil && agentState(pod).Terminated == nil:
		return logUnstarted, nil
	}
	stream, err := l.open(ctx, pod.Name)
	if apierrors.IsNotFound(err) {
		return logGone, nil
	} else if err != nil {
		return logBroken, err
	}
	defer func() { _ = stream.Close() }()
	if err := eachLine(stream, func(line []byte, whole bool) error { return l.show.take(line, whole, l.follow) }); err != nil {
		return logBroken, cmp.Or(context.Cause(ctx), err)
	}
	if !l.follow {
		return logEnded, nil
	}
	pod, err = l.find(ctx)
	if err == nil && pod != nil && agentState(pod).Terminated == nil { // the stream ended, and its container has not
		err = errors.New("the connection was closed")
	}
	return logEnded, err
}

// open asks for the log. The answer has to begin in time, and may then take as long as the agent does.
func (l podLog) open(ctx context.Context, pod string) (io.ReadCloser, error) {
	options := &corev1.PodLogOptions{Container: render.AgentContainer, Follow: l.follow, Timestamps: l.follow}
	if !l.show.last.IsZero() {
		options.SinceTime = new(metav1.NewTime(l.show.last)) // whole seconds: what was shown comes again, and is left out
	}
	opening, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(answerTime, func() { cancel(context.DeadlineExceeded) })
	stream, err := l.pods.GetLogs(pod, options).Stream(opening)
	if late.Stop(); err != nil {
		err = cmp.Or(context.Cause(opening), err)
		cancel(nil)
		return nil, err
	}
	context.AfterFunc(ctx, func() { cancel(nil) })
	return stream, nil
}

// find is the newest pod of the attempt; nil if there is none.
func (l podLog) find(ctx context.Context) (*corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	list, err := l.pods.List(ctx, metav1.ListOptions{LabelSelector: labels.Set{
		v1.LabelRunUID: string(l.run.object.GetUID()), v1.LabelAttempt: strconv.Itoa(int(l.attempt.Number)),
	}.String()})
	if err != nil || len(list.Items) == 0 {
		return nil, err
	}
	newest := slices.MaxFunc(list.Items, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return &newest, nil
}

// agentState is how it stands with the agent's container; nothing while the node has not said.
func agentState(pod *corev1.Pod) corev1.ContainerState {
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name == render.AgentContainer {
			return c.State
		}
	}
	return corev1.ContainerState{}
}
