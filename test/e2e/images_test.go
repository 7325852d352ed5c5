//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/runfleet/runfleet/test/controlplane"
)

const (
	// patience bounds a pod's life.
	patience = 2 * time.Minute

	agentImage    = "localhost/runfleet-agent:1"
	operatorImage = "localhost/runfleet:1"
)

// built is the tar of an image, from the cache or new.
func built(t *testing.T, image string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "../../cmd/runfleet/images/build.sh", image)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("building the image %s: %v", image, err)
	}
	return strings.TrimSpace(string(out))
}

// restricted is a pod that the strictest of the Pod Security Standards admits, with
// the scratch space that Runfleet's agents have.
func restricted(name, image string, args ...string) *corev1.Pod {
	no, yes := false, true
	empty := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyNever,
			AutomountServiceAccountToken: &no,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: "main", Image: image, Args: args,
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "home", MountPath: "/home/agent"}, {Name: "tmp", MountPath: "/tmp"}},
			}},
			Volumes: []corev1.Volume{{Name: "home", VolumeSource: empty}, {Name: "tmp", VolumeSource: empty}},
		},
	}
}

// ended runs a pod to its end and returns its phase and what it said.
func ended(t *testing.T, client kubernetes.Interface, pod *corev1.Pod) (phase corev1.PodPhase, said string) {
	t.Helper()
	pods := client.CoreV1().Pods("default")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	watcher, err := pods.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + pod.Name})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	var last *corev1.Pod
	for event := range watcher.ResultChan() {
		if got, ok := event.Object.(*corev1.Pod); ok {
			last = got
		}
		if last != nil && (last.Status.Phase == corev1.PodSucceeded || last.Status.Phase == corev1.PodFailed) {
			data, err := pods.GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(ctx)
			if err != nil {
				t.Error(err)
			}
			return last.Status.Phase, string(data)
		}
	}
	t.Fatalf("the pod %s has not ended: %+v", pod.Name, last)
	return "", ""
}

func TestTheImagesRunAsTheRestrictedUsersTheyAreMadeFor(t *testing.T) {
	tars := []string{built(t, "agent"), built(t, "operator")}
	c := controlplane.ForTest(t, controlplane.Options{Name: "images", Containerd: true})
	if err := c.Load(t.Context(), tars...); err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(c.Config())
	pin, err := os.ReadFile(filepath.Join("..", "..", "cmd", "runfleet", "images", "agent.npm"))
	if err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(string(pin[strings.LastIndex(string(pin), "@")+1:]))
	script := `id -un; id -u; claude --version; git --version; ssh -V 2>&1; jq --version; curl --version | head -n 1
		openssl version; grep -c BEGIN /etc/ssl/certs/ca-certificates.crt
		touch /usr/mine 2>/dev/null || echo the root is read-only; touch "$HOME/mine" && echo home at $HOME`
	phase, said := ended(t, client, restricted("agent", agentImage, "sh", "-c", script))
	want := regexp.MustCompile(`^agent\n1000\n` + regexp.QuoteMeta(version) + ` .*\ngit version 2\..*\nOpenSSH_.*\njq-1\..*\ncurl .*\nOpenSSL 3.*\n1\d\d\n` +
		`the root is read-only\nhome at /home/agent\n$`)
	if phase != corev1.PodSucceeded || !want.MatchString(said) {
		t.Errorf("the agent's image: %s, says:\n%s", phase, said)
	}
	phase, said = ended(t, client, restricted("operator", operatorImage, "version"))
	if phase != corev1.PodSucceeded || !strings.Contains(said, "runfleet") {
		t.Errorf("the operator's image: %s, says:\n%s", phase, said)
	}
}
