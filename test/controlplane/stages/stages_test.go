package stages_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runfleet/runfleet/test/controlplane/stages"
)

// ending is what can be seen of an attempt that has ended.
type ending struct {
	Job     string // type of the Job's final condition
	Pod     string // phase and reason
	Exit    int32
	Reason  string // of the container
	Outcome string // its result, "none", or the message where that is no JSON
}

var success = ending{"Complete", "Succeeded", 0, "Completed", "succeeded"}

func TestAgentEndsAsItsServiceSays(t *testing.T) {
	failure := ending{"Failed", "Failed", 1, "Error", "failed"}
	oom := ending{"Failed", "Failed", 137, "OOMKilled", "none"}
	evicted := ending{"Failed", "Failed Evicted", 137, "Error", "none"}
	cases := map[string]struct {
		service string
		attempt string
		want    ending
	}{
		"any other service succeeds":              {"shop", "1", success},
		"ok succeeds":                             {"sim-ok", "1", success},
		"longer name behaves as its beginning":    {"sim-oom-backend", "1", oom},
		"fail fails in the first attempt":         {"sim-fail", "1", failure},
		"fail fails in the ninth attempt":         {"sim-fail", "9", failure},
		"fail-once fails in the first attempt":    {"sim-fail-once", "1", failure},
		"fail-once succeeds in the second":        {"sim-fail-once", "2", success},
		"fail-twice fails in the second attempt":  {"sim-fail-twice", "2", failure},
		"fail-twice succeeds in the third":        {"sim-fail-twice", "3", success},
		"exit-78 lacks a prerequisite":            {"sim-exit-78", "1", ending{"Failed", "Failed", 78, "Error", "prerequisiteMissing"}},
		"timeout ends by itself":                  {"sim-timeout", "1", ending{"Failed", "Failed", 124, "Error", "timeout"}},
		"stalled was silent in the first attempt": {"sim-stalled", "1", ending{"Failed", "Failed", 143, "Error", "stalled"}},
		"stalled succeeds in the second":          {"sim-stalled", "2", success},
		"limit fails in the first attempt":        {"sim-limit", "1", failure},
		"limit spends all in the second":          {"sim-limit", "2", ending{"Failed", "Failed", 1, "Error", "limitExceeded"}},
		"oom is killed":                           {"sim-oom", "1", oom},
		"oom-once succeeds in the second attempt": {"sim-oom-once", "2", success},
		"evict is evicted":                        {"sim-evict", "1", evicted},
		"evict-once is evicted in the first":      {"sim-evict-once", "1", evicted},
		"disk is evicted":                         {"sim-disk", "1", evicted},
		"disk-once succeeds in the second":        {"sim-disk-once", "2", success},
		"no-outcome leaves none":                  {"sim-no-outcome", "1", ending{"Complete", "Succeeded", 0, "Completed", "none"}},
		"bad-outcome leaves no JSON":              {"sim-bad-outcome", "1", ending{"Complete", "Succeeded", 0, "Completed", `Killed before it could write {"result"`}},
		"no-pr succeeds":                          {"sim-no-pr", "1", success},
		"no-changes says so":                      {"sim-no-changes", "1", ending{"Complete", "Succeeded", 0, "Completed", "noChanges"}},
		"unknown simulation fails":                {"sim-fial", "1", ending{"Failed", "Failed", 64, "Error", "failed"}},
		"duration in the name":                    {"sim-slow-3s", "1", success},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, agent(tc.service, tc.attempt))
			if diff := cmp.Diff(tc.want, a.ended(t)); diff != "" {
				t.Errorf("ending (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAgentRunsUntilItsPodsDeadline(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"sim-slow-60s", "sim-hang"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			a := start(t, agent(service, "1"))
			pod := a.awaitPod(t, "running", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning })
			a.lowerDeadline(t, pod)
			want := ending{"Failed", "Failed DeadlineExceeded", 143, "Error", "interrupted"}
			if diff := cmp.Diff(want, a.ended(t)); diff != "" {
				t.Errorf("ending (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeafAgentTakesItsTimeToEnd(t *testing.T) {
	t.Parallel()
	a := start(t, agent("sim-deaf", "1"))
	pod := a.awaitPod(t, "running", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning })
	a.lowerDeadline(t, pod)
	a.ended(t)
	pod = a.awaitPod(t, "ended", ended)
	s := pod.Status.ContainerStatuses[0].State.Terminated
	// Both times are in whole seconds, and one of them lies in the deadline itself.
	if took := s.FinishedAt.Sub(s.StartedAt.Time); took < 10*time.Second {
		t.Errorf("ended after %v, want at least 10 s", took)
	}
}

func TestAgentThatNeverStartsTellsWhy(t *testing.T) {
	t.Parallel()
	for service, want := range map[string]string{
		"sim-never-starts": "ContainerCreating",
		"sim-no-image":     "ImagePullBackOff",
		"sim-no-secret":    "CreateContainerConfigError",
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			a := start(t, agent(service, "1"))
			if got := a.waitsFor(t); got != want {
				t.Errorf("waits for %s, want %s", got, want)
			}
			a.lowerDeadline(t, &a.pods(t)[0])
			pod := a.awaitPod(t, "ended", ended)
			if pod.Status.Reason != "DeadlineExceeded" {
				t.Errorf("pod ended for %q, want DeadlineExceeded", pod.Status.Reason)
			}
		})
	}
}

