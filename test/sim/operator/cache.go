package operator

import (
	"context"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// cache is what an operator's informers hold of one cluster.
type cache struct {
	o         *Operator
	indexes   map[string]client.IndexerFunc
	informers map[apiserver.Kind]*informer
}

var (
	hubIndexes    = reconcilers.Indexes(System, defaultBranches)
	memberIndexes = map[string]client.IndexerFunc{
		fleet.IndexRunUID: func(o client.Object) []string { return []string{o.GetLabels()[v1.LabelRunUID]} },
	}
)

func indexesOf(hub bool) map[string]client.IndexerFunc {
	if hub {
		return hubIndexes
	}
	return memberIndexes
}

// Get implements client.Reader.
func (c *cache) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	c.breathe()
	k := apiserver.KindOf(o)
	found := c.informers[k].find(key)
	if found == nil {
		return apierrors.NewNotFound(k.Resource(), key.Name)
	}
	apiserver.CopyInto(o, found)
	return nil
}

// List implements client.Reader.
func (c *cache) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	c.breathe()
	items, err := apiserver.Select(c.informers[apiserver.KindOf(list)].objects, c.indexes, opts)
	if err == nil {
		apiserver.Fill(list, items)
	}
	return err
}

// breathe lets the world go on between two reads of a pass, now and then: caches change while they are read.
func (c *cache) breathe() {
	o := c.o
	p := o.running
	if p == nil || p.dead || !o.Time.Chance(0.02) {
		return
	}
	o.after(o.Time.Usually(time.Millisecond, time.Second), func() {
		if p.entry.pass == p {
			o.resume(p.entry)
		}
	})
	p.wait()
}

func (i *informer) find(key types.NamespacedName) client.Object {
	for _, o := range i.objects {
		if o.GetName() == key.Name && o.GetNamespace() == key.Namespace {
			return o
		}
	}
	return nil
}
