package reconcilers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// job builds one as its controller would leave it; each change is one thing that happened to it.
func job(changes ...func(*batchv1.Job)) *batchv1.Job {
	j := &batchv1.Job{}
	j.Name, j.UID, j.ResourceVersion = "run-1", "job-uid", "7"
	for _, change := range changes {
		change(j)
	}
	return j
}

func suspended(j *batchv1.Job) { j.Spec.Suspend = new(true) }

func newer(j *batchv1.Job) { j.ResourceVersion = "8" }

func has(kind batchv1.JobConditionType, reason string) func(*batchv1.Job) {
	return func(j *batchv1.Job) {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason})
	}
}

func TestJobsSayWhatTheMachineAsks(t *testing.T) {
	for name, c := range map[string]struct {
		job  *batchv1.Job
		want lifecycle.JobFacts
	}{
		"one that waits to be released":           {job(suspended), lifecycle.JobFacts{Suspended: true}},
		"one that was never said to be suspended": {job(), lifecycle.JobFacts{}},
		"one that runs": {
			job(func(j *batchv1.Job) { j.Status.Active = 1 }), lifecycle.JobFacts{Active: 1},
		},
		"one whose pod is ending": {
			job(func(j *batchv1.Job) { j.Status.Terminating = new(int32(1)) }, has(batchv1.JobFailureTarget, "DeadlineExceeded")),
			lifecycle.JobFacts{Terminating: 1, Reason: "DeadlineExceeded"},
		},
		"one that succeeded": {job(has(batchv1.JobComplete, "CompletionsReached")), lifecycle.JobFacts{Complete: true}},
		"one that failed": {
			job(has(batchv1.JobFailureTarget, "BackoffLimitExceeded"), has(batchv1.JobFailed, "BackoffLimitExceeded")),
			lifecycle.JobFacts{Failed: true, Reason: "BackoffLimitExceeded"},
		},
		"a condition that does not hold": {
			job(func(j *batchv1.Job) {
				j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionFalse}}
			}),
			lifecycle.JobFacts{},
		},
		"one that is being deleted": {
			job(func(j *batchv1.Job) { j.DeletionTimestamp = new(metav1.Unix(1, 0)) }), lifecycle.JobFacts{Deleting: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.Presence, c.want.UID, c.want.ResourceVersion = lifecycle.Present, "job-uid", "7"
			if diff := cmp.Diff(c.want, jobFacts(c.job)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJobsThatChangeNoFactWakeNobody(t *testing.T) {
	active := func(n int32) func(*batchv1.Job) { return func(j *batchv1.Job) { j.Status.Active = n } }
	for name, c := range map[string]struct {
		was, is *batchv1.Job
		same    bool
	}{
		"a pod came": {job(), job(active(1), newer), true},
		"a suspended one has a version to release it by": {job(suspended), job(suspended, newer), false},
		"it was released": {job(suspended), job(newer), false},
		"it succeeded":    {job(active(1)), job(active(1), newer, has(batchv1.JobComplete, "")), false},
		"its last pod is gone": {
			job(active(1), has(batchv1.JobFailed, "x")), job(newer, has(batchv1.JobFailed, "x")), false,
		},
		"it is being deleted": {
			job(), job(newer, func(j *batchv1.Job) { j.DeletionTimestamp = new(metav1.Unix(1, 0)) }), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sameJob(c.was, c.is); got != c.same {
				t.Errorf("want same = %v, got %v", c.same, got)
			}
		})
	}
	if sameJob(job(), pod()) {
		t.Error("a pod is no Job")
	}
}
