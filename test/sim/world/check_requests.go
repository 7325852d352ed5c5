package world

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// landing is asked before a request is carried out, landed when it was: a request that is refused breaks nothing.
func (w *world) landing(r *operator.Request) {
	w.watched.doomed = ""
	m := w.member(r.Server.Name)
	switch {
	case m == nil, w.watched.restores > 0 && r.Late(): // it may be from a time that the hub has forgotten
	case r.Kind == apiserver.ConfigMap && r.Object.GetLabels()[v1.LabelRunUID] == "": // what the member remembers of the hub
	case r.Verb == "create" && (r.Kind == apiserver.Job || r.Kind == apiserver.ConfigMap):
		w.watched.doomed = w.mayCreate(m, r)
	case r.Verb == "patch" && r.Kind == apiserver.Job:
		w.watched.doomed = w.mayRelease(m, r)
	case r.Verb == "delete" && r.Kind == apiserver.Job:
		if job, _ := m.Find(r.Kind, client.ObjectKeyFromObject(r.Object)).(*batchv1.Job); job != nil {
			w.watched.doomed = w.mayDelete(m, job.UID, "")
		}
	case r.Verb == "delete" && r.Kind == apiserver.Pod:
		if pod, _ := m.Find(r.Kind, client.ObjectKeyFromObject(r.Object)).(*corev1.Pod); pod != nil {
			w.watched.doomed = w.mayDelete(m, "", pod.UID)
		}
	}
}

func (w *world) landed(r *operator.Request) {
	if w.watched.doomed != "" {
		w.failf("%s", w.watched.doomed)
	}
	if r.Verb == "create" && w.member(r.Server.Name) != nil {
		w.watched.late[r.Object.GetUID()] = r.Late() || r.From() != w.leader
		w.ambush(r)
	}
}

// mayCreate: nothing is created before its attempt is durable (I7).
func (w *world) mayCreate(m *member.Member, r *operator.Request) string {
	s := w.subjectOf(types.UID(r.Object.GetLabels()[v1.LabelRunUID]))
	if s == nil {
		return fmt.Sprintf("I4: %s %s on %s belongs to no run", r.Kind, r.Object.GetName(), m.Name)
	}
	run := w.run(s)
	if run == nil {
		return "" // a late one; whoever is late is looked at in the end
	}
	n, _ := strconv.ParseInt(r.Object.GetLabels()[v1.LabelAttempt], 10, 32)
	// A stranger at the member's address gets what is sent before a probe notices.
	if e := apiserver.Attempt(*run.RunStatus(), int32(n)); e == nil || e.ClusterUID != m.UID && w.stranger(e.Cluster) != m {
		return fmt.Sprintf("I7: %s of attempt %d of %s is created on %s before the attempt is committed", r.Kind, n, s, m.Name)
	}
	return ""
}

// mayRelease: an agent is released once everything that its pod mounts is there (INPUTS). From then on nobody makes it. A
// stranger that took the member's place between two requests has what came after, and so has a namespace that was made again.
func (w *world) mayRelease(m *member.Member, r *operator.Request) string {
	job, _ := m.Find(r.Kind, client.ObjectKeyFromObject(r.Object)).(*batchv1.Job)
	if job == nil || w.strange(m) || w.emptied(m, job) {
		return ""
	}
	for _, v := range job.Spec.Template.Spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			c := source.ConfigMap
			if c != nil && m.Find(apiserver.ConfigMap, client.ObjectKey{Namespace: job.Namespace, Name: c.Name}) == nil {
				return fmt.Sprintf("INPUTS: Job %s on %s is released and its ConfigMap %s is not there", job.Name, m.Name, c.Name)
			}
		}
	}
	return ""
}

// emptied says that the namespace of an attempt's Job was made again after the attempt was committed.
func (w *world) emptied(m *member.Member, job *batchv1.Job) bool {
	run := w.run(w.subjectOf(types.UID(job.Labels[v1.LabelRunUID])))
	n, _ := strconv.ParseInt(job.Labels[v1.LabelAttempt], 10, 32)
	made := m.Find(apiserver.Namespace, types.NamespacedName{Name: job.Namespace})
	if run == nil || made == nil {
		return false
	}
	e := apiserver.Attempt(*run.RunStatus(), int32(n))
	return e != nil && e.CreatedAt.Time.Before(made.GetCreationTimestamp().Add(time.Second)) // which is of a whole second
}

func (w *world) strange(m *member.Member) bool {
	return slices.ContainsFunc(w.Registry, func(r *operator.Registration) bool { return r.Leads == m && r.Recorded != m.UID })
}

// stranger is the cluster at the address of a member that is another one.
func (w *world) stranger(name string) *member.Member {
	for _, r := range w.Registry {
		if r.Name == name && r.Recorded != r.Leads.UID {
			return r.Leads
		}
	}
	return nil
}

// mayDelete: what holds an outcome stays until that is recorded (I8), and a healthy agent is left alone (KILL).
func (w *world) mayDelete(m *member.Member, job, pod types.UID) string {
	for _, a := range m.Agents {
		if (job == "" || a.Job != job) && a.PodUID != pod {
			continue
		}
		s := w.subjectOf(a.Run)
		run := w.run(s)
		if run == nil || run.RunStatus().Phase == v1.PhaseTerminating {
			continue
		}
		if bad := w.spares(m, a, *run.RunStatus()); bad != "" {
			return bad
		}
	}
	return ""
}

func (w *world) spares(m *member.Member, a *member.Agent, status v1.RunStatus) string {
	e := apiserver.Attempt(status, a.Attempt)
	if e == nil || e.JobUID != a.Job {
		return ""
	}
	executes := status.Phase == v1.PhaseProvisioning || status.Phase == v1.PhaseRunning
	object, _ := m.Find(apiserver.Pod, a.Pod).(*corev1.Pod)
	switch {
	case a.Alive && executes && e.Number == status.Attempt:
		return fmt.Sprintf("KILL: the healthy %s is stopped", a)
	case e.OutcomeRecorded != nil && *e.OutcomeRecorded, e.EscalatedAt != nil, object == nil:
		return ""
	case e.EndedBy == v1.EndFenced && w.Time.Now().Sub(e.EndedAt.Time) < hears:
		return "" // its word came in the moment in which nobody waited for it any longer
	case a.Alive:
		return fmt.Sprintf("I8: the %s is taken away with its outcome, though it was not given up", a)
	case member.Ended(object) && a.Started:
		return fmt.Sprintf("I8: the outcome of the %s is deleted before it is recorded", a)
	default:
		return ""
	}
}

// leftovers are the objects of a run that is gone, where anybody can reach them.
func (w *world) leftovers(s *subject) []string {
	var out []string
	for _, m := range w.Members {
		if w.registered(m) == nil {
			continue
		}
		for _, o := range m.Holds(s.uid) {
			out = append(out, fmt.Sprintf("%s %s on %s", apiserver.KindOf(o), o.GetName(), m.Name))
		}
	}
	return out
}

// inert says that a Job was never resumed.
func inert(job *batchv1.Job) bool { return job.Spec.Suspend != nil && *job.Spec.Suspend }
