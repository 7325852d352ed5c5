//go:build e2e

package controlplane_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/controlplane/images"
	"github.com/runfleet/runfleet/test/controlplane/machine"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// patience bounds every wait for something that happens by itself.
const patience = 60 * time.Second

// A realNode is a cluster with a real node on which the probe's image is.
type realNode struct {
	*controlplane.ControlPlane
	kubernetes.Interface
	t *testing.T
}

func realCluster(t *testing.T, name string) realNode {
	t.Helper()
	c := controlplane.ForTest(t, controlplane.Options{Name: name, Containerd: true})
	tar, err := images.Probe(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Load(t.Context(), tar); err != nil {
		t.Fatal(err)
	}
	return realNode{c, kubernetes.NewForConfigOrDie(c.Config()), t}
}

// job is one as Runfleet writes them: not root, nothing privileged, nothing
// writable but a volume.
func job(name, claim string, args ...string) *batchv1.Job {
	user, no, yes, zero := int64(1000), false, true, int32(0)
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
		Spec: batchv1.JobSpec{BackoffLimit: &zero, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: &no,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "probe", Image: images.ProbeImage, Args: args,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
				Resources:    corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}},
				VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}},
			}},
			Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
			}}},
		}}},
	}
}

// run creates a job and the claim that it mounts, unless that is there.
func (r realNode) run(name, claim string, args ...string) {
	r.t.Helper()
	pvc := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: claim},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
	claims := r.CoreV1().PersistentVolumeClaims("default")
	if _, err := claims.Get(r.t.Context(), claim, metav1.GetOptions{}); err != nil {
		if _, err := claims.Create(r.t.Context(), pvc, metav1.CreateOptions{}); err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := r.BatchV1().Jobs("default").Create(r.t.Context(), job(name, claim, args...), metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// pod waits until the pod of a job is as it should be.
func (r realNode) pod(job, what string, is func(*corev1.Pod) bool) *corev1.Pod {
	r.t.Helper()
	var last corev1.Pod
	for until := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		list, err := r.CoreV1().Pods("default").List(r.t.Context(), metav1.ListOptions{LabelSelector: "job-name=" + job})
		if err == nil && len(list.Items) == 1 {
			if last = list.Items[0]; is(&last) {
				return &last
			}
		}
		if time.Now().After(until) {
			r.t.Fatalf("the pod of %s is not %s (%v): %+v", job, what, err, last.Status)
		}
	}
}

func (r realNode) logs(pod string) string {
	r.t.Helper()
	data, err := r.CoreV1().Pods("default").GetLogs(pod, &corev1.PodLogOptions{}).DoRaw(r.t.Context())
	if err != nil {
		r.t.Errorf("the logs of %s: %v", pod, err)
	}
	return string(data)
}

func in(phase corev1.PodPhase) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool { return p.Status.Phase == phase }
}

// server answers on this machine's end of the cable.
func (r realNode) server(answer string) string {
	r.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(r.t.Context(), "tcp", r.Outside()+":0")
	if err != nil {
		r.t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })}
	go func() { _ = s.Serve(listener) }()
	r.t.Cleanup(func() { _ = s.Close() })
	return "http://" + listener.Addr().String()
}

func TestARealPodRunsAsTheUserItShouldAndWritesToItsVolume(t *testing.T) {
	r := realCluster(t, "real")
	r.run("writes", "data", "who", "write", "/data/note", "from the first", "get", r.server("hello from outside"))
	first := r.pod("writes", "Succeeded", in(corev1.PodSucceeded))
	if got := r.logs(first.Name); got != "1000 1000 [1000]\nhello from outside\n" {
		t.Errorf("the first pod says %q", got)
	}
	r.run("reads", "data", "read", "/data/note")
	if got := r.logs(r.pod("reads", "Succeeded", in(corev1.PodSucceeded)).Name); got != "from the first\n" {
		t.Errorf("the second pod finds %q", got)
	}
	r.run("refused", "data", "write", "/note", "x")
	if got := r.logs(r.pod("refused", "Failed", in(corev1.PodFailed)).Name); !strings.Contains(got, "read-only file system") {
		t.Errorf("writing beside the volume: %q", got)
	}
	if got := r.version("asks"); !strings.Contains(got, `"gitVersion"`) {
		t.Errorf("a pod that asks the API server gets %q", got)
	}
	r.forget("data")
}

