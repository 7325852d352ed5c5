package volumes_test

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/controlplane/volumes"
)

var client kubernetes.Interface

func TestMain(m *testing.M) {
	controlplane.TestMain(m, func(hub *controlplane.ControlPlane) { client = kubernetes.NewForConfigOrDie(hub.Config()) })
}

// serve runs a provisioner for the length of a test and returns its directory.
func serve(t *testing.T) string {
	t.Helper()
	p := &volumes.Provisioner{Client: client, Dir: t.TempDir(), Path: "/on/node", Log: log.New(t.Output(), "", 0)}
	if err := p.CreateClass(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p.Dir
}

// claim creates a claim as the scheduler leaves it.
func claim(t *testing.T, name, class, node string) *corev1.PersistentVolumeClaim {
	t.Helper()
	c := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: &class,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("2Gi")}},
		},
	}
	if node != "" {
		c.Annotations = map[string]string{"volume.kubernetes.io/selected-node": node}
	}
	made, err := client.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), c, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain: " + what)
		}
	}
}

func TestAClaimGetsADirectoryOnItsNodeUntilItIsGone(t *testing.T) {
	dir := serve(t)
	claim(t, "another-class", "simulated", "node-1")
	claim(t, "not-scheduled", volumes.Class, "")
	c := claim(t, "scheduled", volumes.Class, "node-1")
	name := "pvc-" + string(c.UID)
	var v *corev1.PersistentVolume
	await(t, "a volume", func() bool {
		var err error
		v, err = client.CoreV1().PersistentVolumes().Get(t.Context(), name, metav1.GetOptions{})
		return err == nil
	})
	if v.Spec.Local == nil || v.Spec.Local.Path != "/on/node/"+name || v.Spec.ClaimRef.UID != c.UID || v.Spec.Capacity.Storage().String() != "2Gi" {
		t.Errorf("the volume is %+v", v.Spec)
	}
	if at := v.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0]; at.Key != corev1.LabelHostname || at.Values[0] != "node-1" {
		t.Errorf("the volume is at %v, want node-1", at)
	}
	if made, _ := os.ReadDir(dir); len(made) != 1 || made[0].Name() != name {
		t.Errorf("the directories are %v, want %s alone", made, name)
	}
	// As the controller manager says it.
	v.Status.Phase = corev1.VolumeReleased
	if _, err := client.CoreV1().PersistentVolumes().UpdateStatus(t.Context(), v, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the volume gone", func() bool {
		left, err := client.CoreV1().PersistentVolumes().Get(t.Context(), name, metav1.GetOptions{})
		// Nothing else takes off what protects it here.
		return apierrors.IsNotFound(err) || err == nil && left.DeletionTimestamp != nil
	})
	if _, err := os.Stat(filepath.Join(dir, name)); !os.IsNotExist(err) {
		t.Errorf("the directory is still there (%v)", err)
	}
}
