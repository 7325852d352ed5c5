package reconcilers

import (
	"context"
	"maps"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	mchandler "sigs.k8s.io/multicluster-runtime/pkg/handler"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"
	mcreconcile "sigs.k8s.io/multicluster-runtime/pkg/reconcile"
)

type (
	events     = handler.TypedFuncs[client.Object, mcreconcile.Request]
	perCluster = mchandler.TypedEventHandlerFunc[client.Object, mcreconcile.Request]
)

// Handlers say which events wake the runs of one kind. They know no cluster and no manager, so a simulation delivers events
// to the same ones.
type Handlers struct {
	Runs       events // of the kind, on the hub
	Jobs       events // on every member
	Pods       events // on every member
	Namespaces events // on every member
}

// Handlers returns the handlers of the reconciler's kind.
func (r *Reconciler) Handlers() Handlers {
	return Handlers{
		Runs:       runEvents(r.Kind, r.Mail, r.Placed),
		Jobs:       memberEvents(r.Kind, r.Mail, sameJob),
		Pods:       memberEvents(r.Kind, r.Mail, samePod),
		Namespaces: namespaceEvents(r.Mail),
	}
}

// everywhere takes the events of whatever cluster they come from.
func everywhere(h events) perCluster {
	return func(multicluster.ClusterName, cluster.Cluster) handler.TypedEventHandler[client.Object, mcreconcile.Request] {
		return h
	}
}

// runEvents are the events of the runs of one kind on the hub.
func runEvents(kind lifecycle.Kind, mail *Mailboxes, placed *Ledger) events {
	return events{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[client.Object], _ queue) {
			mail.Post(kind, client.ObjectKeyFromObject(e.Object))
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[client.Object], _ queue) {
			was, ok1 := e.ObjectOld.(v1.Run)
			is, ok2 := e.ObjectNew.(v1.Run)
			if !ok1 || !ok2 {
				return
			}
			if placed.Seen(was, is) || asks(was, is) || beginsToWait(*was.RunStatus(), *is.RunStatus()) {
				mail.Post(kind, client.ObjectKeyFromObject(is))
			}
			tellOthers(ctx, mail, *was.RunStatus(), is)
		},
		DeleteFunc: func(ctx context.Context, e event.TypedDeleteEvent[client.Object], _ queue) {
			if run, ok := e.Object.(v1.Run); ok {
				placed.forget(run)
				mail.RunSettled(ctx, run)
				mail.AttemptEnded(ctx)
			}
		},
	}
}

// asks says that something but the status changed. Only we write that, and whoever writes it looks again by itself where
// that is due (restless); the pass that would follow each of our own writes would see its objects half created.
func asks(was, is v1.Run) bool {
	return was.GetGeneration() != is.GetGeneration() || was.GetUID() != is.GetUID() ||
		(was.GetDeletionTimestamp() == nil) != (is.GetDeletionTimestamp() == nil) ||
		!slices.Equal(was.GetFinalizers(), is.GetFinalizers()) || !maps.Equal(was.GetAnnotations(), is.GetAnnotations())
}

// beginsToWait says that the run is found from now on by whoever wakes those that no member took (IndexWaiting). A member may
// have come, or room on one, between the look that found none and this event. Nobody was told then, so it is looked at once more.
func beginsToWait(was, is v1.RunStatus) bool {
	waits := func(s v1.RunStatus) bool { return lifecycle.Waiting(s) && s.Reason == v1.ReasonNoCandidate }
	return waits(is) && !waits(was)
}

// tellOthers wakes the runs that waited for this one.
func tellOthers(ctx context.Context, mail *Mailboxes, was v1.RunStatus, is v1.Run) {
	s := *is.RunStatus()
	if lifecycle.Settled(s) && !lifecycle.Settled(was) {
		mail.RunSettled(ctx, is)
	}
	if attemptsEnded(s) != attemptsEnded(was) {
		mail.AttemptEnded(ctx)
	}
}

// attemptsEnded counts them by their numbers. One may begin and end between two events of its run.
func attemptsEnded(s v1.RunStatus) int32 {
	if lifecycle.Open(s) != nil {
		return s.Attempt - 1
	}
	return s.Attempt
}

// memberEvents are the events of Jobs and pods on the members. Those that change no fact wake nobody.
func memberEvents(kind lifecycle.Kind, mail *Mailboxes, same func(was, is client.Object) bool) events {
	post := func(o client.Object) {
		if k, key, ok := parseHome(o.GetAnnotations()[v1.AnnotationHome]); ok && k == kind {
			mail.Post(kind, key)
		}
	}
	return events{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[client.Object], _ queue) { post(e.Object) },
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[client.Object], _ queue) {
			if !same(e.ObjectOld, e.ObjectNew) {
				post(e.ObjectNew)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[client.Object], _ queue) { post(e.Object) },
	}
}

// namespaceEvents are those of the namespaces on the members: a run waits for that of its name. One that was deleted and made
// again while a watch was broken is a change.
func namespaceEvents(mail *Mailboxes) events {
	return events{
		CreateFunc: func(ctx context.Context, e event.TypedCreateEvent[client.Object], _ queue) {
			mail.NamespaceCame(ctx, e.Object.GetName())
		},
		UpdateFunc: func(ctx context.Context, e event.TypedUpdateEvent[client.Object], _ queue) {
			if e.ObjectOld.GetUID() != e.ObjectNew.GetUID() {
				mail.NamespaceCame(ctx, e.ObjectNew.GetName())
			}
		},
	}
}

// sameJob says that a change of a Job changes no decision. The version of a suspended one is a fact: its release names it.
func sameJob(was, is client.Object) bool {
	a, ok1 := was.(*batchv1.Job)
	b, ok2 := is.(*batchv1.Job)
	return ok1 && ok2 && essence(jobFacts(a)) == essence(jobFacts(b))
}

func essence(j lifecycle.JobFacts) lifecycle.JobFacts {
	if !j.Suspended {
		j.ResourceVersion = ""
	}
	if !j.Complete && !j.Failed {
		j.Active, j.Terminating = 0, 0
	}
	return j
}

// samePod is the same for pods. An ended pod says all it has to say when it ends.
func samePod(was, is client.Object) bool {
	a, ok1 := was.(*corev1.Pod)
	b, ok2 := is.(*corev1.Pod)
	if !ok1 || !ok2 || podFinished(a) != podFinished(b) {
		return false
	}
	p, q := livePod(a), livePod(b)
	p.ResourceVersion, q.ResourceVersion = "", ""
	p.Message, q.Message = "", "" // the kubelet alternates between two words for the same
	return p == q
}
