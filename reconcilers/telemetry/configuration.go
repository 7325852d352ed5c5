package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Configuration tells whether what is configured is in force; healthy says why it is not.
func Configuration(registry prometheus.Registerer, healthy func() error) error {
	c := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: configValid.Name, Help: configValid.Help}, func() float64 {
		if healthy() != nil {
			return 0
		}
		return 1
	})
	registry.Unregister(c) // one of before, of another source
	_, err := registered[prometheus.Collector](registry, configValid, c)
	return err
}
