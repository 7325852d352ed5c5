package reconcilers

import (
	"context"
	"slices"
	"strconv"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// leftover asks the member whether anything of this run is left there. What bears the number of an attempt on a cluster that
// answered under the member's name before was sent to a stranger, before a probe told: nobody else clears it away but the
// sweeper (rule O), and that only when the run is gone.
func (p *pass) leftover(ctx context.Context, m fleet.Member) lifecycle.Presence {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	of := client.MatchingLabels{v1.LabelRunUID: string(p.run.GetUID())}
	for _, kind := range []schema.GroupVersionKind{jobKind, podKind, configMapKind} {
		list := metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(listOf(kind))
		if err := m.Live.List(ctx, &list, of, client.InNamespace(p.run.GetNamespace())); err != nil {
			p.unanswered = true
			log.FromContext(ctx).Info("Asking for what is left without an answer", "cluster", m.Name, "error", err.Error())
			return lifecycle.Unknown
		}
		if slices.ContainsFunc(list.Items, func(o metav1.PartialObjectMetadata) bool { return !p.astray(m, &o) }) {
			return lifecycle.Present
		}
	}
	return lifecycle.Absent
}

// astray says that an object was meant for another cluster than the one that answers under the member's name now.
func (p *pass) astray(m fleet.Member, o metav1.Object) bool {
	n, err := strconv.ParseInt(o.GetLabels()[v1.LabelAttempt], 10, 32)
	if err != nil {
		return false
	}
	e := entry(*p.status(), int32(n), m.Name)
	return e != nil && link(m, e.ClusterUID) == lifecycle.Foreign
}
