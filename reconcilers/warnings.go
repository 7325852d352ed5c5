package reconcilers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// addWarning asks what the member warned of while the agent does not start. Quota, Pod Security and volumes that cannot be
// mounted are told in events only; the Job and the pod themselves say nothing.
func (p *pass) addWarning(ctx context.Context, m fleet.Member, e *v1.Attempt, g *sight, a *lifecycle.AgentFacts) {
	if e.CreatedAt == nil || p.now.Before(e.CreatedAt.Add(lifecycle.StartPatience)) {
		return
	}
	about := []types.UID{e.JobUID}
	for _, pod := range g.pods {
		about = append(about, pod.UID)
	}
	last, told := p.lastWarning(ctx, m, about)
	if !told {
		return
	}
	a.Warning, a.WarningReason = last.Reason+": "+last.Message, last.Reason
	if claim := p.unboundClaim(ctx, m); claim != nil { // that is why, and the scheduler says only that it waits for it
		if last, told := p.lastWarning(ctx, m, []types.UID{claim.UID}); told {
			a.Warning = "PersistentVolumeClaim " + claim.Name + ": " + last.Reason + ": " + last.Message
		}
		return
	}
	if a.Pod.Problem == "" && last.Reason == "FailedMount" && missing(last.Message) {
		a.Pod.Problem, a.Pod.Message = v1.ClassSecretMissing, a.Warning
	}
}

// unboundClaim is the claim of the run's workspace while it has no volume, nil where there is none or the member does not say.
func (p *pass) unboundClaim(ctx context.Context, m fleet.Member) *corev1.PersistentVolumeClaim {
	code, ok := p.run.(*v1.CodeRun)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	claim := &corev1.PersistentVolumeClaim{}
	err := m.Live.Get(ctx, types.NamespacedName{Namespace: code.Namespace, Name: v1.WorkspacePrefix + code.Spec.Service}, claim)
	if err != nil || claim.Status.Phase == corev1.ClaimBound {
		return nil
	}
	return claim
}

// missing says that a volume cannot be mounted because its Secret or ConfigMap is not there.
func missing(message string) bool {
	return strings.Contains(message, "not found") && (strings.Contains(message, "secret") || strings.Contains(message, "configmap"))
}

// lastWarning is the newest Warning event about some objects.
func (p *pass) lastWarning(ctx context.Context, m fleet.Member, about []types.UID) (corev1.Event, bool) {
	all := p.warnings(ctx, m, about)
	if len(all) == 0 {
		return corev1.Event{}, false
	}
	return slices.MaxFunc(all, func(a, b corev1.Event) int { return seenAt(a).Compare(seenAt(b)) }), true
}

// warnings lists the Warning events about some objects; none when the member does not answer.
func (p *pass) warnings(ctx context.Context, m fleet.Member, about []types.UID) []corev1.Event {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	var out []corev1.Event
	for _, uid := range about {
		var events corev1.EventList
		err := m.Live.List(ctx, &events, client.InNamespace(p.run.GetNamespace()), client.MatchingFields{
			"involvedObject.uid": string(uid), "type": corev1.EventTypeWarning,
		})
		if err != nil {
			log.FromContext(ctx).Info("Asking for events without an answer", "cluster", m.Name, "error", err.Error())
			return nil
		}
		out = append(out, events.Items...)
	}
	// The events of one moment in the order of their names: the same look says the same thing.
	slices.SortFunc(out, func(a, b corev1.Event) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func seenAt(e corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	default:
		return e.CreationTimestamp.Time
	}
}
