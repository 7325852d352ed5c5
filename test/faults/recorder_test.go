//go:build faults

package faults

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// recorder sees every Job and pod of ours on the members, and every version of a run's attempts on the hub, by watches of its
// own. What it finds wrong it keeps.
type recorder struct {
	mu       sync.Mutex
	objects  map[types.UID]*object
	attempts map[types.UID][]v1.Attempt // by run: the newest that were seen
	leave    context.CancelFunc         // ends the watch of the hub
	wrong    []string
}

// object is one Job or pod over its life.
type object struct {
	kind, member, namespace, name string
	run                           types.UID
	attempt                       string
	started, over                 moment // of a pod: when its agent was seen started, and when ended or gone
}

// moment is when something was seen: the version orders what happened on one member, the time what happened on two.
type moment struct {
	version int64
	at      time.Time
}

func newRecorder() *recorder {
	return &recorder{objects: map[types.UID]*object{}, attempts: map[types.UID][]v1.Attempt{}}
}

// follow watches kinds of a cluster until ctx ends, and notes one thing after the other.
func (r *recorder) follow(ctx context.Context, c *cluster, o cache.Options, note func(o client.Object, gone bool), kinds ...client.Object) error {
	return c.Follow(ctx, o, func(o client.Object, gone bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		note(o, gone)
	}, kinds...)
}

func (r *recorder) followMember(ctx context.Context, c *cluster) error {
	note := func(o client.Object, gone bool) { r.noteObject(c.Name(), o, gone) }
	return r.follow(ctx, c, bed.Ours(), note, &batchv1.Job{}, &corev1.Pod{})
}

func (r *recorder) followHub(ctx context.Context, c *cluster) error {
	ctx, r.leave = context.WithCancel(ctx)
	note := func(o client.Object, gone bool) {
		if run, ok := o.(v1.Run); ok && !gone && ctx.Err() == nil {
			r.noteAttempts(run)
		}
	}
	return r.follow(ctx, c, cache.Options{}, note, &v1.DocsRun{}, &v1.CodeRun{})
}

// leaveHub forgets what the hub said, which is about to be set back, until it is followed again.
func (r *recorder) leaveHub() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave()
	clear(r.attempts)
}

func (r *recorder) noteObject(member string, o client.Object, gone bool) {
	version, err := strconv.ParseInt(o.GetResourceVersion(), 10, 64)
	if err != nil || o.GetLabels()[v1.LabelRunUID] == "" {
		return
	}
	now := moment{version, time.Now()}
	seen := r.objects[o.GetUID()]
	if seen == nil {
		seen = &object{
			kind: "Job", member: member, namespace: o.GetNamespace(), name: o.GetName(),
			run: types.UID(o.GetLabels()[v1.LabelRunUID]), attempt: o.GetLabels()[v1.LabelAttempt],
		}
		r.objects[o.GetUID()] = seen
	}
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	seen.kind = "pod"
	phase := pod.Status.Phase
	if seen.started == (moment{}) && phase != corev1.PodPending {
		seen.started = now
	}
	if seen.over == (moment{}) && (gone || phase == corev1.PodSucceeded || phase == corev1.PodFailed) {
		seen.over = now
	}
}

// noteAttempts compares a run's attempts with those of the version before: they are only added to (I2).
func (r *recorder) noteAttempts(run v1.Run) {
	fail := func(format string, a ...any) {
		r.wrong = append(r.wrong, fmt.Sprintf("run %s/%s: ", run.GetNamespace(), run.GetName())+fmt.Sprintf(format, a...))
	}
	was, now := r.attempts[run.GetUID()], run.RunStatus().Attempts
	if len(now) < len(was) {
		fail("attempts were dropped: %d of %d are left", len(now), len(was))
	}
	for i, a := range now {
		if int(a.Number) != i+1 {
			fail("attempt %d stands in place %d", a.Number, i+1)
		}
		if i >= len(was) {
			continue
		}
		if b := was[i]; b.JobUID != "" && a.JobUID != b.JobUID || b.EndedAt != nil && !b.EndedAt.Equal(a.EndedAt) ||
			b.Cluster != a.Cluster || !b.CreatedAt.Equal(a.CreatedAt) {
			fail("attempt %d was %+v and is %+v", a.Number, b, a)
		}
	}
	r.attempts[run.GetUID()] = slices.Clone(now)
}

// before says whether one moment came before another one; on one member by the versions of its objects.
func (a *object) before(b *object) bool {
	switch {
	case a.over == (moment{}):
		return false
	case a.member == b.member:
		return a.over.version <= b.started.version
	default:
		return a.over.at.Before(b.started.at)
	}
}

// findings are what was seen and must not be, all over the fleet and all the time.
func (r *recorder) findings() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := slices.Clone(r.wrong)
	count, agents := map[string]int{}, map[types.UID][]*object{}
	for _, o := range r.objects {
		if o.kind == "pod" && o.started != (moment{}) {
			agents[o.run] = append(agents[o.run], o)
		}
		name := fmt.Sprintf("%s of attempt %s of run %s in %s", o.kind, o.attempt, o.run, o.namespace)
		if count[name]++; count[name] == 2 && !inert[o.namespace] {
			found = append(found, "twice a "+name)
		}
	}
	for _, all := range agents {
		for i, a := range all {
			for _, b := range all[i+1:] {
				if !a.before(b) && !b.before(a) {
					found = append(found, fmt.Sprintf("two agents live at once: %+v and %+v", *a, *b))
				}
			}
		}
	}
	return found
}

// of are the objects of a kind that were ever seen in a namespace.
func (r *recorder) of(kind, namespace string) []object {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []object
	for _, o := range r.objects {
		if o.kind == kind && o.namespace == namespace {
			found = append(found, *o)
		}
	}
	return found
}

// inert are the namespaces in which a late create is let through on purpose, so that a Job comes twice: nothing of it runs.
var inert = map[string]bool{}
