package original

import (
	"context"
	"maps"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// legacy is a run of testdata/runs.yaml.
type legacy struct {
	Name      string         `json:"name"`
	Kind      string         `json:"kind"`
	Finalizer *bool          `json:"finalizer"` // unset: there
	Spec      map[string]any `json:"spec"`
	Status    map[string]any `json:"status"`
	Job       *legacyJob     `json:"job"`
	Becomes   v1.Phase       `json:"becomes"`
	Is        string         `json:"is"`
}

type legacyJob struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

func legacies() []legacy {
	data, err := os.ReadFile("testdata/runs.yaml")
	if err != nil {
		panic(err)
	}
	var all []legacy
	if err := yaml.UnmarshalStrict(data, &all); err != nil {
		panic(err)
	}
	return all
}

// run is an empty object that reads it.
func (l legacy) run() v1.Run {
	if l.Kind == "CodeRun" {
		return &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: l.Name, Namespace: namespace}}
	}
	return &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: l.Name, Namespace: namespace}}
}

// create writes it as the original's controllers did: the spec, the finalizer, the status.
func (l legacy) create(ctx context.Context) {
	GinkgoHelper()
	kind, finalizer := "DocsRun", "docsruns.orchestrator.io/finalizer"
	spec := map[string]any{"repositoryUrl": "https://github.com/example/shop", "workingDirectory": ".", "sourceBranch": "main",
		"model": "opus", "githubUser": "octo"}
	if l.Kind == "CodeRun" {
		kind, finalizer = "CodeRun", "coderuns.orchestrator.io/finalizer"
		spec = map[string]any{"taskId": int64(7), "service": l.Name, "repositoryUrl": "https://github.com/example/" + l.Name,
			"model": "opus", "githubUser": "octo", "contextVersion": int64(1)}
	}
	maps.Copy(spec, l.Spec)
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": v1.GroupVersion.String(), "kind": kind, "spec": spec}}
	o.SetName(l.Name)
	o.SetNamespace(namespace)
	if l.Finalizer == nil {
		o.SetFinalizers([]string{finalizer})
	}
	Expect(hub.Create(ctx, o)).To(Succeed())
	if l.Status != nil {
		o.Object["status"] = l.Status
		Expect(hub.Status().Update(ctx, o)).To(Succeed(), l.Name)
	}
	if l.Job != nil {
		createJob(ctx, l.Job.Name)
		setJob(ctx, l.Job.Name, l.Job.State)
	}
}

// createJob creates a Job on the hub, where only the test says how it goes.
func createJob(ctx context.Context, name string) {
	GinkgoHelper()
	Expect(hub.Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{"app": "orchestrator"}},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "claude", Image: "claude"}},
		}}},
	})).To(Succeed())
}

func setJob(ctx context.Context, name, state string) {
	GinkgoHelper()
	job := &batchv1.Job{}
	Expect(hub.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, job)).To(Succeed())
	now := metav1.Now()
	is := func(kind batchv1.JobConditionType, reason string) batchv1.JobCondition {
		return batchv1.JobCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: "says the test", LastTransitionTime: now}
	}
	job.Status.Active = 0
	if job.Status.StartTime == nil {
		job.Status.StartTime = &now
	}
	switch state {
	case "AtWork":
		job.Status.Active = 1
	case "Complete":
		job.Status.Succeeded, job.Status.CompletionTime = 1, &now
		job.Status.Conditions = []batchv1.JobCondition{is(batchv1.JobSuccessCriteriaMet, "CompletionsReached"), is(batchv1.JobComplete, "CompletionsReached")}
	default:
		job.Status.Failed = 1
		job.Status.Conditions = []batchv1.JobCondition{is(batchv1.JobFailureTarget, "DeadlineExceeded"), is(batchv1.JobFailed, "DeadlineExceeded")}
	}
	Expect(hub.Status().Update(ctx, job)).To(Succeed())
}

// controller is the original's, as its chart writes it.
func controller() *appsv1.Deployment {
	labels := map[string]string{"app.kubernetes.io/name": "whatever"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "agents", Namespace: namespace, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
				ServiceAccountName: "orchestrator",
				Containers: []corev1.Container{{
					Name: "orchestrator", Image: "ghcr.io/5dlabs/platform/orchestrator:latest",
					Env: []corev1.EnvVar{{Name: "KUBERNETES_NAMESPACE", Value: namespace}, {Name: "CONTROLLER_CONFIG_MAP", Value: "task-controller-config"}},
				}},
			}},
		},
	}
}

func scale(ctx context.Context, replicas int32) {
	GinkgoHelper()
	d := controller()
	Expect(hub.Get(ctx, client.ObjectKeyFromObject(d), d)).To(Succeed())
	d.Spec.Replicas = &replicas
	Expect(hub.Update(ctx, d)).To(Succeed())
}

// populate is the hub before Runfleet.
func populate(ctx context.Context) {
	GinkgoHelper()
	Expect(hub.Create(ctx, controller())).To(Succeed())
	for _, l := range legacies() {
		l.create(ctx)
	}
}

func read(ctx context.Context, run v1.Run) v1.Run {
	GinkgoHelper()
	Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
	return run
}

// status is for Eventually.
func status(ctx context.Context, run v1.Run) func() v1.RunStatus {
	return func() v1.RunStatus { return *read(ctx, run).RunStatus() }
}

func gone(ctx context.Context, run v1.Run) func() bool {
	return func() bool { return apierrors.IsNotFound(hub.Get(ctx, client.ObjectKeyFromObject(run), run)) }
}

// reasons are those of the Warning events on an object.
func reasons(ctx context.Context, uid types.UID) func() []string {
	return func() []string {
		var list eventsv1.EventList
		Expect(hub.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
		var all []string
		for _, e := range list.Items {
			if e.Regarding.UID == uid && e.Type == corev1.EventTypeWarning {
				all = append(all, e.Reason)
			}
		}
		return all
	}
}

// executed are the Jobs on the member of a run.
func executed(ctx context.Context, run v1.Run) int {
	GinkgoHelper()
	var jobs batchv1.JobList
	Expect(member.List(ctx, &jobs, client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())})).To(Succeed())
	return len(jobs.Items)
}