func TestServiceIsLearntFromWhatThePodHas(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*batchv1.Job){
		"annotation": func(j *batchv1.Job) {
			j.Spec.Template.Annotations = map[string]string{"orchestrator.platform/service": "sim-no-image"}
		},
		"name of the run": func(j *batchv1.Job) { j.GenerateName = "sim-no-image-" },
		"workspace":       func(j *batchv1.Job) { mount(t, j, "workspace-sim-no-image") },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := agent("", "1")
			change(job)
			// Both whether it starts and what it says depend on the name.
			if got := start(t, job).waitsFor(t); got != "ImagePullBackOff" {
				t.Errorf("waits for %s, want ImagePullBackOff", got)
			}
		})
	}
}

func TestOutcomeNamesTheAttempt(t *testing.T) {
	t.Parallel()
	a := start(t, agent("shop", "7"))
	a.ended(t)
	pod := a.awaitPod(t, "ended", ended)
	var got map[string]any
	if err := json.Unmarshal([]byte(pod.Status.ContainerStatuses[0].State.Terminated.Message), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"result": "succeeded", "pullRequestUrl": "https://github.example.com/acme/shop/pull/7",
		"branch": "runfleet/shop-7", "commit": "0123456789abcdef0123456789abcdef01234567",
		"sessionId": string(pod.UID), "costUSD": 0.42, "inputTokens": 12000.0, "outputTokens": 345.0, "turns": 7.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestMistypedSimulationIsNamed(t *testing.T) {
	t.Parallel()
	a := start(t, agent("sim-slwo-60s", "1"))
	a.ended(t)
	message := a.awaitPod(t, "ended", ended).Status.ContainerStatuses[0].State.Terminated.Message
	if want := "no behaviour sim-slwo-60s: see test/controlplane/README.md"; !strings.Contains(message, want) {
		t.Errorf("the agent says %s, want %q", message, want)
	}
}

func TestSuspendedJobHasNoPod(t *testing.T) {
	t.Parallel()
	job := agent("shop", "1")
	a := create(t, job)
	a.awaitJob(t, "suspended", func(j *batchv1.Job) bool {
		return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
			return c.Type == batchv1.JobSuspended && c.Status == corev1.ConditionTrue
		})
	})
	pods, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{LabelSelector: "job-name=" + a.name})
	if err != nil || len(pods.Items) != 0 {
		t.Errorf("got %d pods (%v), want none", len(pods.Items), err)
	}
}

func TestDeletedAgentIsGoneAfterItHasStopped(t *testing.T) {
	t.Parallel()
	a := start(t, agent("sim-hang", "1"))
	a.awaitPod(t, "running", func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning })
	a.delete(t)
	a.awaitNoPod(t)
}

func TestJobsOwnDeadlineTakesThePodWithIt(t *testing.T) {
	t.Parallel()
	job := agent("sim-hang", "1")
	job.Spec.ActiveDeadlineSeconds = new(int64(1))
	a := start(t, job)
	a.awaitJob(t, "failed", func(j *batchv1.Job) bool {
		return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
			return c.Type == batchv1.JobFailed && c.Reason == batchv1.JobReasonDeadlineExceeded
		})
	})
	a.awaitNoPod(t)
}

func TestPlainJobSucceedsAtOnce(t *testing.T) {
	t.Parallel()
	job := agent("", "")
	job.Spec.Template.Labels = nil
	got := start(t, job).ended(t)
	if diff := cmp.Diff(ending{"Complete", "Succeeded", 0, "Completed", "none"}, got); diff != "" {
		t.Errorf("ending (-want +got):\n%s", diff)
	}
}

func TestReadmeTellsEveryBehaviour(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	list, err := stages.Behaviours()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, b := range list {
		seen[b.Service] = true
		if row := "| `" + b.Service + "` | " + b.Does + " |"; !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	if len(seen) != len(list) {
		t.Errorf("a service is listed twice: %v", slices.Sorted(maps.Keys(seen)))
	}
}