// version is what a pod gets that asks the API server as programs in pods do: at
// the Service kubernetes, trusting whom its service account says.
func (r realNode) version(name string) string {
	r.t.Helper()
	j := job(name, "data", "get", "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)/version")
	spec, yes := &j.Spec.Template.Spec, true
	spec.AutomountServiceAccountToken = &yes
	spec.Containers[0].Env = []corev1.EnvVar{{Name: "SSL_CERT_FILE", Value: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"}}
	if _, err := r.BatchV1().Jobs("default").Create(r.t.Context(), j, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	p := r.pod(name, "ended", func(p *corev1.Pod) bool { return in(corev1.PodSucceeded)(p) || in(corev1.PodFailed)(p) })
	return r.logs(p.Name)
}

// forget deletes the jobs and a claim, and waits for the end of its volume.
func (r realNode) forget(claim string) {
	r.t.Helper()
	pvc, err := r.CoreV1().PersistentVolumeClaims("default").Get(r.t.Context(), claim, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	background := metav1.DeletePropagationBackground
	err = r.BatchV1().Jobs("default").DeleteCollection(r.t.Context(), metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.CoreV1().PersistentVolumeClaims("default").Delete(r.t.Context(), claim, metav1.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
	dir := filepath.Join(r.Dir(), "node", machine.Volumes, pvc.Spec.VolumeName)
	for until := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		_, gone := os.Stat(dir)
		list, err := r.CoreV1().PersistentVolumes().List(r.t.Context(), metav1.ListOptions{})
		if err == nil && len(list.Items) == 0 && os.IsNotExist(gone) {
			return
		}
		if time.Now().After(until) {
			r.t.Fatalf("the claim is deleted, and there are still %s (%v) and the volumes %v (%v)", dir, gone, list.Items, err)
		}
	}
}

// A pod that is told to end by a lowered deadline is what the product's stop is
// made of.
func TestARealPodEndsAtALoweredDeadlineWithItsMessage(t *testing.T) {
	r := realCluster(t, "deadline")
	r.run("waits", "data", "wait")
	p := r.pod("waits", "waiting", func(p *corev1.Pod) bool {
		return p.Status.Phase == corev1.PodRunning && r.logs(p.Name) == "waiting\n"
	})
	patch := []byte(`{"spec":{"activeDeadlineSeconds":1}}`)
	if _, err := r.CoreV1().Pods("default").Patch(t.Context(), p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	p = r.pod("waits", "Failed", func(p *corev1.Pod) bool {
		return p.Status.Phase == corev1.PodFailed && len(p.Status.ContainerStatuses) == 1 && p.Status.ContainerStatuses[0].State.Terminated != nil
	})
	end := p.Status.ContainerStatuses[0].State.Terminated
	if p.Status.Reason != "DeadlineExceeded" || end.ExitCode != 7 || end.Message != "asked to end" {
		t.Errorf("the pod ended with reason %s, code %d, message %q", p.Status.Reason, end.ExitCode, end.Message)
	}
}

func TestAMachineWithoutPowerComesBackWithItsVolumes(t *testing.T) {
	r := realCluster(t, "power")
	r.run("waits", "data", "write", "/data/note", "kept", "wait")
	r.pod("waits", "waiting", func(p *corev1.Pod) bool {
		return p.Status.Phase == corev1.PodRunning && r.logs(p.Name) == "waiting\n"
	})
	r.Halt(programs.Containerd, programs.Kubelet)
	if left := processes(t, "/probe\x00write\x00/data/note\x00kept\x00wait\x00"); left > 0 {
		t.Errorf("%d processes of the machine live without power", left)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.Resume(ctx, programs.Containerd, programs.Kubelet); err != nil {
		t.Fatal(err)
	}
	r.pod("waits", "Failed", in(corev1.PodFailed))
	r.run("reads", "data", "read", "/data/note")
	if got := r.logs(r.pod("reads", "Succeeded", in(corev1.PodSucceeded)).Name); got != "kept\n" {
		t.Errorf("after the restart a pod finds %q", got)
	}
	if got := r.version("asks"); !strings.Contains(got, `"gitVersion"`) {
		t.Errorf("after the restart a pod that asks the API server gets %q", got)
	}
}

// processes counts those of a command line.
func processes(t *testing.T, line string) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range all {
		if data, err := os.ReadFile(path); err == nil && string(data) == line {
			n++
		}
	}
	return n
}
