package reconcilers

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/original"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// askOriginal is when to ask again for a Job of the original: nothing tells of it.
	askOriginal = 10 * time.Second
	// originalAge is how old the look may be by which the original's finalizers are removed.
	originalAge = 10 * time.Second
)

// inherit deals with what the original left on a run, and says whether that was all that this pass may do. A run that it
// began is left alone until it has ended there; then the pass goes on with it as one that has ended here.
func (p *pass) inherit(ctx context.Context) (result reconcile.Result, handled bool) {
	begun, deleted := original.Begun(p.run), p.run.GetDeletionTimestamp() != nil
	marked := deleted && original.Marked(p.run)
	if !begun && !marked {
		return reconcile.Result{}, false
	}
	age := time.Duration(1<<63 - 1) // whatever was seen last: the watch wakes every run when that changes
	if marked {
		age = originalAge
	}
	if presence := p.Original.Presence(ctx, age); !presence.Absent() {
		if marked { // the others need no word each: a warning stands on the Deployment
			p.Original.Warn(ctx, p.run, event.OriginalPresent, "the run keeps its finalizer: "+presence.String())
		}
		return reconcile.Result{}, begun
	}
	job := original.Job{}
	if marked || !original.Over(*p.status()) {
		if job = p.originalJob(ctx); job.State == original.JobUnknown || job.State == original.JobAtWork {
			return p.await(ctx, job, begun)
		}
	}
	if marked {
		return p.unmark(ctx, begun)
	}
	p.takeFromOriginal(ctx, job)
	return reconcile.Result{}, false
}

// await leaves the run alone while its Job of the original is at work, or could not be asked for. One that has become ours
// meanwhile goes on apart from its finalizer.
func (p *pass) await(ctx context.Context, job original.Job, begun bool) (result reconcile.Result, handled bool) {
	if job.State == original.JobAtWork {
		p.Original.Warn(ctx, p.run, event.OriginalAtWork, "Job "+job.Name+" of the original is at work on the hub: the run is left "+
			"alone until that has ended. To end it now: kubectl -n "+p.run.GetNamespace()+" delete job "+job.Name)
	}
	p.unanswered = true
	return reconcile.Result{RequeueAfter: askOriginal}, begun
}

// originalJob asks the hub, where the original ran its Jobs, for the one of this run.
func (p *pass) originalJob(ctx context.Context) original.Job {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	found := original.Job{State: original.JobGone}
	for _, name := range original.JobNames(p.run) {
		var job batchv1.Job
		err := p.Hub.Live.Get(ctx, types.NamespacedName{Namespace: p.run.GetNamespace(), Name: name}, &job)
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			log.FromContext(ctx).Error(err, "Asking for a Job of the original", "job", name)
			return original.Job{Name: name}
		}
		found = originalJob(job)
		if found.State == original.JobAtWork {
			return found
		}
	}
	return found
}

func originalJob(job batchv1.Job) original.Job {
	out := original.Job{Name: job.Name, State: original.JobAtWork}
	if job.Status.Active > 0 {
		return out
	}
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobComplete:
			out.State = original.JobComplete
		case c.Type == batchv1.JobFailed:
			out.State, out.Why = original.JobFailed, c.Reason+": "+c.Message
		}
	}
	return out
}

// unmark removes the original's finalizers from a run that is being deleted: nobody else does.
func (p *pass) unmark(ctx context.Context, begun bool) (result reconcile.Result, handled bool) {
	log.FromContext(ctx).Info("Removing the original's finalizers", "finalizers", p.run.GetFinalizers())
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	if err := stale(p.patchMeta(ctx, original.Unmark)); err != nil {
		log.FromContext(ctx).Error(err, "Removing the original's finalizers")
		p.unanswered = true
		return reconcile.Result{RequeueAfter: askAgain}, begun
	}
	return reconcile.Result{RequeueAfter: again}, true // a newer version of the run decides, if there still is one
}

// takeFromOriginal goes on with the run as one that has ended; the one write of this pass says so.
func (p *pass) takeFromOriginal(ctx context.Context, job original.Job) {
	over := original.Over(*p.status())
	original.TakeOver(p.run, job, metav1.NewTime(p.now))
	s, marked := p.status(), original.Marked(p.run)
	p.tellTaken = func() {
		if !over {
			p.Original.Warn(ctx, p.run, event.OriginalTakenOver, string(s.Phase)+": "+s.Message)
		}
		if marked {
			p.Original.Warn(ctx, p.run, event.OriginalFinalizer, "the run was taken over from the original as "+string(s.Phase)+
				", and carries its finalizer, which is removed when the run is deleted")
		}
	}
}

// heldByOriginal says why no attempt of this run may start yet: the original's controller would start an agent of its own for
// it, or a Job of the original may be at work in its workspace. When such a run has ended, those of its service are woken.
func (p *pass) heldByOriginal(ctx context.Context) string {
	if there := p.Original.Last(); there.Where != "" {
		return there.String()
	}
	code, ok := p.run.(*v1.CodeRun)
	if !ok {
		return ""
	}
	var begun v1.CodeRunList
	err := p.Hub.Cached.List(ctx, &begun, client.InNamespace(code.Namespace), client.MatchingFields{IndexBegun: code.Spec.Service},
		client.UnsafeDisableDeepCopy)
	if err != nil || len(begun.Items) == 0 {
		return "" // a cache that cannot be read keeps nobody: it is read all the time
	}
	return "coderun/" + begun.Items[0].Name + " of the original may be at work in the workspace of " + code.Spec.Service
}

// addOriginal adds what looks for the original's controller.
func (o Options) addOriginal(mgr manager.Manager, mail *Mailboxes) (*original.Watch, error) {
	w := original.New(original.Options{
		Live: mgr.GetAPIReader(), Runs: mgr.GetCache(), Namespaces: o.Namespaces, Recorder: event.Of(mgr),
		OnChange: mail.HubChanged, RequestTimeout: o.RequestTimeout, Now: o.now(),
	})
	if err := mgr.Add(w); err != nil {
		return nil, fmt.Errorf("adding the look for the original's controller: %w", err)
	}
	return w, nil
}
