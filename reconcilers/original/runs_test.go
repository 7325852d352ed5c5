package original

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/runfleet/runfleet/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const theirs = "docsruns.orchestrator.io/finalizer"

func docs(s v1.RunStatus, finalizers ...string) *v1.DocsRun {
	return &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "a_b.c", Finalizers: finalizers}, Status: s}
}

func TestBegunIsWhatTheOriginalTouchedAndWeDidNot(t *testing.T) {
	at := metav1.NewTime(time.Unix(1e9, 0))
	for name, c := range map[string]struct {
		run  *v1.DocsRun
		want bool
	}{
		"a new run":                      {docs(v1.RunStatus{Phase: v1.PhasePending}), false},
		"a run without a status":         {docs(v1.RunStatus{}), false},
		"a new run with our finalizer":   {docs(v1.RunStatus{Phase: v1.PhasePending}, v1.Finalizer), false},
		"one of ours that waits":         {docs(v1.RunStatus{Phase: v1.PhasePending, ObservedGeneration: 1, Message: "waits", LastUpdate: &at}), false},
		"one of ours with a first word":  {docs(v1.RunStatus{Phase: v1.PhasePending, AbandonIgnored: -1, LastUpdate: &at}), false},
		"one of ours with its finalizer": {docs(v1.RunStatus{Phase: v1.PhaseFailed, ObservedGeneration: 1}, theirs), false},
		"one of ours that is counted":    {docs(v1.RunStatus{Phase: v1.PhasePending, Incarnation: 2}, theirs), false},
		"its finalizer alone":            {docs(v1.RunStatus{Phase: v1.PhasePending}, theirs), true},
		"its phase":                      {docs(v1.RunStatus{Phase: v1.PhaseSucceeded}), true},
		"its Job":                        {docs(v1.RunStatus{Phase: v1.PhasePending, JobName: "x"}), true},
		"its message":                    {docs(v1.RunStatus{Phase: v1.PhasePending, Message: "TaskRun created"}), true},
		"its time":                       {docs(v1.RunStatus{Phase: v1.PhasePending, LastUpdate: &at}), true},
		"its condition":                  {docs(v1.RunStatus{Phase: v1.PhasePending, Conditions: []metav1.Condition{{Type: "Ready"}}}), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Begun(c.run); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTakeOverEndsTheRunForItsVersion(t *testing.T) {
	now, then := metav1.NewTime(time.Unix(2e9, 0)), metav1.NewTime(time.Unix(1e9, 0))
	gone := "the original began it, and no Job of it is left: whether its work was done is not known; look for its pull request"
	for name, c := range map[string]struct {
		was            v1.RunStatus
		job            Job
		phase          v1.Phase
		reason, begins string
		at             metav1.Time
	}{
		"succeeded":               {v1.RunStatus{Phase: v1.PhaseSucceeded, Message: "done", LastUpdate: &then}, Job{}, v1.PhaseSucceeded, "", "done", then},
		"failed":                  {v1.RunStatus{Phase: v1.PhaseFailed}, Job{}, v1.PhaseFailed, "", "it ended under the original's controller", now},
		"cancelled":               {v1.RunStatus{Phase: v1.PhaseCancelled}, Job{}, v1.PhaseCancelled, "", "it ended", now},
		"completed":               {v1.RunStatus{Phase: v1.PhaseRunning, WorkCompleted: new(true)}, Job{}, v1.PhaseSucceeded, "", "it ended", now},
		"finished without a word": {v1.RunStatus{Phase: v1.PhaseRunning, FinishedAt: new(metav1.NewMicroTime(then.Time))}, Job{}, v1.PhaseFailed, "", "it ended", then},
		"its Job is gone":         {v1.RunStatus{Phase: v1.PhaseRunning, Message: "Job started"}, Job{State: JobGone}, v1.PhaseFailed, "OutcomeUnknown", gone, now},
		"its Job completed": {v1.RunStatus{Phase: v1.PhaseRunning}, Job{Name: "j", State: JobComplete}, v1.PhaseSucceeded, "",
			"the original's Job j completed, and what it delivered was not recorded", now},
		"its Job completed, and the API knows no way": {v1.RunStatus{Phase: v1.PhasePending, JobName: "j"}, Job{Name: "j", State: JobComplete},
			v1.PhaseFailed, "OutcomeUnknown", "the original's Job j completed", now},
		"its Job failed": {v1.RunStatus{Phase: v1.PhaseRunning}, Job{Name: "j", State: JobFailed, Why: "DeadlineExceeded: late"}, v1.PhaseFailed,
			"AgentError", "the original's Job j failed: DeadlineExceeded: late", now},
		"a phase of nobody": {v1.RunStatus{Phase: "Dreaming"}, Job{State: JobComplete, Name: "j"}, v1.PhaseSucceeded, "", "the original's Job j", now},
	} {
		t.Run(name, func(t *testing.T) {
			run := docs(c.was)
			run.Spec.ContextVersion = 4
			TakeOver(run, c.job, now)
			got := run.Status
			want := v1.RunStatus{
				Phase: c.phase, Reason: c.reason, Message: got.Message, ContextVersion: 4, FinishedAt: new(metav1.NewMicroTime(c.at.Time)),
				WorkCompleted: c.was.WorkCompleted, JobName: c.was.JobName, LastUpdate: c.was.LastUpdate,
			}
			if c.phase == v1.PhaseSucceeded {
				want.WorkCompleted = new(true)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(0)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(got.Message, c.begins) || !strings.HasSuffix(got.Message, "; to have it executed here, raise spec.contextVersion above 4") {
				t.Errorf("message: %s", got.Message)
			}
		})
	}
}

func TestTakeOverKeepsWithinTheAPIsBounds(t *testing.T) {
	run := docs(v1.RunStatus{Phase: v1.PhaseFailed, Message: strings.Repeat("ä", 2048), Conditions: []metav1.Condition{
		{Type: "Ready", LastTransitionTime: metav1.NewTime(time.Unix(1e9, 0))}, {Type: "Succeeded"},
	}})
	TakeOver(run, Job{}, metav1.Now())
	if n := len(run.Status.Message); n > 4096 {
		t.Errorf("%d bytes of message", n)
	}
	if len(run.Status.Conditions) != 1 {
		t.Errorf("conditions: %v", run.Status.Conditions)
	}
}

func TestJobNamesAreThoseThatTheOriginalGave(t *testing.T) {
	code := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "a_b.c"}}
	code.Spec.TaskID, code.Spec.ContextVersion = new(int64(7)), 3
	ours := docs(v1.RunStatus{JobName: "a-1234-1", Attempt: 1})
	for name, c := range map[string]struct {
		run  v1.Run
		want []string
	}{
		"by the status":           {docs(v1.RunStatus{JobName: "docs-gen-1752862800"}), []string{"docs-gen-1752862800"}},
		"docs":                    {docs(v1.RunStatus{}), []string{"docs-gen-a-b-c"}},
		"code of two generations": {code, []string{"code-impl-a-b-c-task7-v3", "code-impl-a-b-c-v3"}},
		"our own Job is not it":   {ours, []string{"docs-gen-a-b-c"}},
	} {
		if diff := cmp.Diff(c.want, JobNames(c.run)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUnmarkTakesTheirFinalizersAlone(t *testing.T) {
	run := docs(v1.RunStatus{}, v1.Finalizer, theirs, "coderuns.orchestrator.io/finalizer", "taskruns.orchestrator.io/finalizer", "other")
	Unmark(run)
	if diff := cmp.Diff([]string{v1.Finalizer, "other"}, run.Finalizers); diff != "" || Marked(run) {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestIsController(t *testing.T) {
	with := func(change func(*corev1.PodSpec)) appsv1.Deployment {
		d := appsv1.Deployment{}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Image: "registry.example.com/other:1"}}
		change(&d.Spec.Template.Spec)
		return d
	}
	image := func(name string) func(*corev1.PodSpec) {
		return func(p *corev1.PodSpec) { p.Containers[0].Image = name }
	}
	mount := func(name string) func(*corev1.PodSpec) {
		return func(p *corev1.PodSpec) {
			source := corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}
			p.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{ConfigMap: &source}}}
		}
	}
	env := func(name, value string) func(*corev1.PodSpec) {
		return func(p *corev1.PodSpec) { p.Containers[0].Env = []corev1.EnvVar{{Name: name, Value: value}} }
	}
	for name, c := range map[string]struct {
		change func(*corev1.PodSpec)
		want   bool
	}{
		"its image":                     {image("ghcr.io/5dlabs/platform/orchestrator:latest"), true},
		"its image by digest":           {image("mirror:5000/5dlabs/platform/orchestrator@sha256:00"), true},
		"another orchestrator":          {image("example.com/orchestrator:1"), false},
		"Runfleet":                      {image("registry.example.com/runfleet:1"), false},
		"its first configuration":       {mount("taskrun-controller-config"), true},
		"its second configuration":      {mount("task-controller-config"), true},
		"another configuration":         {mount("config"), false},
		"the name of its configuration": {env("CONTROLLER_CONFIG_MAP", "task-controller-config"), true},
		"another variable":              {env("CONTROLLER_CONFIG_MAP", "config"), false},
	} {
		if got := IsController(with(c.change)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
