package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/render"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Source holds the last good configuration. Its methods may be called from any goroutine.
type Source struct {
	namespace string
	current   atomic.Pointer[Config]

	mu        sync.Mutex // of what follows: each ConfigMap has a watch of its own
	base      Config     // the last good config.yaml
	templates *render.Templates
	inForce   map[string]*corev1.ConfigMap // by name, what was read of each
	problems  map[string]error             // by name, why it is not what is in force
}

// Fixed is a source that never changes, for tests and for commands without a hub.
func Fixed(c Config) *Source {
	s := &Source{base: c, templates: c.Render.Templates}
	s.current.Store(&c)
	return s
}

// Load reads configuration and templates from the operator's namespace, through a reader that asks the API server. Missing
// or not valid is an error that says what to create or correct, every mistake on a line of its own: without a configuration
// nothing may start. Without own templates the built-in ones are in force.
func Load(ctx context.Context, reader client.Reader, namespace string) (*Source, error) {
	s := &Source{namespace: namespace, inForce: map[string]*corev1.ConfigMap{}, problems: map[string]error{}}
	var errs []error
	for _, name := range []string{v1.ConfigMapName, v1.TemplatesName} {
		var m corev1.ConfigMap
		err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &m)
		switch {
		case apierrors.IsNotFound(err) && name == v1.TemplatesName:
		case apierrors.IsNotFound(err):
			errs = append(errs, fmt.Errorf("there is no ConfigMap %s: create it, docs/examples/config.yaml is an annotated example",
				s.path(name)))
		case err != nil:
			errs = append(errs, fmt.Errorf("reading the ConfigMap %s: %w", s.path(name), err))
		default:
			_, err = s.read(&m)
			errs = append(errs, err)
			s.inForce[name] = &m
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c, err := s.base.With(s.templates)
	if err != nil {
		return nil, notValid(s.path(v1.TemplatesName), err) // config.yaml was tried with the built-in ones
	}
	s.accept(c)
	return s, nil
}

// Current is the last good configuration. It is read anew in every pass and not changed by its reader.
func (s *Source) Current() Config { return *s.current.Load() }

// Healthy says why what is in force is not what is in the ConfigMaps; nil when it is.
func (s *Source) Healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.problems)) {
		errs = append(errs, s.problems[name])
	}
	return errors.Join(errs...)
}

func (s *Source) path(name string) string { return s.namespace + "/" + name }

// take brings a ConfigMap into force, or keeps the last good one and says why. changed is false for what was in force all
// the time; the notes are about keys that have no effect.
func (s *Source) take(m *corev1.ConfigMap) (changed bool, notes []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	base, templates := s.base, s.templates
	notes, err = s.read(m)
	if err == nil {
		var c Config
		if c, err = s.base.With(s.templates); err == nil {
			changed = s.problems[m.Name] != nil || !sameData(s.inForce[m.Name], m)
			delete(s.problems, m.Name)
			s.inForce[m.Name] = m
			s.accept(c)
			return changed, notes, nil
		}
		s.base, s.templates = base, templates
		err = notValid(s.path(m.Name), err)
	}
	s.reject(m.Name, err)
	return false, notes, err
}

// sameData says that two versions of a ConfigMap hold the same. None holds nothing.
func sameData(a, b *corev1.ConfigMap) bool {
	if a == nil {
		a = &corev1.ConfigMap{}
	}
	return maps.Equal(a.Data, b.Data) && maps.EqualFunc(a.BinaryData, b.BinaryData, bytes.Equal)
}

// read takes one ConfigMap apart. Its error is for a person: every mistake on a line of its own.
func (s *Source) read(m *corev1.ConfigMap) (notes []string, err error) {
	if m.Name == v1.TemplatesName {
		templates, err := readTemplates(m)
		if err != nil {
			return nil, notValid(s.path(m.Name), err)
		}
		s.templates = templates
		return nil, nil
	}
	text, ok := m.Data[v1.ConfigMapKey]
	if !ok {
		return nil, fmt.Errorf("the ConfigMap %s has no key %s: add it, docs/examples/config.yaml is an annotated example",
			s.path(m.Name), v1.ConfigMapKey)
	}
	c, notes, err := Parse([]byte(text))
	if err != nil {
		return notes, notValid(s.path(m.Name)+", key "+v1.ConfigMapKey+",", err)
	}
	s.base = c
	return notes, nil
}

// readTemplates refuses what would otherwise be passed over in silence.
func readTemplates(m *corev1.ConfigMap) (*render.Templates, error) {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m.BinaryData)) {
		errs = append(errs, fmt.Errorf("%s: is binary data: a template is text in UTF-8", key))
	}
	templates, err := render.NewTemplates(m.Data)
	return templates, errors.Join(append(errs, err)...)
}

func notValid(what string, err error) error {
	return fmt.Errorf("the ConfigMap %s is not valid:\n  %s", what, strings.ReplaceAll(err.Error(), "\n", "\n  "))
}

// drop is what the deletion of a ConfigMap means: without templates the built-in ones are in force, without a
// configuration the last good one is, and the operator will not start the next time.
func (s *Source) drop(name string) error {
	if name == v1.TemplatesName {
		_, _, err := s.take(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}})
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reject(name, errDeleted)
	return errDeleted
}

func (s *Source) accept(c Config) {
	if was := s.current.Load(); was != nil {
		c = c.After(*was)
	}
	s.current.Store(&c)
}

// reject keeps the last good ones.
func (s *Source) reject(name string, err error) {
	s.problems[name] = err
}

// errDeleted is what a deleted configuration means: nothing for now, and no start after a restart.
var errDeleted = errors.New("the ConfigMap was deleted: create it again, or the operator will not start the next time")
