package config

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	clientcache "k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Watches returns runnables for the manager that keep the source up to date with its ConfigMaps: a valid change comes into
// force at once, an invalid one is reported in the log, in an event on the ConfigMap, by [Source.Healthy] and by the
// metric runfleet_config_valid. cluster leads to the hub. onChange is called after a change came into force, and must not wait.
//
// Each has a cache of its own that holds its one object: so it works whatever namespaces the manager is limited to, and
// needs no permission on any other ConfigMap.
func (s *Source) Watches(cluster *rest.Config, recorder event.Recorder, onChange func()) []manager.Runnable {
	watch := func(name, what string, changed, invalid event.Reason) manager.Runnable {
		return &watcher{
			Source: s, cluster: cluster, recorder: recorder, name: name, what: what, changed: changed, invalid: invalid, onChange: onChange,
		}
	}
	return []manager.Runnable{
		watch(v1.ConfigMapName, "configuration", event.ConfigChanged, event.ConfigInvalid),
		watch(v1.TemplatesName, "set of templates", event.TemplatesChanged, event.TemplatesInvalid),
	}
}

// watcher follows one ConfigMap.
type watcher struct {
	*Source

	cluster          *rest.Config
	recorder         event.Recorder
	name, what       string
	changed, invalid event.Reason
	onChange         func()
	seen             *corev1.ConfigMap // what was looked at last: a changed label says nothing new
}

// NeedLeaderElection says that every replica follows the configuration, so that a new leader has it from the start.
func (w *watcher) NeedLeaderElection() bool { return false }

// Start watches until the context ends.
func (w *watcher) Start(ctx context.Context) error {
	c, err := w.cache()
	if err != nil {
		return fmt.Errorf("watching the ConfigMap %s: %w", w.path(w.name), err)
	}
	informer, err := c.GetInformer(ctx, &corev1.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watching the ConfigMap %s: %w", w.path(w.name), err)
	}
	logger := log.FromContext(ctx).WithName("config").WithValues("ConfigMap", klog.KRef(w.namespace, w.name))
	look := func(object any) {
		if m, ok := object.(*corev1.ConfigMap); ok {
			w.look(m, logger)
		}
	}
	_, err = informer.AddEventHandler(clientcache.ResourceEventHandlerFuncs{
		AddFunc:    look,
		UpdateFunc: func(_, object any) { look(object) },
		DeleteFunc: func(any) { w.deleted(logger) },
	})
	if err != nil {
		return fmt.Errorf("watching the ConfigMap %s: %w", w.path(w.name), err)
	}
	return c.Start(ctx)
}

// cache holds the ConfigMap and nothing else. Its mapper is fixed: a hub that is slow to describe itself delays nothing.
func (w *watcher) cache() (cache.Cache, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)
	return cache.New(w.cluster, cache.Options{
		Scheme:               scheme,
		Mapper:               mapper,
		DefaultNamespaces:    map[string]cache.Config{w.namespace: {}},
		DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", w.name),
		DefaultTransform:     cache.TransformStripManagedFields(),
	})
}

// look takes a changed ConfigMap over, or says why not. Informers call it for one change after the other.
func (w *watcher) look(m *corev1.ConfigMap, logger logr.Logger) {
	if w.seen != nil && sameData(w.seen, m) {
		return
	}
	w.seen = m

	changed, notes, err := w.take(m)
	if len(notes) > 0 {
		logger.Info("Ignoring keys of the configuration", "keys", notes)
		w.say(m, event.ConfigUnknownKey, "Ignored: "+strings.Join(notes, "; "))
	}
	if err != nil {
		logger.Error(err, "Keeping the last good "+w.what)
		w.say(m, w.invalid, "The last good "+w.what+" stays in force: "+err.Error())
		return
	}
	if changed {
		logger.Info("Using a changed " + w.what)
		w.say(m, w.changed, "The changed "+w.what+" is in force.")
		w.onChange()
	}
}

func (w *watcher) deleted(logger logr.Logger) {
	w.seen = nil // the same text, created again, is news
	if err := w.drop(w.name); err != nil {
		logger.Error(err, "Keeping the last good "+w.what)
		return
	}
	logger.Info("Using the built-in templates alone")
	w.onChange()
}

// oneLine joins the lines of mistakes, since kubectl shows the first line of an event alone.
var oneLine = strings.NewReplacer(":\n  ", ": ", "\n  ", "; ", "\n", "; ")

func (w *watcher) say(m *corev1.ConfigMap, why event.Reason, note string) {
	w.recorder.Say(m, nil, why, "Configure", oneLine.Replace(note))
}
