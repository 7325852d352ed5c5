package operator

import (
	"context"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

// deliver calls the handler that a change is for. The queue is not theirs to fill: production posts to mailboxes.
func deliver[Q any](
	created func(context.Context, event.TypedCreateEvent[client.Object], Q),
	updated func(context.Context, event.TypedUpdateEvent[client.Object], Q),
	deleted func(context.Context, event.TypedDeleteEvent[client.Object], Q),
	c apiserver.Change,
) {
	var none Q
	switch {
	case c.Old == nil:
		created(quiet, event.TypedCreateEvent[client.Object]{Object: c.New}, none)
	case c.New == nil:
		deleted(quiet, event.TypedDeleteEvent[client.Object]{Object: c.Old}, none)
	default:
		updated(quiet, event.TypedUpdateEvent[client.Object]{ObjectOld: c.Old, ObjectNew: c.New}, none)
	}
}
