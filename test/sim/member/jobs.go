package member

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/test/sim/apiserver"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func name(prefix string, n int) string { return fmt.Sprintf("%s-%d", prefix, n) }

// wakeController lets the Job controller look at a Job a little later; events that come before that are one.
func (m *Member) wakeController(key types.NamespacedName) {
	if m.syncs[key] || m.burnt {
		return
	}
	m.syncs[key] = true
	m.Time.After(m.Troubles.SlowJobs+m.Time.Usually(100*time.Millisecond, 3*time.Second), func() {
		m.syncs[key] = false
		if !m.burnt {
			m.sync(key)
		}
	})
}

// sync is one look of the Job controller.
func (m *Member) sync(key types.NamespacedName) {
	job := m.job(key)
	m.release(key, job)
	if job == nil || Finished(job) {
		return
	}
	suspended := job.Spec.Suspend != nil && *job.Spec.Suspend
	if suspended {
		m.note(job, func(s *batchv1.JobStatus) { condition(s, batchv1.JobSuspended, "JobSuspended") })
		return
	}
	if job.Status.StartTime == nil {
		m.begin(job)
		return // its own write wakes it again
	}
	if job.DeletionTimestamp == nil && !m.made[job.UID] && !m.overdue(job) {
		m.made[job.UID] = true
		m.syncs[key] = true // one worker at a time looks at a Job
		m.makePod(job)
		return
	}
	m.account(job)
}

// begin notes that the Job runs, and by when it must have ended.
func (m *Member) begin(job *batchv1.Job) {
	now := metav1.NewTime(m.Now())
	m.note(job, func(s *batchv1.JobStatus) {
		s.StartTime = &now
		s.Conditions = slices.DeleteFunc(s.Conditions, func(c batchv1.JobCondition) bool { return c.Type == batchv1.JobSuspended })
	})
	if d := job.Spec.ActiveDeadlineSeconds; d != nil {
		key := client.ObjectKeyFromObject(job)
		m.Time.After(time.Duration(*d)*time.Second, func() { m.wakeController(key) })
	}
}

// makePod makes the Job's only pod. The Job was read before: it may be gone, suspended or being deleted when the pod comes
// (docs/lifecycle.md, C5). The delay stays below what settle assumes.
func (m *Member) makePod(job *batchv1.Job) {
	key := client.ObjectKeyFromObject(job)
	m.Time.After(m.Time.Usually(100*time.Millisecond, 12*time.Second), func() {
		m.syncs[key] = false
		m.wakeController(key)
		if m.burnt {
			return
		}
		if m.Troubles.PodsRefused {
			m.warn(job, "FailedCreate", "Error creating: pods is forbidden: exceeded quota: compute")
			m.Time.After(m.Time.Between(5*time.Second, 30*time.Second), func() {
				m.made[job.UID] = false
				m.wakeController(key)
			})
			return
		}
		m.names++
		pod := &corev1.Pod{ObjectMeta: *job.Spec.Template.ObjectMeta.DeepCopy(), Spec: *job.Spec.Template.Spec.DeepCopy()}
		pod.Name, pod.Namespace = name(job.Name, m.names), job.Namespace
		pod.Finalizers = []string{apiserver.TrackingFinalizer}
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))}
		if pod.Labels == nil {
			pod.Labels = map[string]string{}
		}
		pod.Labels[batchv1.JobNameLabel] = job.Name
		pod.Labels[batchv1.ControllerUidLabel] = string(job.UID)
		pod.Status.Phase = corev1.PodPending
		_ = m.Create(pod) // its name is new; where its namespace is being deleted its Job goes, too
	})
}

// release gives pods free that the Job controller has counted, or whose Job is gone: until then they stay, whoever
// deletes them.
func (m *Member) release(key types.NamespacedName, job *batchv1.Job) {
	for _, o := range slices.Clone(m.All(apiserver.Pod)) {
		pod, _ := o.(*corev1.Pod)
		if jobOf(pod) != key || !slices.Contains(pod.Finalizers, apiserver.TrackingFinalizer) {
			continue
		}
		owned := job != nil && metav1.IsControlledBy(pod, job)
		if owned && !Ended(pod) {
			continue
		}
		m.Change(apiserver.Pod, client.ObjectKeyFromObject(pod), func(o client.Object) {
			o.SetFinalizers(slices.DeleteFunc(o.GetFinalizers(), func(f string) bool { return f == apiserver.TrackingFinalizer }))
		})
	}
}

