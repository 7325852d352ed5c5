package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var valid = promauto.With(metrics.Registry).NewGauge(prometheus.GaugeOpts{
	Name: "runfleet_config_valid",
	Help: "1 while the configuration in force is the one in the ConfigMap, 0 while that one is not valid and an older one is in force.",
})

// Source holds the last good configuration. Its methods may be called from any goroutine.
type Source struct {
	namespace string
	text      string // what Load read
	current   atomic.Pointer[Config]
	problem   atomic.Pointer[error] // why the ConfigMap is not what is in force; nil when it is
}

// Fixed is a source that never changes, for tests and for commands without a hub.
func Fixed(c Config) *Source {
	s := &Source{}
	s.current.Store(&c)
	return s
}

// Load reads the configuration from the operator's namespace, through a reader that asks the API server. Missing or not
// valid is an error that says what to create or correct: without a configuration nothing may start.
func Load(ctx context.Context, reader client.Reader, namespace string) (*Source, error) {
	s := &Source{namespace: namespace}
	var m corev1.ConfigMap
	err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: v1.ConfigMapName}, &m)
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("there is no ConfigMap %s: create it, docs/examples/config.yaml is an annotated example", s.name())
	case err != nil:
		return nil, fmt.Errorf("reading the ConfigMap %s: %w", s.name(), err)
	}
	c, _, err := s.parse(&m)
	if err != nil {
		return nil, err
	}
	s.text = m.Data[v1.ConfigMapKey]
	s.accept(c)
	return s, nil
}

// Current is the last good configuration. It is read anew in every pass and not changed by its reader.
func (s *Source) Current() Config { return *s.current.Load() }

// Healthy says why the configuration in force is not the one in the ConfigMap; nil when it is.
func (s *Source) Healthy() error {
	if p := s.problem.Load(); p != nil {
		return *p
	}
	return nil
}

func (s *Source) name() string { return s.namespace + "/" + v1.ConfigMapName }

// parse reads the ConfigMap. Its error is for a person: every mistake on a line of its own.
func (s *Source) parse(m *corev1.ConfigMap) (Config, []string, error) {
	text, ok := m.Data[v1.ConfigMapKey]
	if !ok {
		return Config{}, nil, fmt.Errorf("the ConfigMap %s has no key %s: add it, docs/examples/config.yaml is an annotated example",
			s.name(), v1.ConfigMapKey)
	}
	c, notes, err := Parse([]byte(text))
	if err != nil {
		return Config{}, notes, fmt.Errorf("the ConfigMap %s, key %s, is not valid:\n  %s",
			s.name(), v1.ConfigMapKey, strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return c, notes, nil
}

func (s *Source) accept(c Config) {
	s.current.Store(&c)
	s.problem.Store(nil)
	valid.Set(1)
}

// reject keeps the last good configuration.
func (s *Source) reject(err error) {
	s.problem.Store(&err)
	valid.Set(0)
}

// errDeleted is what a deleted ConfigMap means: nothing for now, and no start after a restart.
var errDeleted = errors.New("the ConfigMap was deleted: create it again, or the operator will not start the next time")
