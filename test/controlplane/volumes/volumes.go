// Package volumes is a small provisioner: it gives each claim of its storage
// class a directory on the node that the claim's pod was scheduled to, as a
// local volume, because those honour fsGroup and hostPath volumes do not.
package volumes

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Class is the storage class, the cluster's default.
const Class = "local"

const (
	selectedNode = "volume.kubernetes.io/selected-node"
	// provisionedBy names whose volume it is to remove.
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	provisioner   = "runfleet.test/local"
	// resync is how often what went wrong is tried again.
	resync = 10 * time.Second
)

// A Provisioner serves one cluster.
type Provisioner struct {
	Client kubernetes.Interface
	// Dir is where the directories are made, as this process calls it, and Path
	// the same as the node calls it.
	Dir, Path string
	// Log takes what went wrong, which is tried again.
	Log *log.Logger
}

// CreateClass creates the storage class.
func (p *Provisioner) CreateClass(ctx context.Context) error {
	wait, remove := storagev1.VolumeBindingWaitForFirstConsumer, corev1.PersistentVolumeReclaimDelete
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        Class,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:       provisioner,
		ReclaimPolicy:     &remove,
		VolumeBindingMode: &wait,
	}
	if _, err := p.Client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating storage class %s: %w", Class, err)
	}
	return nil
}

// Run serves claims until ctx ends.
func (p *Provisioner) Run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(p.Client, resync)
	claims := factory.Core().V1().PersistentVolumeClaims().Informer()
	volumes := factory.Core().V1().PersistentVolumes().Informer()
	_, err1 := claims.AddEventHandler(handle(func(c *corev1.PersistentVolumeClaim) { p.note(p.provide(ctx, c)) }))
	_, err2 := volumes.AddEventHandler(handle(func(v *corev1.PersistentVolume) { p.note(p.remove(ctx, v)) }))
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("watching claims: %w", err)
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	factory.Shutdown()
	return nil
}

// handle calls f for what is new or has changed, one at a time.
func handle[T any](f func(T)) cache.ResourceEventHandlerFuncs {
	given := func(o any) {
		if object, ok := o.(T); ok {
			f(object)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: given, UpdateFunc: func(_, o any) { given(o) }}
}

func (p *Provisioner) note(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		p.Log.Print(err)
	}
}

// provide makes the volume of a claim that waits for one. Its name comes from the
// claim's, so that to do it again does nothing.
func (p *Provisioner) provide(ctx context.Context, c *corev1.PersistentVolumeClaim) error {
	node := c.Annotations[selectedNode]
	if node == "" || c.Spec.VolumeName != "" || c.Spec.StorageClassName == nil || *c.Spec.StorageClassName != Class {
		return nil
	}
	name := "pvc-" + string(c.UID)
	if err := os.MkdirAll(filepath.Join(p.Dir, name), 0o755); err != nil {
		return fmt.Errorf("making a volume for %s/%s: %w", c.Namespace, c.Name, err)
	}
	_, err := p.Client.CoreV1().PersistentVolumes().Create(ctx, p.volume(name, node, c), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating a volume for %s/%s: %w", c.Namespace, c.Name, err)
	}
	return nil
}

func (p *Provisioner) volume(name, node string, c *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	size := c.Spec.Resources.Requests[corev1.ResourceStorage]
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      map[corev1.ResourceName]resource.Quantity{corev1.ResourceStorage: size},
			AccessModes:                   c.Spec.AccessModes,
			StorageClassName:              Class,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			ClaimRef: &corev1.ObjectReference{
				Kind: "PersistentVolumeClaim", APIVersion: "v1", Namespace: c.Namespace, Name: c.Name, UID: c.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				Local: &corev1.LocalVolumeSource{Path: filepath.Join(p.Path, name)},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
					{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node}},
				}}},
			}},
		},
	}
}

// remove removes a volume whose claim is gone, the object last: what is left
// after a failure is then still seen.
func (p *Provisioner) remove(ctx context.Context, v *corev1.PersistentVolume) error {
	if v.Annotations[provisionedBy] != provisioner || v.Status.Phase != corev1.VolumeReleased {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(p.Dir, filepath.Base(v.Name))); err != nil {
		return fmt.Errorf("removing volume %s: %w", v.Name, err)
	}
	if err := p.Client.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing volume %s: %w", v.Name, err)
	}
	return nil
}