// account writes down how the Job's pod fares, and in the end how the Job does. No second pod is ever made: backoffLimit
// is 0.
func (m *Member) account(job *batchv1.Job) {
	var active, terminating int32
	made, succeeded := false, false
	for _, pod := range m.podsOf(job.UID) {
		made = true
		switch {
		case Ended(pod):
			succeeded = pod.Status.Phase == corev1.PodSucceeded
		case pod.DeletionTimestamp != nil:
			terminating++
		default:
			active++
		}
	}
	reason := targetReason(job)
	if reason == "" && m.overdue(job) {
		reason = "DeadlineExceeded"
		for _, pod := range m.podsOf(job.UID) {
			_ = m.Delete(apiserver.Pod, client.ObjectKeyFromObject(pod), client.DeleteOptions{}) // there: it was just listed
		}
	}
	if !made && !m.byJob(job.UID) && reason == "" {
		return // its pod is still to come
	}
	m.note(job, func(s *batchv1.JobStatus) {
		s.Active, s.Terminating = active, new(terminating)
		switch {
		case active+terminating > 0 && reason != "":
			condition(s, batchv1.JobFailureTarget, reason)
		case active+terminating > 0:
		case succeeded && reason == "":
			condition(s, batchv1.JobComplete, "CompletionsReached")
		case reason == "" && m.Time.Chance(0.5): // first that it will fail, then that it has
			condition(s, batchv1.JobFailureTarget, "BackoffLimitExceeded")
		case reason == "":
			condition(s, batchv1.JobFailed, "BackoffLimitExceeded")
		default:
			condition(s, batchv1.JobFailed, reason)
		}
	})
}

// byJob says that a pod of the Job was made once, whether it is still there or not.
func (m *Member) byJob(uid types.UID) bool {
	return slices.ContainsFunc(m.Agents, func(a *Agent) bool { return a.Job == uid })
}

func (m *Member) overdue(job *batchv1.Job) bool {
	d := job.Spec.ActiveDeadlineSeconds
	return d != nil && !m.Now().Before(job.Status.StartTime.Add(time.Duration(*d)*time.Second))
}

// note writes a Job's status if it changes.
func (m *Member) note(job *batchv1.Job, change func(*batchv1.JobStatus)) {
	next := *job.Status.DeepCopy()
	change(&next)
	if same(job.Status, next) {
		return
	}
	m.Change(apiserver.Job, client.ObjectKeyFromObject(job), func(o client.Object) { o.(*batchv1.Job).Status = next })
}

func same(a, b batchv1.JobStatus) bool {
	terminating := func(s batchv1.JobStatus) int32 {
		if s.Terminating == nil {
			return 0
		}
		return *s.Terminating
	}
	return a.Active == b.Active && terminating(a) == terminating(b) && len(a.Conditions) == len(b.Conditions) &&
		(a.StartTime == nil) == (b.StartTime == nil)
}

func condition(s *batchv1.JobStatus, kind batchv1.JobConditionType, reason string) {
	for _, c := range s.Conditions {
		if c.Type == kind {
			return
		}
	}
	s.Conditions = append(s.Conditions, batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason})
}

func targetReason(job *batchv1.Job) string {
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobFailureTarget {
			return c.Reason
		}
	}
	return ""
}

// Finished says that a Job is Complete or Failed.
func Finished(job *batchv1.Job) bool {
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed
	})
}

// Failed says that a Job failed or is about to.
func Failed(job *batchv1.Job) bool {
	return slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == batchv1.JobFailed || c.Type == batchv1.JobFailureTarget
	})
}

// Ended says that nothing of a pod runs any longer, as far as the API knows.
func Ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
