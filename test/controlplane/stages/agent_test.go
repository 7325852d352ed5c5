package stages_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/runfleet/runfleet/test/controlplane"
)

// patience bounds every wait for something that the box does by itself.
const patience = 45 * time.Second

var client *kubernetes.Clientset

func TestMain(m *testing.M) { os.Exit(inOneCluster(m)) }

// inOneCluster runs all tests against one cluster, side by side.
func inOneCluster(m *testing.M) int {
	member, err := controlplane.Start(context.Background(), controlplane.Options{Name: "member-1", Nodes: 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer member.Stop()
	client = kubernetes.NewForConfigOrDie(member.Config())
	// The tests wait for the cluster and not for the processor: all run at once.
	flag.Parse()
	if err := flag.Set("test.parallel", "64"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// agent is a Job as Runfleet makes it: suspended, one pod, no second try.
func agent(service, attempt string) *batchv1.Job {
	labels := map[string]string{"orchestrator.platform/managed": "true", "orchestrator.platform/attempt": attempt}
	if service != "" {
		labels["orchestrator.platform/service"] = service
	}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "run-"},
		Spec: batchv1.JobSpec{
			Suspend:              new(true),
			BackoffLimit:         new(int32(0)),
			PodReplacementPolicy: new(batchv1.Failed),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					RestartPolicy:         corev1.RestartPolicyNever,
					ActiveDeadlineSeconds: new(int64(7170)),
					InitContainers:        []corev1.Container{{Name: "prepare", Image: "registry.example.com/agent:1"}},
					Containers:            []corev1.Container{{Name: "agent", Image: "registry.example.com/agent:1"}},
				},
			},
		},
	}
}

// mount gives a job the workspace of a service, which it makes.
func mount(t *testing.T, job *batchv1.Job, claim string) {
	t.Helper()
	pvc := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: claim},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			},
		},
	}
	if _, err := client.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), pvc, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	job.Spec.Template.Spec.Volumes = []corev1.Volume{{
		Name: "workspace",
		VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		},
	}}
}

// attempt is a Job that was created.
type attempt struct{ name string }

func create(t *testing.T, job *batchv1.Job) attempt {
	t.Helper()
	created, err := client.BatchV1().Jobs("default").Create(t.Context(), job, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return attempt{created.Name}
}

// start creates a Job and releases it.
func start(t *testing.T, job *batchv1.Job) attempt {
	t.Helper()
	a := create(t, job)
	a.patch(t, `{"spec":{"suspend":false}}`)
	return a
}

func (a attempt) patch(t *testing.T, patch string) {
	t.Helper()
	_, err := client.BatchV1().Jobs("default").Patch(t.Context(), a.name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// lowerDeadline asks a pod to end, as Runfleet does.
func (a attempt) lowerDeadline(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	patch := []byte(`{"spec":{"activeDeadlineSeconds":1}}`)
	if _, err := client.CoreV1().Pods("default").Patch(t.Context(), pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (a attempt) delete(t *testing.T) {
	t.Helper()
	background := metav1.DeletePropagationBackground
	if err := client.BatchV1().Jobs("default").Delete(t.Context(), a.name, metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatal(err)
	}
}

// ended waits for the Job's end and tells it.
func (a attempt) ended(t *testing.T) ending {
	t.Helper()
	var e ending
	a.awaitJob(t, "ended", func(j *batchv1.Job) bool {
		for _, c := range j.Status.Conditions {
			if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
				e.Job = string(c.Type)
				return true
			}
		}
		return false
	})
	pod := a.awaitPod(t, "ended", ended)
	e.Pod = string(pod.Status.Phase)
	if pod.Status.Reason != "" {
		e.Pod += " " + pod.Status.Reason
	}
	if s := pod.Status.ContainerStatuses[0].State.Terminated; s != nil {
		e.Exit, e.Reason, e.Outcome = s.ExitCode, s.Reason, result(s.Message)
	}
	return e
}

// waitsFor tells why the agent's container does not start.
func (a attempt) waitsFor(t *testing.T) string {
	t.Helper()
	pod := a.awaitPod(t, "waiting", func(p *corev1.Pod) bool {
		return len(p.Status.ContainerStatuses) > 0 && p.Status.ContainerStatuses[0].State.Waiting != nil
	})
	return pod.Status.ContainerStatuses[0].State.Waiting.Reason
}

func result(message string) string {
	var o struct {
		Result string `json:"result"`
	}
	switch {
	case message == "":
		return "none"
	case json.Unmarshal([]byte(message), &o) != nil:
		return message
	default:
		return o.Result
	}
}

func ended(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
}

func (a attempt) awaitJob(t *testing.T, what string, is func(*batchv1.Job) bool) {
	t.Helper()
	await(t, "Job "+a.name+" "+what, func() bool {
		job, err := client.BatchV1().Jobs("default").Get(t.Context(), a.name, metav1.GetOptions{})
		return err == nil && is(job)
	})
}

// awaitPod waits for the one pod of the Job; a second one is a mistake.
func (a attempt) awaitPod(t *testing.T, what string, is func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	await(t, "pod of "+a.name+" "+what, func() bool {
		pods := a.pods(t)
		if len(pods) > 1 {
			t.Fatalf("Job %s has %d pods, want one", a.name, len(pods))
		}
		if len(pods) == 1 && is(&pods[0]) {
			pod = &pods[0]
		}
		return pod != nil
	})
	return pod
}

func (a attempt) awaitNoPod(t *testing.T) {
	t.Helper()
	await(t, "pod of "+a.name+" gone", func() bool { return len(a.pods(t)) == 0 })
}

func (a attempt) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	list, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=" + a.name})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}
