package operator

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// chronicle remembers every object of ours that was ever on the members, as watches told it.
type chronicle struct {
	mu    sync.Mutex
	seen  map[types.UID]*sighting
	order []types.UID
}

// sighting is what was seen of one object over its life.
type sighting struct {
	Kind, Member, Namespace, Name string
	Run                           types.UID
	Attempt                       string
	Created                       int64 // version in which it was seen first
	Ended                         int64 // a pod: version in which it was seen ended; 0 before
	Gone                          int64 // version at which it was deleted; 0 before
}

// follow watches Jobs, pods and ConfigMaps of a member until ctx ends. It returns when it knows all that are there.
func (c *chronicle) follow(ctx context.Context, member *bed.Cluster) error {
	return member.Follow(ctx, bed.Ours(), func(o client.Object, gone bool) {
		kind := "ConfigMap"
		switch o.(type) {
		case *batchv1.Job:
			kind = "Job"
		case *corev1.Pod:
			kind = "Pod"
		}
		c.note(kind, member.Name(), o, gone)
	}, &batchv1.Job{}, &corev1.Pod{}, &corev1.ConfigMap{})
}

func (c *chronicle) note(kind, member string, o client.Object, gone bool) {
	version, err := strconv.ParseInt(o.GetResourceVersion(), 10, 64)
	if err != nil || o.GetLabels()[v1.LabelRunUID] == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seen[o.GetUID()]
	if s == nil {
		s = &sighting{
			Kind: kind, Member: member, Namespace: o.GetNamespace(), Name: o.GetName(),
			Run: types.UID(o.GetLabels()[v1.LabelRunUID]), Attempt: o.GetLabels()[v1.LabelAttempt], Created: version,
		}
		c.seen[o.GetUID()] = s
		c.order = append(c.order, o.GetUID())
	}
	if pod, ok := o.(*corev1.Pod); ok && s.Ended == 0 && (pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed) {
		s.Ended = version
	}
	if gone {
		s.Gone = version
	}
}

// all are the sightings of a kind that a question is answered with yes for, in the order of their first sight.
func (c *chronicle) all(kind string, of func(sighting) bool) []sighting {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []sighting
	for _, uid := range c.order {
		if s := *c.seen[uid]; s.Kind == kind && of(s) {
			found = append(found, s)
		}
	}
	return found
}

// twice are the attempts that had more than one object of a kind, on whichever members: "run/attempt".
func (c *chronicle) twice(kind string) []string {
	count := map[string]int{}
	for _, s := range c.all(kind, func(sighting) bool { return true }) {
		count[fmt.Sprintf("%s %s of run %s, attempt %s", s.Namespace, kind, s.Run, s.Attempt)]++
	}
	var found []string
	for attempt, n := range count {
		if n > 1 {
			found = append(found, attempt)
		}
	}
	slices.Sort(found)
	return found
}

// over is the version from which a pod needed nothing any more: it had ended or was deleted.
func (s sighting) over() int64 {
	if s.Ended != 0 {
		return s.Ended
	}
	return s.Gone
}
