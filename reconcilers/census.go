package reconcilers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Census remembers first counts (rule Q3): a run that was re-created from a backup or moved here is left alone until every
// registered member was asked twice, settle apart, what it executes of it. Lost with the process, and then begun anew:
// that only takes longer.
type Census struct {
	mu    sync.Mutex
	first map[types.UID]count
}

type count struct {
	at    time.Time
	stray *lifecycle.Stray
}

// NewCensus returns an empty one.
func NewCensus() *Census { return &Census{first: map[types.UID]count{}} }

// of is what is known after this look. A member that does not answer keeps the count from being complete.
func (c *Census) of(ctx context.Context, p *pass) lifecycle.Census {
	uid := p.run.GetUID()
	found, waits := p.count(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(waits) > 0 {
		delete(c.first, uid)
		return lifecycle.Census{Waits: waits}
	}
	before, counted := c.first[uid]
	if !counted {
		c.first[uid] = count{at: p.now, stray: found}
		return lifecycle.Census{}
	}
	if p.now.Sub(before.at) < p.config.Lifecycle.Settle {
		return lifecycle.Census{}
	}
	delete(c.first, uid)
	return lifecycle.Census{Complete: true, Stray: highest(before.stray, found)} // both counts together: see decision 0003
}

func highest(a, b *lifecycle.Stray) *lifecycle.Stray {
	switch {
	case b == nil || a != nil && a.Attempt > b.Attempt:
		return a
	case a != nil && a.Attempt == b.Attempt: // a pod that was told to end says less than its Job
		b.Deadline = max(a.Deadline, b.Deadline)
	}
	return b
}

// count asks every member for Jobs and pods of the run, also those that the hub has forgotten and that are registered no
// more, and says who did not answer. Whom a person vouches for is not waited for; if it answers it is counted all the same.
func (p *pass) count(ctx context.Context) (found *lifecycle.Stray, waits []string) {
	for _, name := range p.hub.Missing {
		if _, back := p.member(name); !back {
			waits = append(waits, name)
		}
	}
	for _, m := range p.members {
		stray, err := p.countAll(ctx, m)
		if err != nil {
			log.FromContext(ctx).Info("Counting without an answer", "cluster", m.Name, "error", err.Error())
			waits = append(waits, m.Name)
		}
		found = highest(found, stray)
	}
	waits = slices.DeleteFunc(waits, func(name string) bool { return slices.Contains(p.hub.Without, name) })
	slices.Sort(waits)
	return found, waits
}

var errSilent = errors.New("it does not answer")

// countAll returns the highest attempt on one member that the status does not know.
func (p *pass) countAll(ctx context.Context, m fleet.Member) (found *lifecycle.Stray, err error) {
	if !m.Answers {
		return nil, errSilent
	}
	for _, list := range []client.ObjectList{&batchv1.JobList{}, &corev1.PodList{}} {
		stray, err := p.countOn(ctx, m, list)
		if err != nil {
			return nil, err
		}
		found = highest(found, stray)
	}
	return found, nil
}

// countOn returns the highest attempt that the status does not know, of the objects of one kind on one member.
func (p *pass) countOn(ctx context.Context, m fleet.Member, list client.ObjectList) (found *lifecycle.Stray, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	of := client.MatchingLabels{v1.LabelRunUID: string(p.run.GetUID())}
	if err := m.Live.List(ctx, list, of, client.InNamespace(p.run.GetNamespace())); err != nil {
		return nil, err
	}
	err = meta.EachListItem(list, func(o runtime.Object) error {
		switch o := o.(type) {
		case *batchv1.Job:
			found = highest(found, p.stray(m, o, o.UID, o.Spec.ActiveDeadlineSeconds))
		case *corev1.Pod: // its Job may be gone
			found = highest(found, p.stray(m, o, types.UID(o.Labels[batchv1.ControllerUidLabel]), o.Spec.ActiveDeadlineSeconds))
		}
		return nil
	})
	return found, err
}

// stray is the attempt that an object belongs to, nil if the status knows it. Its deadline is no shorter than what the object says:
// configuration and spec may have been others when it was made.
func (p *pass) stray(m fleet.Member, o metav1.Object, job types.UID, limit *int64) *lifecycle.Stray {
	n, err := strconv.ParseInt(o.GetLabels()[v1.LabelAttempt], 10, 32)
	s := p.status()
	open := lifecycle.Open(*s)
	if err != nil || int32(n) < s.Attempt || int32(n) == s.Attempt && (open == nil || open.JobUID != "") {
		return nil
	}
	deadline := p.config.Deadline(p.Kind, p.run.RunSpec().DeadlineSeconds)
	if limit != nil {
		deadline = max(deadline, time.Duration(*limit)*time.Second)
	}
	name := v1.AttemptName(p.run.GetName(), p.run.GetUID(), int32(n))
	return &lifecycle.Stray{
		Attempt: int32(n), ContextVersion: p.run.RunSpec().ContextVersion, Cluster: m.Name, ClusterUID: m.UID,
		JobName: name, ConfigMapName: name, Deadline: deadline, JobUID: job,
	}
}
