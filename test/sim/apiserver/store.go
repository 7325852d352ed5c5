package apiserver

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Change is one entry of a kind's log: Old is nil when the object was created, New when it was removed.
type Change struct {
	Old, New client.Object
	At       time.Time // truly
}

// Object is the newest form of what changed.
func (c Change) Object() client.Object {
	if c.New != nil {
		return c.New
	}
	return c.Old
}

// Server is one cluster.
type Server struct {
	Name string
	UID  types.UID // of its kube-system namespace
	// Skew is how far the cluster's clocks are ahead of the true time, which the hub's show.
	Skew time.Duration
	// Refused is told what the API server refuses by a rule of the status, though the writer had seen the newest version.
	Refused func(run v1.Run, why string)

	now       func() time.Time // the true time
	listeners []func(Kind, Change)
	tables    [kinds][]client.Object // sorted by namespace and name
	log       [kinds][]Change
	version   int64
	serial    *uint32 // of UIDs, shared by all clusters
	edges     map[[2]v1.Phase]bool
}

// New returns an empty cluster. Clusters that share serial give no UID twice.
func New(name string, serial *uint32, now func() time.Time) *Server {
	s := &Server{Name: name, now: now, serial: serial, edges: edges, Refused: func(v1.Run, string) {}}
	s.UID = s.newUID()
	return s
}

// Now is the time by the cluster's own clocks.
func (s *Server) Now() time.Time { return s.now().Add(s.Skew) }

// Listen adds somebody who hears of each change at once. Those who hear of it late follow the log.
func (s *Server) Listen(f func(Kind, Change)) { s.listeners = append(s.listeners, f) }

// Log is every change of a kind since the beginning.
func (s *Server) Log(k Kind) []Change { return s.log[k] }

// All are the objects of a kind as they are now, by namespace and name.
func (s *Server) All(k Kind) []client.Object { return s.tables[k] }

// Find is an object as it is now, nil when there is none.
func (s *Server) Find(k Kind, key types.NamespacedName) client.Object {
	if i, ok := s.index(k, key); ok {
		return s.tables[k][i]
	}
	return nil
}

// FindUID is Find by UID.
func (s *Server) FindUID(k Kind, uid types.UID) client.Object {
	for _, o := range s.tables[k] {
		if o.GetUID() == uid {
			return o
		}
	}
	return nil
}

func (s *Server) index(k Kind, key types.NamespacedName) (int, bool) {
	return slices.BinarySearchFunc(s.tables[k], key, func(o client.Object, key types.NamespacedName) int {
		return compareKeys(client.ObjectKeyFromObject(o), key)
	})
}

func compareKeys(a, b types.NamespacedName) int {
	switch {
	case a == b:
		return 0
	case a.Namespace < b.Namespace || a.Namespace == b.Namespace && a.Name < b.Name:
		return -1
	default:
		return 1
	}
}

// put stores a new version of an object and tells everybody.
func (s *Server) put(k Kind, o client.Object) {
	s.version++
	o.SetResourceVersion(strconv.FormatInt(s.version, 10))
	i, found := s.index(k, client.ObjectKeyFromObject(o))
	c := Change{New: o}
	if found {
		c.Old = s.tables[k][i]
		s.tables[k][i] = o
	} else {
		s.tables[k] = slices.Insert(s.tables[k], i, o)
	}
	s.tell(k, c)
}

func (s *Server) drop(k Kind, key types.NamespacedName) {
	if i, found := s.index(k, key); found {
		c := Change{Old: s.tables[k][i]}
		s.tables[k] = slices.Delete(s.tables[k], i, i+1)
		s.version++
		s.tell(k, c)
	}
}

func (s *Server) tell(k Kind, c Change) {
	c.At = s.now()
	s.log[k] = append(s.log[k], c)
	for _, f := range s.listeners {
		f(k, c)
	}
}

// Change is a write by the cluster itself (kubelet, controllers): it is never refused, and does nothing when the object
// is gone. An object that is being deleted goes with its last finalizer.
func (s *Server) Change(k Kind, key types.NamespacedName, change func(client.Object)) {
	was := s.Find(k, key)
	if was == nil {
		return
	}
	now, _ := was.DeepCopyObject().(client.Object)
	change(now)
	s.store(k, now)
}

// store puts an object, or drops it when its deletion is complete.
func (s *Server) store(k Kind, o client.Object) {
	pod, isPod := o.(*corev1.Pod)
	waits := isPod && pod.DeletionGracePeriodSeconds != nil && *pod.DeletionGracePeriodSeconds > 0
	if o.GetDeletionTimestamp() != nil && len(o.GetFinalizers()) == 0 && !waits {
		s.drop(k, client.ObjectKeyFromObject(o))
		return
	}
	s.put(k, o)
}

// add stores a new object.
func (s *Server) add(k Kind, o client.Object) error {
	key := client.ObjectKeyFromObject(o)
	if err := s.refusesIn(key.Namespace, k, key.Name); err != nil {
		return err
	}
	if s.Find(k, key) != nil {
		return apierrors.NewAlreadyExists(k.Resource(), key.Name)
	}
	slim(o)
	o.SetUID(s.newUID())
	o.SetGeneration(1)
	o.SetCreationTimestamp(metav1.NewTime(s.Now().Truncate(time.Second)))
	if run, ok := o.(v1.Run); ok {
		*run.RunStatus() = v1.RunStatus{Phase: v1.PhasePending}
	}
	s.put(k, o)
	return nil
}

// refusesIn says why nothing can be made in a namespace, nil where something can.
func (s *Server) refusesIn(namespace string, k Kind, name string) error {
	if namespace == "" {
		return nil
	}
	switch o := s.Find(Namespace, types.NamespacedName{Name: namespace}); {
	case o == nil:
		return apierrors.NewNotFound(Namespace.Resource(), namespace)
	case o.GetDeletionTimestamp() != nil:
		why := fmt.Errorf("unable to create new content in namespace %s because it is being terminated", namespace)
		err := apierrors.NewForbidden(k.Resource(), name, why)
		err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
		return err
	default:
		return nil
	}
}

// slim drops what nobody in the simulation reads: most of an attempt's bytes.
func slim(o client.Object) {
	switch o := o.(type) {
	case *corev1.ConfigMap:
		if o.Labels[v1.LabelRunUID] != "" {
			o.Data = nil
		}
	case *batchv1.Job:
		spec := &o.Spec.Template.Spec
		*spec = corev1.PodSpec{
			ActiveDeadlineSeconds: spec.ActiveDeadlineSeconds, TerminationGracePeriodSeconds: spec.TerminationGracePeriodSeconds,
			Containers: spec.Containers, Volumes: spec.Volumes,
		}
		for i, c := range spec.Containers {
			spec.Containers[i] = corev1.Container{Name: c.Name, Env: c.Env}
		}
	}
}

// newUID returns a UID whose first part differs, since that part is in the names of Jobs.
func (s *Server) newUID() types.UID {
	*s.serial++
	return types.UID(fmt.Sprintf("%08x-0000-4000-8000-000000000000", *s.serial))
}
