package incarnation

import (
	"context"
	"slices"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// State is what is known of the hub's past.
type State struct {
	lifecycle.HubFacts
	Missing []string // members that a restored hub has forgotten: they must be counted too
	Without []string // members that are not waited for, by a person's word
	Counted bool     // see Pulse.Counted
}

// State returns what is known, and waits for the first comparison. Its only error is that of ctx.
func (p *Pulse) State(ctx context.Context) (State, error) {
	select {
	case <-p.known:
	case <-ctx.Done():
		return State{}, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state, nil
}

// Counted says that the first comparison is done and that every member that must be counted remembers this incarnation, or is
// not waited for. It does not wait.
func (p *Pulse) Counted() bool {
	select {
	case <-p.known:
	default:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.Counted
}

// publish lets everybody know what is known.
func (p *Pulse) publish(s stored) {
	next := State{HubFacts: lifecycle.HubFacts{Incarnation: s.Incarnation, Since: s.Since}, Without: s.without}
	if s.Restored != nil {
		next.Missing = s.Restored.Missing
	}
	next.Counted = s.Incarnation == 1 || p.counted(next)
	p.mu.Lock()
	was := p.state
	p.state = next
	p.mu.Unlock()
	changed := was.Incarnation != next.Incarnation || !slices.Equal(was.Without, next.Without)
	select {
	case <-p.known:
		if changed {
			p.OnChange()
		}
	default:
		close(p.known)
	}
}

// counted says that nobody is left to be asked. Who was missing and is registered again is one of the members.
func (p *Pulse) counted(s State) bool {
	members := p.Members()
	must := slices.DeleteFunc(slices.Clone(s.Missing), func(name string) bool {
		return slices.ContainsFunc(members, func(m fleet.Member) bool { return m.Name == name })
	})
	for _, m := range members {
		if m.UID != p.HubUID && p.holds[m.Name] != s.Incarnation {
			must = append(must, m.Name)
		}
	}
	return !slices.ContainsFunc(must, func(name string) bool { return !slices.Contains(s.Without, name) })
}
