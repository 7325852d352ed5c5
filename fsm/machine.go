package fsm

import (
	"context"
	"errors"
	"fmt"

	"github.com/qmuntal/stateless"
)

// ErrIgnored is returned by [Machine.Fire] when no row of the table accepts the trigger. It is not a fault:
// the caller tries the next trigger.
var ErrIgnored = errors.New("no row accepts the trigger")

// Machine is the stateless state machine of one table. It is immutable once built and may be shared: the state it
// works on travels in the context of each Fire, so runs never meet (stateless' queued mode would mix them up).
type Machine struct {
	sm     *stateless.StateMachine
	states map[State]bool
}

// firing is one call of Fire: where the run is, what holds, and which row fired.
type firing struct {
	state State
	holds func(Guard) bool
	row   Row
}

type firingKey struct{}

// Machine builds the machine of a table that [Table.Validate] accepts; the proofs there make stateless' panics
// (overlapping guards, a transition to the same state by Permit) unreachable.
func (t Table) Machine() (*Machine, error) {
	if err := t.Validate(); err != nil {
		return nil, fmt.Errorf("building the machine of %s: %w", t.Name, err)
	}
	m := &Machine{states: make(map[State]bool, len(t.States))}
	m.sm = stateless.NewStateMachineWithExternalStorage(
		func(ctx context.Context) (stateless.State, error) { return current(ctx).state, nil },
		func(ctx context.Context, s stateless.State) error {
			current(ctx).state = s.(State) //nolint:forcetypeassert // permit configures nothing else
			return nil
		},
		stateless.FiringImmediate)
	m.sm.OnUnhandledTrigger(func(context.Context, stateless.State, stateless.Trigger, []string) error { return ErrIgnored })
	for _, s := range t.States {
		m.states[s.Name] = true
	}
	for _, r := range t.Expand() {
		m.permit(r)
	}
	return m, nil
}

// permit adds one expanded row. The guard notes the row it belongs to: of the guards of one (from, on) exactly one
// holds, so the row noted last is the row that fires.
func (m *Machine) permit(r Row) {
	guard := func(ctx context.Context, _ ...any) bool {
		f := current(ctx)
		if !Holds(r.If, f.holds) {
			return false
		}
		f.row = r
		return true
	}
	from := m.sm.Configure(r.From[0])
	if r.To == r.From[0] {
		from.PermitReentry(r.On, guard)
		return
	}
	from.Permit(r.On, r.To, guard)
}

// Fire returns the row that the trigger fires in state s. It returns [ErrIgnored] when there is none, and an error
// when s is not a state of the table (an object written by a newer version: leave it alone and say so).
func (m *Machine) Fire(s State, on Trigger, holds func(Guard) bool) (Row, error) {
	// stateless adds an unknown state to its map for ever; never let it see one.
	if !m.states[s] {
		return Row{}, fmt.Errorf("state %q is not in the table", s)
	}
	f := &firing{state: s, holds: holds}
	ctx := context.WithValue(context.Background(), firingKey{}, f)
	if err := m.sm.FireCtx(ctx, on); err != nil {
		return Row{}, err
	}
	if f.state != f.row.To {
		return Row{}, fmt.Errorf("machine moved to %q, row %s says %q", f.state, f.row.ID, f.row.To)
	}
	return f.row, nil
}

// current is the call of Fire that the library is working for; nobody else calls it.
func current(ctx context.Context) *firing {
	return ctx.Value(firingKey{}).(*firing) //nolint:forcetypeassert // Fire has put it there
}
