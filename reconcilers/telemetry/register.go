package telemetry

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// counter registers a definition.
func counter(registry prometheus.Registerer, d Definition) (*prometheus.CounterVec, error) {
	return registered(registry, d, prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels))
}

// histogram registers a definition with the upper bounds of its buckets.
func histogram(registry prometheus.Registerer, d Definition, buckets []float64) (*prometheus.HistogramVec, error) {
	return registered(registry, d, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: d.Name, Help: d.Help, Buckets: buckets,
	}, d.Labels))
}

// registered is the collector, or the one of the same name that a second operator in one process finds.
func registered[C prometheus.Collector](registry prometheus.Registerer, d Definition, c C) (C, error) {
	err := registry.Register(c)
	if known, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := known.ExistingCollector.(C); ok {
			return same, nil
		}
	}
	if err != nil {
		return c, fmt.Errorf("registering %s: %w", d.Name, err)
	}
	return c, nil
}

// desc describes a definition for a collector that makes its values when it is asked.
func desc(d Definition) *prometheus.Desc { return prometheus.NewDesc(d.Name, d.Help, d.Labels, nil) }
