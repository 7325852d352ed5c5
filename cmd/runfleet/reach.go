package main

import (
	"context"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
)

// reached is what one round to all members brought.
type reached struct {
	hub      types.UID // by which objects on members name it
	members  []*v1.MemberCluster
	readers  map[string]client.Reader
	memories map[string]memory
	silent   map[string]error // why a member could not be asked
}

// memory is what a member remembers of the hub, or why nobody knows.
type memory struct {
	incarnation.Copy
	err error
}

// reach connects to all members at once, so that one that hangs takes no more time than its own, and asks what they remember.
func (c *orphansCall) reach(ctx context.Context) (*reached, error) {
	r := &reached{readers: map[string]client.Reader{}, memories: map[string]memory{}, silent: map[string]error{}}
	listed, err := c.hub.list(ctx, []*kind{members}, false)
	if err != nil {
		return nil, err
	}
	if r.hub, err = c.hub.identity(ctx); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var dials sync.WaitGroup
	for _, i := range listed {
		m, ok := i.object.(*v1.MemberCluster)
		if !ok {
			continue
		}
		r.members = append(r.members, m)
		dials.Go(func() {
			reader, memory, err := c.ask(ctx, m, r.hub)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.silent[m.Name] = err
			} else {
				r.readers[m.Name], r.memories[m.Name] = reader, memory
			}
		})
	}
	dials.Wait()
	return r, nil
}

func (c *orphansCall) ask(ctx context.Context, m *v1.MemberCluster, hub types.UID) (client.Reader, memory, error) {
	reached, err := fleet.Reach(ctx, c.hub.client, c.hub.config, c.system, m, answerTime)
	if err != nil {
		return nil, memory{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	remembered, err := incarnation.ReadCopy(ctx, reached.Live, hub)
	return reached.Live, memory{remembered, err}, nil
}

// countedMember says whether a member has answered this incarnation of the hub.
type countedMember struct {
	Name    string `json:"name"`
	Counted bool   `json:"counted"`
	Waived  bool   `json:"waived,omitempty"`
	Why     string `json:"why"`
}

// counted says of each member, and of those that a restored hub has forgotten, whether it has answered this incarnation.
func (r *reached) counted(record incarnation.Record, waived []string) []countedMember {
	all := []countedMember{}
	for _, member := range r.members {
		m := countedMember{Name: member.Name, Waived: slices.Contains(waived, member.Name)}
		if why := r.silent[m.Name]; why != nil {
			m.Why = oneLine(why.Error())
		} else if member.Status.ClusterUID == r.hub {
			m.Counted, m.Why = true, "it is the hub itself"
		} else {
			m.Counted, m.Why = r.memories[m.Name].answers(record)
		}
		all = append(all, m)
	}
	if record.Restored == nil {
		return all
	}
	for _, name := range record.Restored.Missing {
		if !slices.ContainsFunc(all, func(m countedMember) bool { return m.Name == name }) {
			all = append(all, countedMember{
				Name: name, Waived: slices.Contains(waived, name),
				Why: "it was registered in the time that was lost, and is not now: register it again",
			})
		}
	}
	return all
}

func (m memory) answers(record incarnation.Record) (bool, string) {
	switch {
	case apierrors.IsNotFound(m.err):
		return false, "the operator has not asked it yet"
	case m.err != nil:
		return false, oneLine(m.err.Error())
	case m.Incarnation < record.Incarnation:
		return false, "the operator has not asked it since"
	default:
		return true, "it answers"
	}
}

// quarantined says that the hub was restored and still waits for somebody, so that nothing is swept.
func (r *reached) quarantined(record incarnation.Record, waived []string) bool {
	return record.Restored != nil && len(uncounted(r.counted(record, waived))) > 0
}

// uncounted are the names of those that the hub still waits for.
func uncounted(all []countedMember) []string {
	var names []string
	for _, m := range all {
		if !m.Counted && !m.Waived {
			names = append(names, m.Name)
		}
	}
	return names
}
