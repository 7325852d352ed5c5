package original

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// lookEvery is how soon a controller of the original is seen that somebody starts.
	lookEvery = time.Minute
	// soon is how soon it is seen that it is gone, while somebody waits for that.
	soon = 5 * time.Second
)

// Options are what a Watch needs.
type Options struct {
	Live       client.Reader // of the hub
	Runs       client.Reader // the hub's cache
	Namespaces []string      // of the runs; empty for all
	Recorder   event.Recorder
	// OnChange is called when the controller came or went: every run has to look again.
	OnChange       func()
	RequestTimeout time.Duration
	Now            func() time.Time
}

// Presence is whether the original's controller may act.
type Presence struct {
	Known bool   // nothing may be concluded where it is not
	Where string // its Deployment, "" where there is none with replicas
	Why   string // it is not known
}

// Absent says that it certainly does not act.
func (p Presence) Absent() bool { return p.Known && p.Where == "" }

// String says it in words that say what to do.
func (p Presence) String() string {
	switch {
	case !p.Known:
		return "whether the original's controller is there is not known: " + p.Why
	case p.Where != "":
		return fmt.Sprintf("the original's controller, Deployment %s, is there: scale it to zero", p.Where)
	default:
		return "the original's controller is not there"
	}
}

// Watch looks for the original's controller, and warns. A nil one has nothing to look for.
type Watch struct {
	Options

	counted int        // runs with a finalizer; of the goroutine of Start
	looking sync.Mutex // held through a look: the others wait for what it finds
	at      time.Time  // of the last look

	mu     sync.Mutex
	last   Presence
	warned map[string]string // what was said last of a run, by its UID and the reason
}

// New returns a Watch. The manager runs it on the leader.
func New(o Options) *Watch { return &Watch{Options: o, warned: map[string]string{}} }

// NeedLeaderElection is true: what one process says is enough.
func (w *Watch) NeedLeaderElection() bool { return true }

// Start looks until ctx ends.
func (w *Watch) Start(ctx context.Context) error {
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithName("original"))
	tick := time.NewTicker(soon)
	defer tick.Stop()
	for {
		every := lookEvery
		if p := w.Last(); p.Where != "" || !p.Known {
			every = soon
		}
		w.Presence(ctx, every)
		w.count(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Last is what was seen last, without a look.
func (w *Watch) Last() Presence {
	if w == nil {
		return Presence{Known: true}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// Presence is what a look found that is no older than that.
func (w *Watch) Presence(ctx context.Context, age time.Duration) Presence {
	if w == nil {
		return Presence{Known: true}
	}
	w.looking.Lock()
	defer w.looking.Unlock()
	first := w.at.IsZero()
	if !first && w.Now().Sub(w.at) < age {
		return w.Last()
	}
	found, err := w.look(ctx)
	is := Presence{Known: err == nil, Where: names(found)}
	if err != nil {
		is.Why = err.Error()
	}
	w.mu.Lock()
	was := w.last
	w.last, w.at = is, w.Now()
	w.mu.Unlock()
	changed := is.Known != was.Known || is.Where != was.Where // an error of the same kind has other words each time
	if changed && !first || first && !is.Absent() {
		w.tell(ctx, is, found)
	}
	if changed && !first {
		w.OnChange()
	}
	return is
}

// look lists the Deployments of the namespaces, and keeps those of the original that have replicas.
func (w *Watch) look(ctx context.Context) ([]appsv1.Deployment, error) {
	ctx, cancel := context.WithTimeout(ctx, w.RequestTimeout)
	defer cancel()
	namespaces := w.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	var found []appsv1.Deployment
	for _, n := range namespaces {
		var list appsv1.DeploymentList
		if err := w.Live.List(ctx, &list, client.InNamespace(n)); err != nil {
			return nil, fmt.Errorf("listing Deployments: %w", err)
		}
		for _, d := range list.Items {
			if IsController(d) && (d.Spec.Replicas == nil || *d.Spec.Replicas > 0 || d.Status.Replicas > 0) {
				found = append(found, d)
			}
		}
	}
	return found, nil
}

func names(found []appsv1.Deployment) string {
	var all []string
	for _, d := range found {
		all = append(all, d.Namespace+"/"+d.Name)
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}

// configMaps are the original's configuration, by generation. Ours has the name of the second, and no pod mounts it.
var configMaps = []string{"taskrun-controller-config", v1.ConfigMapName}

// IsController says that a Deployment is the original's controller. Its names and labels were whatever its chart's user chose:
// what no generation ran without are the image, or the name of the configuration in the environment or as a volume.
func IsController(d appsv1.Deployment) bool {
	pod := d.Spec.Template.Spec
	mounts := func(v corev1.Volume) bool { return v.ConfigMap != nil && slices.Contains(configMaps, v.ConfigMap.Name) }
	named := func(e corev1.EnvVar) bool {
		return e.Name == "CONTROLLER_CONFIG_MAP" && slices.Contains(configMaps, e.Value)
	}
	return slices.ContainsFunc(pod.Volumes, mounts) || slices.ContainsFunc(pod.Containers, func(c corev1.Container) bool {
		return strings.HasSuffix(repository(c.Image), "5dlabs/platform/orchestrator") || slices.ContainsFunc(c.Env, named)
	})
}

// repository is an image without its tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		image = image[:i]
	}
	return image
}

// tell warns of a change, in the log and on the Deployment.
func (w *Watch) tell(ctx context.Context, is Presence, found []appsv1.Deployment) {
	if is.Absent() {
		log.FromContext(ctx).Info("The original's controller is gone: the runs that it began are taken over")
		return
	}
	log.FromContext(ctx).Info("Warning of the original's controller", "warning", is.String())
	for i := range found {
		w.Recorder.Say(&found[i], nil, event.OriginalPresent, "Scale",
			"this is the controller of the system that Runfleet replaces: both would act on the same runs. Runfleet starts none "+
				"until it is at zero replicas: kubectl -n "+found[i].Namespace+" scale deployment "+found[i].Name+" --replicas=0")
	}
}

// count says how many runs carry a finalizer of the original, whenever that number has changed.
func (w *Watch) count(ctx context.Context) {
	marked, err := w.marked(ctx)
	if err != nil || marked == w.counted {
		return
	}
	if w.counted = marked; marked > 0 {
		log.FromContext(ctx).Info("Warning of finalizers of the original: they are removed when their runs are deleted", "runs", marked)
	}
}

func (w *Watch) marked(ctx context.Context) (n int, err error) {
	var docs v1.DocsRunList
	var code v1.CodeRunList
	if err = w.Runs.List(ctx, &docs, client.UnsafeDisableDeepCopy); err == nil {
		err = w.Runs.List(ctx, &code, client.UnsafeDisableDeepCopy)
	}
	for i := range docs.Items {
		if Marked(&docs.Items[i]) {
			n++
		}
	}
	for i := range code.Items {
		if Marked(&code.Items[i]) {
			n++
		}
	}
	return n, err
}

// Warn says something of a run, in the log and in an event on it, once until it is something else.
func (w *Watch) Warn(ctx context.Context, run v1.Run, why event.Reason, note string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	key := string(run.GetUID()) + " " + why.Name()
	said := w.warned[key] == note
	w.warned[key] = note
	w.mu.Unlock()
	if said {
		return
	}
	log.FromContext(ctx).Info("Warning of a run of the original", "reason", why.Name(), "warning", note)
	w.Recorder.Say(run, nil, why, "Wait", note)
}
