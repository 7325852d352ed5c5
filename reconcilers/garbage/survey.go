package garbage

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Surveyor audits a fleet for a person. Everything it reads, it reads from the API servers.
type Surveyor struct {
	Hub         client.Reader
	HubUID      types.UID
	Namespace   string                     // the only one to look at; "" for all
	Retention   func(v1.Run) time.Duration // see Books
	Quarantined bool                       // see Books
	Timeout     time.Duration              // of each request
	Now         func() time.Time
}

// Survey says why everything is still there that lies on some members, in the order of tables, and which members could not
// be asked. Without the hub nothing can be said of anything: that is the error.
//
// Between a look at a member and one at the hub a run may end to be deleted. So what no run accounts for is looked at
// once more, and only what is still there is reported.
func (s Surveyor) Survey(ctx context.Context, members map[string]client.Reader) ([]Entry, map[string]error, error) {
	seen, silent := s.lookAtAll(ctx, members)
	books, err := s.books(ctx)
	if err != nil {
		return nil, nil, err
	}
	var entries []Entry
	for name, objects := range seen {
		if objects, err = s.confirmed(ctx, name, members[name], objects, books); err != nil {
			silent[name] = err
			continue
		}
		entries = append(entries, books.Audit(objects)...)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return byPlace(a.Object, b.Object) })
	return entries, silent, nil
}

// lookAtAll looks at all members at once, so that one that hangs takes no more time than its own.
func (s Surveyor) lookAtAll(ctx context.Context, members map[string]client.Reader) (map[string][]Object, map[string]error) {
	var mu sync.Mutex
	var looks sync.WaitGroup
	seen, silent := map[string][]Object{}, map[string]error{}
	for name, from := range members {
		looks.Go(func() {
			objects, err := Look(ctx, name, from, s.Timeout, client.InNamespace(s.Namespace))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				silent[name] = err
			} else {
				seen[name] = objects
			}
		})
	}
	looks.Wait()
	return seen, silent
}

// books asks the hub for its runs.
func (s Surveyor) books(ctx context.Context) (Books, error) {
	books := Books{Hub: s.HubUID, Runs: map[types.UID]v1.Run{}, Retention: s.Retention, Quarantined: s.Quarantined, Now: s.Now()}
	var docs v1.DocsRunList
	var code v1.CodeRunList
	for _, list := range []client.ObjectList{&docs, &code} {
		bounded, cancel := context.WithTimeout(ctx, s.Timeout)
		err := s.Hub.List(bounded, list, client.InNamespace(s.Namespace))
		cancel()
		if err != nil {
			return Books{}, fmt.Errorf("listing the runs: %w", err)
		}
	}
	for i := range docs.Items {
		books.Runs[docs.Items[i].UID] = &docs.Items[i]
	}
	for i := range code.Items {
		books.Runs[code.Items[i].UID] = &code.Items[i]
	}
	return books, nil
}

// confirmed are the objects without those of runs that are gone and that are gone themselves by now.
func (s Surveyor) confirmed(ctx context.Context, member string, from client.Reader, objects []Object, books Books) ([]Object, error) {
	lost := func(o Object) bool { return o.Hub == books.Hub && o.Kind != Volume && books.Runs[o.Run] == nil }
	if !slices.ContainsFunc(objects, lost) {
		return objects, nil
	}
	again, err := Look(ctx, member, from, s.Timeout, client.InNamespace(s.Namespace))
	if err != nil {
		return nil, err
	}
	of := map[types.UID]bool{}
	for _, o := range objects {
		of[o.Run] = of[o.Run] || lost(o)
	}
	again = slices.DeleteFunc(again, func(o Object) bool { return !lost(o) || !of[o.Run] })
	return append(slices.DeleteFunc(objects, lost), again...), nil
}
