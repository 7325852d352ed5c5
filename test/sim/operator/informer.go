package operator

import (
	"cmp"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/timeline"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// informer follows the log of one kind on one cluster. It is late, each by itself, so events of two kinds come in any
// order; those of one object never do. Its handlers hear of a change after the cache has it.
type informer struct {
	o       *Operator
	of      *connection
	server  *apiserver.Server
	kind    apiserver.Kind
	objects []client.Object // the cache
	next    int             // of the log
	tell    func(apiserver.Change)

	delivering, telling bool
	untold              []apiserver.Change
	broken              bool // the watch is gone or silent; a list will follow
	moved               bool // and be of another cluster
	link                *Link
}

// watchHub begins the informers of the hub. A cache may be a little behind when the process becomes the leader.
func (o *Operator) watchHub() {
	o.hub.cache.informers = map[apiserver.Kind]*informer{}
	for _, k := range []apiserver.Kind{apiserver.DocsRun, apiserver.CodeRun} {
		h := o.recs[kindOf[k]].Handlers()
		o.inform(o.hub, k, func(c apiserver.Change) { deliver(h.Runs.CreateFunc, h.Runs.UpdateFunc, h.Runs.DeleteFunc, c) })
	}
}

// watchMember begins those of a member that was just connected to.
func (o *Operator) watchMember(c *connection) {
	c.cache.informers = map[apiserver.Kind]*informer{}
	for _, k := range []apiserver.Kind{apiserver.Job, apiserver.Pod, apiserver.ConfigMap, apiserver.Volume, apiserver.Namespace} {
		o.inform(c, k, o.memberHandlers(k))
	}
}

func (o *Operator) memberHandlers(k apiserver.Kind) func(apiserver.Change) {
	var both []reconcilers.Handlers
	for _, kind := range reconcilers.Kinds {
		both = append(both, o.recs[kind].Handlers())
	}
	return func(c apiserver.Change) {
		for _, h := range both {
			switch k {
			case apiserver.Job:
				deliver(h.Jobs.CreateFunc, h.Jobs.UpdateFunc, h.Jobs.DeleteFunc, c)
			case apiserver.Pod:
				deliver(h.Pods.CreateFunc, h.Pods.UpdateFunc, h.Pods.DeleteFunc, c)
			case apiserver.Namespace:
				deliver(h.Namespaces.Create, h.Namespaces.Update, h.Namespaces.Delete, c)
			default: // cached, and nobody listens
			}
		}
	}
}

func (o *Operator) inform(c *connection, k apiserver.Kind, tell func(apiserver.Change)) {
	i := &informer{o: o, of: c, server: c.server, kind: k, tell: tell, link: c.link}
	c.cache.informers[k] = i
	o.informers = append(o.informers, i)
	until := o.Time.Now().Add(-c.link.Lag - o.Time.Usually(100*time.Millisecond, 3*time.Second)) // how far the cache has come
	for _, change := range c.server.Log(k) {
		if change.At.After(until) && change.At.After(timeline.Start) {
			break
		}
		i.apply(change)
		i.next++
	}
	for _, object := range i.objects {
		i.announce(apiserver.Change{New: object})
	}
	i.heard()
}

// Heard tells the operator that a cluster's log has grown.
func (o *Operator) Heard(s *apiserver.Server, k apiserver.Kind) {
	for _, i := range o.informers {
		if i.server == s && i.kind == k {
			i.heard()
		}
	}
}

func (i *informer) settled() bool {
	return !i.broken && i.next == len(i.server.Log(i.kind)) && len(i.untold) == 0
}

func (i *informer) heard() {
	if i.delivering || i.broken || i.next == len(i.server.Log(i.kind)) {
		return
	}
	i.delivering = true
	behind := i.server.Log(i.kind)[i.next].At.Add(i.link.Lag).Sub(i.o.Time.Now())
	i.o.after(max(0, behind)+i.o.Time.Usually(10*time.Millisecond, 500*time.Millisecond), func() {
		i.delivering = false
		if i.broken || i.next == len(i.server.Log(i.kind)) {
			return
		}
		if change := i.server.Log(i.kind)[i.next]; i.apply(change) {
			i.announce(change)
		}
		i.next++
		i.heard()
	})
}

// apply brings the cache forward by one change. It reports whether the cache keeps such objects at all.
func (i *informer) apply(c apiserver.Change) bool {
	o := c.Object()
	if i.server != i.o.Hub && i.kind != apiserver.Namespace && o.GetLabels()[v1.LabelManaged] != "true" {
		return false
	}
	at, found := slices.BinarySearchFunc(i.objects, o, func(a, b client.Object) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	switch {
	case c.New == nil && found:
		i.objects = slices.Delete(slices.Clone(i.objects), at, at+1)
	case c.New != nil && found:
		i.objects[at] = slim(c.New)
	case c.New != nil:
		i.objects = slices.Insert(i.objects, at, slim(c.New))
	}
	return true
}

// slim is the object as the caches of the fleet keep it: without the pod template.
func slim(o client.Object) client.Object {
	job, ok := o.(*batchv1.Job)
	if !ok {
		return o
	}
	slimmed := *job
	slimmed.Spec.Template = corev1.PodTemplateSpec{}
	return &slimmed
}

// announce lets the handlers hear of a change, in order, at once or a little later.
func (i *informer) announce(c apiserver.Change) {
	if i.o.Time.Chance(0.01) {
		i.untold = append(i.untold, c)
		c = apiserver.Change{Old: c.Object(), New: c.Object()} // heard again: a resync
	}
	i.untold = append(i.untold, c)
	i.tellNext()
}

func (i *informer) tellNext() {
	if i.telling || len(i.untold) == 0 {
		return
	}
	i.telling = true
	i.o.after(i.o.Time.Usually(time.Millisecond, 100*time.Millisecond), func() {
		i.telling = false
		c := i.untold[0]
		i.untold = i.untold[1:]
		i.tell(c)
		i.tellNext()
	})
}

// Break drops the watches of a cluster. Relist begins them anew.
func (o *Operator) Break(cluster string) {
	for _, i := range o.informers {
		if i.server.Name == cluster {
			i.broken = true
		}
	}
}

// Relist lists anew and watches from there: changes in between come as one, and in no order across objects. While nothing
// answers there is nothing to list; whoever mends that lists anew.
func (o *Operator) Relist(cluster string) {
	o.after(0, func() {
		for _, i := range o.informers {
			if i.server.Name == cluster && i.broken && i.link.broken() == nil {
				i.relist()
			}
		}
	})
}

func (i *informer) relist() {
	i.broken = false
	was := slices.Clone(i.objects)
	if i.moved {
		i.objects, i.next, i.moved = nil, 0, false
	}
	for _, change := range i.server.Log(i.kind)[i.next:] {
		i.apply(change)
	}
	i.next = len(i.server.Log(i.kind))
	old := func(o client.Object) client.Object { return same(was, o) }
	for _, o := range i.objects {
		i.announce(apiserver.Change{Old: old(o), New: o})
	}
	for _, o := range was {
		if same(i.objects, o) == nil {
			i.announce(apiserver.Change{Old: o})
		}
	}
}

func same(in []client.Object, o client.Object) client.Object {
	for _, other := range in {
		if other.GetName() == o.GetName() && other.GetNamespace() == o.GetNamespace() {
			return other
		}
	}
	return nil
}
