package garbage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Observer is told what became of the objects of runs that are gone.
type Observer interface {
	Swept(o Object)    // it was deleted
	Orphaned(o Object) // it lives; told once in the life of a process
}

// Options are what a Sweeper needs. All but Namespaces are.
type Options struct {
	Members func() []fleet.Member
	HubUID  types.UID     // objects of other hubs are not ours to touch
	Cached  client.Reader // the hub's cache: spares asking about runs that are there
	Live    client.Reader // the hub itself: only its answers count
	// Namespaces are those that the operator is restricted to; empty for all.
	Namespaces []string
	// Quarantined says that the hub was restored and does not know yet what it forgot (rule Q), or that nobody knows yet
	// whether it was: then nothing is deleted. It is asked before each deletion.
	Quarantined func() bool
	Observer    Observer
	// RequestTimeout bounds each request. Shorter than the leader's lease (A13).
	RequestTimeout time.Duration
}

// Sweeper deletes what lies on members of runs that are gone. It ends no agent: one that lives is only told of, since it
// ends at its own deadline, and a wrong guess here would cost somebody's work.
type Sweeper struct {
	Options

	due func() workqueue.TypedRateLimitingInterface[string] // members to sweep; made when it is needed, since it has a goroutine

	mu   sync.Mutex
	told map[string]map[types.UID]bool // by member: the live objects that were told of
}

// New makes a Sweeper. It sweeps by itself once it is started, and one member whenever it is told to.
func New(o Options) *Sweeper {
	due := sync.OnceValue(func() workqueue.TypedRateLimitingInterface[string] {
		return workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](soon, late))
	})
	return &Sweeper{Options: o, due: due, told: map[string]map[types.UID]bool{}}
}

// ErrQuarantined says that nothing was swept, or not all, and that it is to be tried again.
var ErrQuarantined = errors.New("the hub was restored and still counts what it forgot")

// Sweep sweeps one member that answers. The member itself is asked what it has, since the caches of one that has just come
// back are behind; then the hub, about the runs that its cache does not show; then the member once more, about those that
// are gone. The first error ends it, so a member that hangs takes the time of one request.
func (s *Sweeper) Sweep(ctx context.Context, m fleet.Member) error {
	switch {
	case !m.Answers:
		return nil
	case s.Quarantined():
		return ErrQuarantined
	}
	suspects, err := s.suspects(ctx, m)
	if err != nil {
		return err
	}
	lost, err := gone(ctx, s.Live, suspects, s.RequestTimeout)
	if err != nil {
		return err
	}
	alive := map[types.UID]bool{}
	for _, run := range lost {
		if err := s.clear(ctx, m, run, alive); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told[m.Name] = alive // what lives no longer is forgotten
	return nil
}

// suspects are the runs that objects on the member name, and that the hub's cache does not show.
func (s *Sweeper) suspects(ctx context.Context, m fleet.Member) ([]runID, error) {
	objects, err := lookAcross(ctx, m.Name, m.Live, s.RequestTimeout, s.HubUID)
	if err != nil {
		return nil, err
	}
	runs, err := known(ctx, s.Cached)
	if err != nil {
		return nil, err
	}
	var out []runID
	for _, o := range objects {
		run := runID{namespace: o.Namespace, uid: o.Run}
		if s.ours(o) && !runs[o.Run] && !slices.Contains(out, run) {
			out = append(out, run)
		}
	}
	return out, nil
}

func (s *Sweeper) ours(o Object) bool {
	return o.Told() && o.Hub == s.HubUID && (len(s.Namespaces) == 0 || slices.Contains(s.Namespaces, o.Namespace))
}

// clear deletes what is inert of one run, and tells of what lives, which it adds to alive.
func (s *Sweeper) clear(ctx context.Context, m fleet.Member, run runID, alive map[types.UID]bool) error {
	objects, err := LookFor(ctx, m.Name, m.Live, s.RequestTimeout, run.namespace, run.uid)
	if err != nil {
		return err
	}
	inert, live := Sort(slices.DeleteFunc(objects, func(o Object) bool { return !s.ours(o) }))
	for _, o := range live {
		alive[o.UID] = true
		if !isThere(live, o.Owner) { // a pod is told of with its Job
			s.tell(ctx, o)
		}
	}
	kept := map[int32]bool{} // attempts whose Job is still there, because it changed
	for _, o := range inert {
		if s.Quarantined() {
			return ErrQuarantined
		}
		if o.Kind == ConfigMap && kept[o.Attempt] {
			continue
		}
		deleted, err := s.remove(ctx, m, o)
		if err != nil {
			return err
		}
		kept[o.Attempt] = kept[o.Attempt] || !deleted
	}
	return nil
}

// tell tells of a live object, once.
func (s *Sweeper) tell(ctx context.Context, o Object) {
	s.mu.Lock()
	if s.told[o.Member] == nil {
		s.told[o.Member] = map[types.UID]bool{}
	}
	before := s.told[o.Member][o.UID]
	s.told[o.Member][o.UID] = true
	s.mu.Unlock()
	if before {
		return
	}
	logger(ctx, o).Info("Leaving a live agent alone whose run is gone", "ends", o.Ends)
	s.Observer.Orphaned(o)
}

// remove deletes exactly what was seen, and says whether it is gone now. What has changed meanwhile is looked at another time.
func (s *Sweeper) remove(ctx context.Context, m fleet.Member, o Object) (bool, error) {
	logger(ctx, o).Info("Deleting an object whose run is gone", "state", o.State)
	ctx, cancel := context.WithTimeout(ctx, s.RequestTimeout)
	defer cancel()
	options := []client.DeleteOption{client.Preconditions{UID: &o.UID, ResourceVersion: &o.ResourceVersion}}
	if o.Kind == Job { // the API's default would leave its pod without an owner
		options = append(options, client.PropagationPolicy(metav1.DeletePropagationForeground))
	}
	switch err := m.Writer.Delete(ctx, o.empty(), options...); {
	case apierrors.IsConflict(err):
		return false, nil
	case apierrors.IsNotFound(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("deleting the %s %s/%s on member %s: %w", o.Kind, o.Namespace, o.Name, o.Member, err)
	}
	s.Observer.Swept(o)
	return true, nil
}

// empty is the object as a request names it.
func (o Object) empty() client.Object {
	meta := metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name}
	switch o.Kind {
	case Job:
		return &batchv1.Job{ObjectMeta: meta}
	case Pod:
		return &corev1.Pod{ObjectMeta: meta}
	default:
		return &corev1.ConfigMap{ObjectMeta: meta}
	}
}

func logger(ctx context.Context, o Object) logr.Logger {
	return log.FromContext(ctx).WithValues("kind", o.Kind, "object", klog.KRef(o.Namespace, o.Name),
		"run", o.Home.String(), "attempt", o.Attempt, "cluster", o.Member)
}
