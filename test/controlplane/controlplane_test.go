package controlplane_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/runfleet/runfleet/test/controlplane"
)

var hub *controlplane.ControlPlane

func TestMain(m *testing.M) {
	controlplane.TestMain(m, func(c *controlplane.ControlPlane) { hub = c })
}

func TestKubeconfigOnDiskAdministersTheCluster(t *testing.T) {
	cfg, err := clientcmd.BuildConfigFromFlags("", hub.KubeconfigPath())
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(cfg)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "from-kubeconfig"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Error(err)
	}
}

func TestNewUserMayDoNothing(t *testing.T) {
	cfg, err := hub.User("nobody-yet", "some-group")
	if err != nil {
		t.Fatal(err)
	}
	_, err = kubernetes.NewForConfigOrDie(cfg).CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("listing secrets: got %v, want it forbidden", err)
	}
}

func TestStopLeavesNoProcessAndNoFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plane")
	// The end of the test stops it once more, which must do no harm.
	c := controlplane.ForTest(t, controlplane.Options{Name: "short", Dir: dir})
	parts := c.Components()
	if len(parts) != 2 {
		t.Errorf("got components %v, want etcd and kube-apiserver", parts)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, m := range parts {
		if err := syscall.Kill(-m.PID, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process group %d of %s is still there (%v)", m.PID, m.Name, err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
}

func TestWhatIsHaltedResumesWithItsDataOnItsPorts(t *testing.T) {
	c := controlplane.ForTest(t, controlplane.Options{Name: "twice"})
	client := kubernetes.NewForConfigOrDie(c.Config())
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "written-before"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	before := c.Components()
	c.Halt()
	if _, err := client.CoreV1().Namespaces().Get(t.Context(), ns.Name, metav1.GetOptions{}); err == nil {
		t.Error("a halted API server answers")
	}
	if err := c.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Namespaces().Get(t.Context(), ns.Name, metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	for i, m := range c.Components() {
		if m.Name != before[i].Name || m.Health != before[i].Health || m.PID == before[i].PID {
			t.Errorf("got %+v, want another process of %+v", m, before[i])
		}
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("changed my mind")
	cancel(why)
	dir := filepath.Join(t.TempDir(), "plane")
	if _, err := controlplane.Start(ctx, controlplane.Options{Dir: dir}); !errors.Is(err, why) {
		t.Errorf("got error %v, want %v", err, why)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
}
