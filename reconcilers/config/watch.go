package config

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	clientcache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// The reasons of the events on the ConfigMap.
const (
	// ReasonConfigChanged surfaces when a changed configuration came into force.
	ReasonConfigChanged = "ConfigChanged"
	// ReasonConfigInvalid surfaces when a changed configuration is not valid; the last good one stays in force.
	ReasonConfigInvalid = "ConfigInvalid"
	// ReasonConfigUnknownKey surfaces for keys that have no effect; the message names them.
	ReasonConfigUnknownKey = "ConfigUnknownKey"
)

// Watch returns a runnable for the manager that keeps the source up to date with its ConfigMap: a valid change comes into
// force at once, an invalid one is reported in the log, in an event on the ConfigMap, by [Source.Healthy] and by the
// metric runfleet_config_valid. cluster leads to the hub.
//
// It has a cache of its own that holds this one object: so it works whatever namespaces the manager is limited to, and
// needs no permission on any other ConfigMap.
func (s *Source) Watch(cluster *rest.Config, recorder events.EventRecorder) manager.Runnable {
	return &watcher{Source: s, cluster: cluster, recorder: recorder}
}

type watcher struct {
	*Source

	cluster  *rest.Config
	recorder events.EventRecorder
	looked   bool   // at anything yet
	seen     string // the text that was looked at last: a changed label says nothing new
}

// NeedLeaderElection says that every replica follows the configuration, so that a new leader has it from the start.
func (w *watcher) NeedLeaderElection() bool { return false }

// Start watches until the context ends.
func (w *watcher) Start(ctx context.Context) error {
	c, err := w.cache()
	if err != nil {
		return fmt.Errorf("watching the ConfigMap %s: %w", w.name(), err)
	}
	informer, err := c.GetInformer(ctx, &corev1.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watching the ConfigMap %s: %w", w.name(), err)
	}
	logger := log.FromContext(ctx).WithName("config")
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
		return fmt.Errorf("watching the ConfigMap %s: %w", w.name(), err)
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
		DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", v1.ConfigMapName),
		DefaultTransform:     cache.TransformStripManagedFields(),
	})
}

// look takes a changed ConfigMap over, or says why not. Informers call it for one change after the other.
func (w *watcher) look(m *corev1.ConfigMap, logger logr.Logger) {
	text := m.Data[v1.ConfigMapKey]
	if w.looked && text == w.seen {
		return
	}
	w.looked, w.seen = true, text

	logger = logger.WithValues("ConfigMap", klog.KObj(m))
	c, notes, err := w.parse(m)
	if len(notes) > 0 {
		logger.Info("Ignoring keys of the configuration", "keys", notes)
		w.event(m, corev1.EventTypeWarning, ReasonConfigUnknownKey, "Ignored: "+strings.Join(notes, "; "))
	}
	if err != nil {
		w.reject(err)
		logger.Error(err, "Keeping the last good configuration")
		w.event(m, corev1.EventTypeWarning, ReasonConfigInvalid, "The last good configuration stays in force: "+err.Error())
		return
	}
	changed := text != w.text || w.Healthy() != nil
	w.text = text
	w.accept(c)
	if changed {
		logger.Info("Using a changed configuration")
		w.event(m, corev1.EventTypeNormal, ReasonConfigChanged, "The changed configuration is in force.")
	}
}

func (w *watcher) deleted(logger logr.Logger) {
	w.looked = false // the same text, created again, is news
	w.reject(errDeleted)
	logger.Error(errDeleted, "Keeping the last good configuration", "ConfigMap", klog.KRef(w.namespace, v1.ConfigMapName))
}

// event cuts the note to what the API server takes.
func (w *watcher) event(m *corev1.ConfigMap, kind, reason, note string) {
	const most = 1000 // bytes; the API takes 1024
	if len(note) > most {
		note = strings.ToValidUTF8(note[:most], "") + "…"
	}
	w.recorder.Eventf(m, nil, kind, reason, "Configure", "%s", note)
}
