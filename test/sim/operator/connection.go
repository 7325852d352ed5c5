package operator

import (
	"context"
	"errors"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// connection is an operator's client of one API server, and its caches of it.
type connection struct {
	o      *Operator
	server *apiserver.Server
	cache  *cache
	link   *Link

	uid        types.UID // of a member: who answered when it was made
	kubeconfig int       // and by which kubeconfig
}

func (o *Operator) connect(s *apiserver.Server) *connection {
	c := &connection{o: o, server: s, link: o.Weather.link(s.Name)}
	c.cache = &cache{o: o, indexes: indexesOf(s == o.Hub)}
	return c
}

// Request is one request under way.
type Request struct {
	Verb   string
	Kind   apiserver.Kind
	Object client.Object // what is sent; its name alone where only that matters
	Server *apiserver.Server
	Delete client.DeleteOptions
	Patch  []byte

	land func() error
	send func(*Request) error // does it on the API server
	from *Operator
	life int
	late bool // it timed out
}

// Writes says that it changes something.
func (r *Request) Writes() bool { return r.Verb != "get" && r.Verb != "list" }

// does says what the request does when it lands, as often as it does.
func (r *Request) does(f func(*Request) error) {
	r.send = f
	r.land = func() error { return f(r) }
}

// Instead lets a planted bug stand between the request and the API server.
func (r *Request) Instead(land func(land func() error) error) {
	carriedOut := r.land
	r.land = func() error { return land(carriedOut) }
}

// From is the process that sent it.
func (r *Request) From() *Operator { return r.from }

// Late says that nobody waits for the answer any longer: it timed out, or its sender was killed or stopped.
func (r *Request) Late() bool { return r.late || r.from.paused || r.from.life != r.life }

// Get implements client.Reader.
func (c *connection) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	r := &Request{Verb: "get", Kind: apiserver.KindOf(o), Object: named(key)}
	r.land = func() error { return c.server.Get(key, o) }
	if c.o.Plant.StaleReads && c.cache.informers[r.Kind] != nil {
		r.land = func() error { return c.cache.Get(quiet, key, o) }
	}
	return c.send(r)
}

// List implements client.Reader.
func (c *connection) List(_ context.Context, list client.ObjectList, opts ...client.ListOption) error {
	r := &Request{Verb: "list", Kind: apiserver.KindOf(list), Object: nobody}
	r.land = func() error { return c.server.List(list, opts...) }
	if c.o.Plant.StaleReads && c.cache.informers[r.Kind] != nil {
		r.land = func() error { return c.cache.List(quiet, list, opts...) }
	}
	return c.send(r)
}

// again is a copy of the request that arrives by itself: nobody waits for it.
func (r *Request) again() *Request {
	second := *r
	second.late = true
	second.Object = copyOf(r.Object)
	second.land = func() error { return second.send(&second) }
	return &second
}

// Exists says that what a create would make is there.
func (r *Request) Exists() bool {
	return r.Server.Find(r.Kind, client.ObjectKeyFromObject(r.Object)) != nil
}

// Deleting says that what a delete is about is being deleted already.
func (r *Request) Deleting() bool {
	o := r.Server.Find(r.Kind, client.ObjectKeyFromObject(r.Object))
	return o == nil || o.GetDeletionTimestamp() != nil
}

// AlreadyExists is the answer to it then.
func (r *Request) AlreadyExists() error {
	return apierrors.NewAlreadyExists(r.Kind.Resource(), r.Object.GetName())
}

// Create implements client.Writer.
func (c *connection) Create(_ context.Context, o client.Object, _ ...client.CreateOption) error {
	sent := copyOf(o)
	r := &Request{Verb: "create", Kind: apiserver.KindOf(o), Object: sent}
	r.does(func(r *Request) error {
		if err := c.o.Weather.refuses(c.server, r); err != nil {
			return err
		}
		return c.server.Create(r.Object)
	})
	err := c.send(r)
	answer(o, sent)
	return err
}

// Update implements client.Writer.
func (c *connection) Update(_ context.Context, o client.Object, _ ...client.UpdateOption) error {
	sent := copyOf(o)
	r := &Request{Verb: "update", Kind: apiserver.KindOf(o), Object: sent}
	r.does(func(r *Request) error { return c.server.Update(r.Object) })
	err := c.send(r)
	answer(o, sent)
	return err
}

// Patch implements client.Writer.
func (c *connection) Patch(_ context.Context, o client.Object, patch client.Patch, _ ...client.PatchOption) error {
	data, err := patch.Data(o)
	if err != nil {
		return err
	}
	r := &Request{Verb: "patch", Kind: apiserver.KindOf(o), Object: named(client.ObjectKeyFromObject(o)), Patch: data}
	r.does(func(r *Request) error { return c.server.Patch(r.Kind, client.ObjectKeyFromObject(r.Object), r.Patch) })
	return c.send(r)
}

// Delete implements client.Writer.
func (c *connection) Delete(_ context.Context, o client.Object, opts ...client.DeleteOption) error {
	r := &Request{Verb: "delete", Kind: apiserver.KindOf(o), Object: named(client.ObjectKeyFromObject(o))}
	r.Delete.ApplyOptions(opts)
	r.does(func(r *Request) error { return c.server.Delete(r.Kind, client.ObjectKeyFromObject(r.Object), r.Delete) })
	return c.send(r)
}

// Status implements client.StatusClient.
func (c *connection) Status() client.SubResourceWriter { return statusWriter{c} }

type statusWriter struct{ c *connection }

// Update implements client.SubResourceWriter.
func (w statusWriter) Update(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
	sent := copyOf(o)
	r := &Request{Verb: "commit", Kind: apiserver.KindOf(o), Object: sent}
	r.does(func(r *Request) error { return w.c.server.UpdateStatus(r.Object) })
	err := w.c.send(r)
	answer(o, sent)
	return err
}

func copyOf(o client.Object) client.Object {
	c, _ := o.DeepCopyObject().(client.Object)
	return c
}

// answer is what a client learns of its object.
func answer(o, sent client.Object) {
	o.SetUID(sent.GetUID())
	o.SetResourceVersion(sent.GetResourceVersion())
}

// named is an object of which only the name matters, nobody one that has none.
func named(key client.ObjectKey) client.Object {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
}

var nobody = named(client.ObjectKey{})

// errUnknown is the answer to what production never asks for.
var errUnknown = errors.New("the simulation does not know this request")

// DeleteAllOf implements client.Writer.
func (*connection) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	return errUnknown
}

// Apply implements client.Writer.
func (*connection) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return errUnknown
}

// Create implements client.SubResourceWriter.
func (statusWriter) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	return errUnknown
}

// Patch implements client.SubResourceWriter.
func (statusWriter) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return errUnknown
}

// Apply implements client.SubResourceWriter.
func (statusWriter) Apply(context.Context, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
	return errUnknown
}
