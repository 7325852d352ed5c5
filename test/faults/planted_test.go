//go:build faults

package faults

import (
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// Nothing that the recorder looks for has ever happened, so it is shown what would be.
func TestRecorderFindsWhatIsPlanted(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(*recorder)
		want  string
	}{
		"two agents of a run on one member": {func(r *recorder) {
			r.noteObject("east", agent("a", "1", "5", corev1.PodRunning), false)
			r.noteObject("east", agent("b", "2", "6", corev1.PodRunning), false)
			r.noteObject("east", agent("a", "1", "7", corev1.PodFailed), false)
		}, "two agents live at once"},
		"two agents of a run on two members": {func(r *recorder) {
			r.noteObject("east", agent("a", "1", "7", corev1.PodRunning), false)
			r.noteObject("west", agent("b", "2", "6", corev1.PodRunning), false)
		}, "two agents live at once"},
		"an agent that starts twice": {func(r *recorder) {
			r.noteObject("east", agent("a", "1", "5", corev1.PodRunning), true)
			r.noteObject("west", agent("b", "1", "6", corev1.PodRunning), true)
		}, "twice a pod of attempt 1"},
		"a Job that comes twice": {func(r *recorder) {
			for _, uid := range []types.UID{"a", "b"} {
				r.noteObject("east", &batchv1.Job{ObjectMeta: agent(uid, "1", "5", "").ObjectMeta}, true)
			}
		}, "twice a Job of attempt 1"},
		"an attempt that is dropped": {func(r *recorder) {
			r.noteAttempts(run(v1.Attempt{Number: 1}, v1.Attempt{Number: 2}))
			r.noteAttempts(run(v1.Attempt{Number: 1}))
		}, "attempts were dropped"},
		"an attempt that gets another Job": {func(r *recorder) {
			r.noteAttempts(run(v1.Attempt{Number: 1, JobUID: "a"}))
			r.noteAttempts(run(v1.Attempt{Number: 1, JobUID: "b"}))
		}, "attempt 1 was"},
	} {
		r := newRecorder()
		c.plant(r)
		if got := r.findings(); len(got) != 1 || !strings.Contains(got[0], c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestRecorderLetsOneAgentFollowAnother(t *testing.T) {
	r := newRecorder()
	r.noteObject("east", agent("a", "1", "5", corev1.PodRunning), false)
	r.noteObject("east", agent("b", "2", "8", corev1.PodRunning), false) // another watch may be faster
	r.noteObject("east", agent("a", "1", "7", corev1.PodFailed), false)
	r.noteObject("west", agent("c", "3", "1", corev1.PodPending), false)
	r.noteObject("east", agent("b", "2", "9", corev1.PodRunning), true)
	r.noteObject("west", agent("c", "3", "2", corev1.PodRunning), false)
	r.noteAttempts(run(v1.Attempt{Number: 1}))
	r.noteAttempts(run(v1.Attempt{Number: 1, JobUID: "a"}, v1.Attempt{Number: 2}))
	if got := r.findings(); len(got) > 0 {
		t.Errorf("got %q, want nothing", got)
	}
}

func agent(uid types.UID, attempt, version string, phase corev1.PodPhase) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		UID: uid, ResourceVersion: version, Labels: map[string]string{v1.LabelRunUID: "run", v1.LabelAttempt: attempt},
	}, Status: corev1.PodStatus{Phase: phase}}
}

func run(attempts ...v1.Attempt) v1.Run {
	return &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{UID: "run"}, Status: v1.RunStatus{Attempts: attempts}}
}
