package garbage

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// Sort tells apart what one look at a member found of one run that is gone: inert is what may be deleted, Jobs first, and
// live what executes or may. What is in neither is being deleted already, goes with something else, waits for something
// live, or does not say whose it is.
//
//	Job        suspended or finished, and no pod of its attempt is live
//	Pod        ended, and without the Job that takes it along
//	ConfigMap  no Job or pod of its attempt is live
//	workspace  never: it belongs to a service and keeps its work
func Sort(objects []Object) (inert, live []Object) {
	live = slices.DeleteFunc(slices.Clone(objects), func(o Object) bool { return !o.Told() || o.State != Running })
	for _, o := range objects {
		if o.Told() && !o.Deleting && collectable(o, objects, live) {
			inert = append(inert, o)
		}
	}
	slices.SortStableFunc(inert, func(a, b Object) int { return byPlace(Object{Kind: a.Kind}, Object{Kind: b.Kind}) })
	return inert, live
}

func collectable(o Object, all, live []Object) bool {
	needed := slices.ContainsFunc(live, func(l Object) bool { return l.Attempt == o.Attempt })
	switch o.Kind {
	case Job:
		return (o.State == Suspended || o.State == Finished) && !needed
	case Pod:
		return o.State == Finished && !isThere(all, o.Owner)
	case ConfigMap:
		return !needed
	default:
		return false
	}
}

func isThere(all []Object, uid types.UID) bool {
	return uid != "" && slices.ContainsFunc(all, func(o Object) bool { return o.UID == uid })
}
