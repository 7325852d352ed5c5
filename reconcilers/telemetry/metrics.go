package telemetry

import (
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// Succeeded is the class of an attempt that has no failure class.
const Succeeded = "Succeeded"

var (
	// A phase lasts from what one write takes to the longest deadline, a day.
	stateBuckets = []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400}
	// A member is chosen at once, or when one has room. Creation times are whole seconds.
	placementBuckets = []float64{1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400}
)

// Metrics counts what happens to the runs of both kinds.
type Metrics struct {
	transitions, attempts, overBudget, effects *prometheus.CounterVec
	tokens, turns, cost                        *prometheus.CounterVec
	states, placement                          *prometheus.HistogramVec

	traced bool // somebody gets the traces, so that an exemplar leads to one

	mu      sync.Mutex
	members map[string]bool // those that have their series
	acts    []act           // what is done on members
	kinds   []lifecycle.Kind
}

// act is what an effect on a member does.
type act struct {
	verb     lifecycle.Verb
	resource fsm.Resource
}

// NewMetrics registers what is counted. Traced says that somebody gets the traces: then counts and times lead to them.
func NewMetrics(registry prometheus.Registerer, traced bool) (*Metrics, error) {
	m := &Metrics{traced: traced, members: map[string]bool{}}
	for _, c := range []struct {
		vec **prometheus.CounterVec
		def Definition
	}{
		{&m.transitions, transitionsTotal}, {&m.attempts, attemptsTotal}, {&m.overBudget, overBudgetTotal}, {&m.effects, effectsTotal},
		{&m.tokens, tokensTotal}, {&m.turns, turnsTotal}, {&m.cost, costTotal},
	} {
		var err error
		if *c.vec, err = counter(registry, c.def); err != nil {
			return nil, err
		}
	}
	var err error
	if m.states, err = histogram(registry, stateSeconds, stateBuckets); err != nil {
		return nil, err
	}
	if m.placement, err = histogram(registry, placementSeconds, placementBuckets); err != nil {
		return nil, err
	}
	return m, nil
}

// Of counts for one kind, with a series for each row of its table from the start: a rate over a counter that appears with
// its first event misses that event. Allowance is what the infrastructure may lose outside the budget, as configured now.
func (m *Metrics) Of(machine lifecycle.Lifecycle, allowance func() int32) KindMetrics {
	kind := string(machine.Kind)
	for _, row := range machine.Table.Expand() {
		m.transitions.WithLabelValues(kind, string(row.From[0]), string(row.On), string(row.To))
		if row.From[0] != row.To {
			m.states.WithLabelValues(kind, string(row.From[0]))
		}
	}
	for _, one := range []*prometheus.CounterVec{m.overBudget, m.turns, m.cost} {
		one.WithLabelValues(kind)
	}
	m.placement.WithLabelValues(kind)
	for _, direction := range []string{"input", "output"} {
		m.tokens.WithLabelValues(kind, direction)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds = append(m.kinds, machine.Kind)
	for _, a := range actsOf(machine) {
		if !slices.Contains(m.acts, a) {
			m.acts = append(m.acts, a)
		}
	}
	return KindMetrics{Metrics: m, kind: machine.Kind, allowance: allowance}
}

// onHub are the resources that are no member's.
var onHub = []fsm.Resource{lifecycle.Finalizer, lifecycle.Lease, lifecycle.Run}

// actsOf are the effects on members that the states of a table ask for.
func actsOf(machine lifecycle.Lifecycle) []act {
	var all []act
	for _, s := range machine.Table.States {
		for verb, resources := range map[lifecycle.Verb][]fsm.Resource{
			lifecycle.VerbEnsure: s.Ensure, lifecycle.VerbRelease: s.Release, lifecycle.VerbEnd: s.End, lifecycle.VerbDelete: s.Delete,
		} {
			for _, r := range resources {
				if a := (act{verb, r}); !slices.Contains(onHub, r) && !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// Acted tells an effect on a member.
func (m *Metrics) Acted(_ v1.Run, d story.Done) {
	m.effects.WithLabelValues(string(d.Effect.Verb), string(d.Effect.Resource), d.Outcome, d.Effect.Cluster).Inc()
}

// Roster gives each member its series, and takes those of members that are gone: a fleet may see many names in its time. It is
// to be called whenever one comes or goes; the function lists them.
func (m *Metrics) Roster(members func() []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := map[string]bool{}
	for _, name := range members() {
		now[name] = true
		if !m.members[name] {
			m.begin(name)
		}
	}
	for name := range m.members {
		if !now[name] {
			m.effects.DeletePartialMatch(prometheus.Labels{"cluster": name})
			m.attempts.DeletePartialMatch(prometheus.Labels{"cluster": name})
		}
	}
	m.members = now
}

func (m *Metrics) begin(member string) {
	for _, a := range m.acts {
		for _, outcome := range story.Outcomes {
			m.effects.WithLabelValues(string(a.verb), string(a.resource), outcome, member)
		}
	}
	for _, kind := range m.kinds {
		m.attempts.WithLabelValues(string(kind), Succeeded, member)
		for _, class := range lifecycle.Classes {
			m.attempts.WithLabelValues(string(kind), string(class.Class), member)
		}
	}
}
