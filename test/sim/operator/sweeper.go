package operator

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// swept is the kind of those entries of the queue that are members to be swept (rule O): one after the other each, as in
// production, and as a pass, so that a process can be killed in the midst of it.
const swept lifecycle.Kind = "sweep"

func (o *Operator) newSweeper() *garbage.Sweeper {
	return garbage.New(garbage.Options{
		Members: registry{o}.Members, HubUID: o.Hub.UID, Cached: o.hub.cache, Live: o.hub, RequestTimeout: RequestTimeout,
		Quarantined: o.quarantined, Observer: witness{o},
	})
}

// Sweep has a member swept: it changed, or an hour is over.
func (o *Operator) Sweep(name string) {
	if o.Leads {
		o.add(o.entry(swept, types.NamespacedName{Name: name}), 0)
	}
}

// sweeping sweeps a member, and again a little later, as in package garbage, when that came to no end.
func (o *Operator) sweeping(name string) func() (reconcile.Result, error) {
	const soon, late = 5 * time.Second, 10 * time.Minute
	again := soon
	return func() (reconcile.Result, error) {
		members := registry{o}.Members()
		i := slices.IndexFunc(members, func(m fleet.Member) bool { return m.Name == name })
		if i < 0 {
			return reconcile.Result{}, nil
		}
		err := o.sweeper.Sweep(quiet, members[i])
		if err == nil {
			again = soon
			return reconcile.Result{}, nil
		}
		o.sayf("sweeping %s comes to no end: %v", name, err)
		after := again
		again = min(2*again, late)
		return reconcile.Result{RequeueAfter: after}, nil
	}
}

// witness tells the transcript what was swept.
type witness struct{ o *Operator }

// Swept implements garbage.Observer.
func (w witness) Swept(g garbage.Object) { w.o.sayf("swept %s %s on %s", g.Kind, g.Name, g.Member) }

// Orphaned implements garbage.Observer.
func (w witness) Orphaned(g garbage.Object) {
	w.o.sayf("tells of %s %s on %s", g.Kind, g.Name, g.Member)
}
