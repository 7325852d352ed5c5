package telemetry

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// Metrics counts the transitions of one kind.
type Metrics struct {
	transitions *prometheus.CounterVec
	kind        lifecycle.Kind
}

// NewTransitions registers runfleet_transitions_total{kind,from,on,to}. Its labels come from the tables, so there are as
// many series as rows.
func NewTransitions(registry prometheus.Registerer) (*prometheus.CounterVec, error) {
	c, err := registered(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "runfleet_transitions_total",
		Help: "Transitions that were committed, by kind, phase before, trigger and phase after.",
	}, []string{"kind", "from", "on", "to"}))
	if err != nil {
		return nil, fmt.Errorf("registering runfleet_transitions_total: %w", err)
	}
	return c, nil
}

// registered is the counter, or the one of the same name that a second operator in one process finds.
func registered(registry prometheus.Registerer, c *prometheus.CounterVec) (*prometheus.CounterVec, error) {
	err := registry.Register(c)
	if known, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := known.ExistingCollector.(*prometheus.CounterVec); ok {
			return same, nil
		}
	}
	return c, err
}

// NewMetrics counts for one kind, with a series for each row of its table from the start: a rate over a counter that
// appears with its first event misses that event.
func NewMetrics(transitions *prometheus.CounterVec, machine lifecycle.Lifecycle) Metrics {
	for _, row := range machine.Table.Expand() {
		transitions.WithLabelValues(string(machine.Kind), string(row.From[0]), string(row.On), string(row.To))
	}
	return Metrics{transitions: transitions, kind: machine.Kind}
}

// Committed implements the reconcilers' observer.
func (m Metrics) Committed(_ v1.Run, was v1.RunStatus, d lifecycle.Decision) {
	if d.Row.ID != "" {
		m.transitions.WithLabelValues(string(m.kind), string(was.Phase), string(d.Row.On), string(d.Status.Phase)).Inc()
	}
}
