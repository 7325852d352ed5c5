package reconcilers

import (
	"context"
	"strconv"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Witness sees for the metrics what is the case, beside the reconcilers and not through them: it reads caches, and decides and
// changes nothing.
type Witness struct {
	HubUID types.UID
	Hub    client.Reader
	Fleet  interface{ Members() []fleet.Member }
}

// Members are the members as their statuses say.
func (w Witness) Members(ctx context.Context) []v1.MemberCluster {
	var list v1.MemberClusterList
	if err := w.Hub.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Listing the members for the metrics")
	}
	return list.Items
}

// Agents counts the pods of agents that have not ended, on members that answer: what others' caches still hold may be long over.
func (w Witness) Agents(ctx context.Context) telemetry.Agents {
	found := telemetry.Agents{On: map[string]int{}}
	byRun := map[types.UID][]*corev1.Pod{}
	for _, m := range w.Fleet.Members() {
		if !m.Answers {
			continue
		}
		var pods corev1.PodList
		if err := m.Cached.List(ctx, &pods, client.MatchingFields{fleet.IndexLive: fleet.Live}, client.UnsafeDisableDeepCopy); err != nil {
			continue // it is being replaced by a new connection
		}
		found.On[m.Name] = 0
		for i := range pods.Items {
			pod := &pods.Items[i]
			if pod.Labels[v1.LabelHub] != string(w.HubUID) {
				continue
			}
			found.On[m.Name]++
			uid := types.UID(pod.Labels[v1.LabelRunUID])
			byRun[uid] = append(byRun[uid], pod)
		}
	}
	for uid, pods := range byRun {
		if len(pods) > 1 {
			found.Surplus += w.surplus(ctx, uid, pods)
		}
	}
	return found
}

// surplus is how many pods of a run are more than one. Of a run that is gone nobody knows which were over.
func (w Witness) surplus(ctx context.Context, uid types.UID, pods []*corev1.Pod) int {
	kind, key, ok := parseHome(pods[0].Annotations[v1.AnnotationHome])
	if !ok {
		return 0
	}
	run := newRun(kind)
	if err := w.Hub.Get(ctx, key, run); err != nil || run.GetUID() != uid {
		return 0
	}
	return beyondOne(pods, run.RunStatus().Attempts)
}

// beyondOne leaves out what is over for everybody, because its fence has passed or a person vouched for it: its node may be cut off,
// and say so for ever.
func beyondOne(pods []*corev1.Pod, attempts []v1.Attempt) int {
	over := map[string]bool{}
	for _, e := range attempts {
		over[strconv.Itoa(int(e.Number))] = e.EndedBy == v1.EndFenced || e.EndedBy == v1.EndAbandoned
	}
	n := 0
	for _, pod := range pods {
		if !over[pod.Labels[v1.LabelAttempt]] {
			n++
		}
	}
	return max(n-1, 0)
}
