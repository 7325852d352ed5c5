package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// again is how long a lost watch waits before it is asked for again.
	again = time.Second
	// unheard is how long the person is not told that sight was lost. client-go tries a broken connection ten times by itself.
	unheard = 5 * time.Second
)

// sighting is something seen of what is followed.
type sighting struct {
	item
	listed bool   // the kind is known as a whole now; there is no item
	notice string // what a person should know meanwhile; there is no item
	err    error  // nothing more comes
}

// follower keeps one kind in sight: a list, then a watch from there on, and again when that ends, for as long as its
// context lives.
type follower struct {
	hub   *hub
	kind  *kind
	opts  []client.ListOption
	out   chan<- sighting
	known map[string]item // by namespace and name
	at    string          // the resource version seen last; "" asks for a list
	begun bool            // whether there was ever an answer: until then an error is for the person
	lost  bool            // whether the person was told that there is none now
}

// follow reports everything that happens to some kinds. The caller ends it by the context.
func (h *hub) follow(ctx context.Context, kinds []*kind, opts func(*kind) []client.ListOption) <-chan sighting {
	out := make(chan sighting)
	for _, k := range kinds {
		f := &follower{hub: h, kind: k, opts: opts(k), out: out, known: map[string]item{}}
		go f.run(ctx)
	}
	return out
}

func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.turn(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
			f.at = ""
		case passes(err) && f.begun:
			if !f.lost {
				f.send(ctx, sighting{notice: fmt.Sprintf("lost sight of the %ss, trying again: %s", f.kind.name, oneLine(err.Error()))})
			}
			f.lost = true
			f.pause(ctx)
		default:
			f.send(ctx, sighting{err: f.hub.explain("watching "+f.kind.name+"s", err)})
			return
		}
	}
}

func (f *follower) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(again):
	}
}

// turn lists, where that is due, and watches until the API server ends it.
func (f *follower) turn(ctx context.Context) error {
	if f.at == "" {
		if err := f.relist(ctx); err != nil {
			return err
		}
	}
	opts := append([]client.ListOption{}, f.opts...)
	opts = append(opts, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: f.at, AllowWatchBookmarks: true}})
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(f.patience(), func() { cancel(context.DeadlineExceeded) })
	w, err := f.hub.client.Watch(watching, f.kind.list(), opts...)
	late.Stop()
	if err != nil {
		return cmp.Or(context.Cause(watching), err)
	}
	defer w.Stop()
	for began := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case event, ok := <-w.ResultChan():
			if !ok {
				f.at = "" // a list tells whether the server is still there: client-go would try to watch for long without a word
				if time.Since(began) < again {
					f.pause(ctx)
				}
				return nil
			}
			if err := f.take(ctx, event); err != nil {
				return err
			}
		}
	}
}

// patience is how long an answer may take.
func (f *follower) patience() time.Duration {
	if f.begun && !f.lost {
		return unheard
	}
	return answerTime
}

// relist reports what is there, and what has gone while nobody looked.
func (f *follower) relist(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	list := f.kind.list()
	if err := f.hub.client.List(asking, list, f.opts...); err != nil {
		return err
	}
	items, err := itemsOf(f.kind, list)
	if err != nil {
		return err
	}
	gone := f.known
	f.known = map[string]item{}
	for _, i := range items {
		if was, ok := gone[i.key()]; ok && was.object.GetUID() == i.object.GetUID() {
			delete(gone, i.key())
		}
	}
	for _, i := range gone {
		i.gone = true
		f.send(ctx, sighting{item: i})
	}
	for _, i := range items {
		f.known[i.key()] = i
		f.send(ctx, sighting{item: i})
	}
	f.at, f.begun, f.lost = list.GetResourceVersion(), true, false
	f.send(ctx, sighting{item: item{kind: f.kind}, listed: true})
	return nil
}

// take reports one event of a watch.
func (f *follower) take(ctx context.Context, event watch.Event) error {
	if event.Type == watch.Error {
		return apierrors.FromObject(event.Object)
	}
	o, err := meta.Accessor(event.Object)
	if err != nil {
		return fmt.Errorf("reading an event of %ss: %w", f.kind.name, err)
	}
	f.at = o.GetResourceVersion()
	object, ok := event.Object.(client.Object)
	if !ok || event.Type == watch.Bookmark {
		return nil
	}
	i := item{kind: f.kind, object: object, gone: event.Type == watch.Deleted}
	if i.gone {
		delete(f.known, i.key())
	} else {
		f.known[i.key()] = i
	}
	f.send(ctx, sighting{item: i})
	return nil
}

func (f *follower) send(ctx context.Context, s sighting) {
	select {
	case <-ctx.Done():
	case f.out <- s:
	}
}

// passes says whether an error may pass by itself: the network, or a server that is not well.
func passes(err error) bool {
	var failed *url.Error
	var network net.Error
	return errors.As(err, &failed) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		apierrors.IsInternalError(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err)
}
