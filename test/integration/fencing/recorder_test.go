//go:build faults

package fencing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// recorder watches the Jobs and pods of ours on the members, past every line that a test cuts, and says what must never be.
type recorder struct {
	mu      sync.Mutex
	agents  map[types.UID]*agent // by pod
	deleted map[types.UID]bool   // Jobs whose deletion was looked at
	excused map[types.UID]bool   // runs with which a test does what breaks an assumption
	faults  []string
}

// agent is one pod whose container started.
type agent struct {
	on      *bed.Cluster
	key     client.ObjectKey
	pod     types.UID
	run     types.UID
	attempt string
	over    int64 // the version of its member in which it had ended or was gone; 0 before
}

func (a *agent) String() string {
	return fmt.Sprintf("attempt %s (pod %s on %s)", a.attempt, a.key, a.on.Name())
}

func newRecorder() *recorder {
	return &recorder{agents: map[types.UID]*agent{}, deleted: map[types.UID]bool{}, excused: map[types.UID]bool{}}
}

// follow watches a member until ctx ends. It returns when it knows what is there.
func (r *recorder) follow(ctx context.Context, member *bed.Cluster) error {
	return member.Follow(ctx, bed.Ours(), func(o client.Object, gone bool) {
		switch o := o.(type) {
		case *corev1.Pod:
			r.notePod(ctx, member, o, gone)
		case *batchv1.Job:
			r.noteJob(ctx, o)
		}
	}, &batchv1.Job{}, &corev1.Pod{})
}

func started(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil || c.State.Terminated != nil && !c.State.Terminated.StartedAt.IsZero()
	})
}

func over(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

func (r *recorder) notePod(ctx context.Context, member *bed.Cluster, p *corev1.Pod, gone bool) {
	run := types.UID(p.Labels[v1.LabelRunUID])
	if run == "" || !started(p) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.agents[p.UID]
	if a == nil {
		a = &agent{on: member, key: client.ObjectKeyFromObject(p), pod: p.UID, run: run, attempt: p.Labels[v1.LabelAttempt]}
		r.agents[p.UID] = a
		r.compare(ctx, a)
	}
	if a.over == 0 && (gone || over(p)) {
		a.over = version(p)
	}
}

// compare asks of an agent that just started what else of its run started or lives. One that is about to be told as ended by
// the other member's watch is asked for itself: what lives then lived beside the new one.
func (r *recorder) compare(ctx context.Context, a *agent) {
	for _, b := range r.agents {
		if b == a || b.run != a.run || r.excused[a.run] {
			continue
		}
		if b.attempt == a.attempt {
			r.faults = append(r.faults, fmt.Sprintf("run %s: %s started a second time, as %s", a.run, b, a))
		}
		if b.over == 0 && lives(ctx, b) {
			r.faults = append(r.faults, fmt.Sprintf("run %s: %s lives beside %s", a.run, b, a))
		}
	}
}

func lives(ctx context.Context, a *agent) bool {
	var pod corev1.Pod
	err := a.on.Get(ctx, a.key, &pod)
	return err == nil && pod.UID == a.pod && !over(&pod)
}

// noteJob asks of a Job that is being deleted whether the hub knows its outcome (I8). Who deletes a run, or gives an agent up,
// does without.
func (r *recorder) noteJob(ctx context.Context, j *batchv1.Job) {
	r.mu.Lock()
	run := types.UID(j.Labels[v1.LabelRunUID])
	skip := j.DeletionTimestamp == nil || r.deleted[j.UID] || r.excused[run] || !r.ended(run, j.Labels[v1.LabelAttempt], version(j))
	r.deleted[j.UID] = r.deleted[j.UID] || j.DeletionTimestamp != nil
	r.mu.Unlock()
	if skip {
		return
	}
	home := strings.Split(j.Annotations[v1.AnnotationHome], "/")
	if len(home) != 3 {
		return
	}
	var o v1.Run = &v1.DocsRun{}
	if home[0] == "CodeRun" {
		o = &v1.CodeRun{}
	}
	if err := hub.Get(ctx, client.ObjectKey{Namespace: home[1], Name: home[2]}, o); err != nil || o.GetUID() != run || o.GetDeletionTimestamp() != nil {
		return
	}
	n, _ := strconv.Atoi(j.Labels[v1.LabelAttempt])
	for _, e := range o.RunStatus().Attempts {
		if int(e.Number) == n && e.JobUID == j.UID && e.EscalatedAt == nil && (e.OutcomeRecorded == nil || !*e.OutcomeRecorded) {
			r.mu.Lock()
			r.faults = append(r.faults, fmt.Sprintf("run %s/%s: the Job of attempt %d is deleted before its outcome is recorded", home[1], home[2], n))
			r.mu.Unlock()
		}
	}
}

// ended says that an agent of the attempt was seen started, and that it was over before a version of its member. Jobs and pods
// are told of by different watches, of which one may be late.
func (r *recorder) ended(run types.UID, attempt string, before int64) bool {
	for _, a := range r.agents {
		if a.run == run && a.attempt == attempt && a.over != 0 && a.over < before {
			return true
		}
	}
	return false
}

// version is a number that grows with everything that is written on a member.
func version(o client.Object) int64 {
	n, _ := strconv.ParseInt(o.GetResourceVersion(), 10, 64)
	return n
}

// wrong is what was seen that must never be.
func (r *recorder) wrong() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.faults)
}

// starts is on which members agents of a run started, in the order of their attempts. For Eventually.
func (r *recorder) starts(run v1.Run) func() []string {
	return func() []string {
		r.mu.Lock()
		defer r.mu.Unlock()
		all := []string{}
		for _, a := range r.agents {
			if a.run == run.GetUID() {
				all = append(all, a.attempt+" on "+a.on.Name())
			}
		}
		slices.Sort(all)
		return all
	}
}
