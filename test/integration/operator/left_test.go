//go:build faults

package operator

import (
	"context"
	"errors"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// left is the label of the specs that `make faults` runs: `make test` has no time for them.
const left = "left"

// force deletes a run that cannot be cleaned up, and takes its finalizer away, as people do who are in a hurry.
func (w *scene) force(run v1.Run) {
	w.Expect(w.hub.Delete(w.ctx, run)).To(Succeed())
	noFinalizer := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	w.Expect(client.IgnoreNotFound(w.hub.Patch(w.ctx, run, noFinalizer))).To(Succeed())
	w.gone(run)
}

// anotherHub is one that no operator belongs to, so that only the spec sweeps for it.
const anotherHub = "another-hub"

func ofAnotherHub(o client.Object) { o.GetLabels()[v1.LabelHub] = anotherHub }

// there is whether a cluster has an object, and nobody has deleted it. For Eventually.
func (w *scene) there(on *bed.Cluster, o client.Object) func() error {
	return func() error {
		found, _ := o.DeepCopyObject().(client.Object)
		if err := on.Get(w.ctx, client.ObjectKeyFromObject(o), found); err != nil {
			return err
		}
		if found.GetDeletionTimestamp() != nil {
			return errors.New("it is being deleted")
		}
		return nil
	}
}

// away cuts east off and returns when the operator knows; back lets it come back.
func (w *scene) away() {
	wild.toEast.CutOff()
	DeferCleanup(wild.toEast.Heal)
	w.Eventually(w.row).WithArguments("east").Should(HaveKeyWithValue("Ready", "False"))
}

func (w *scene) back() {
	wild.toEast.Heal()
	w.Eventually(w.row).WithArguments("east").Should(HaveKeyWithValue("Ready", "True"))
}

// command runs a verb of the binary against the hub.
func (w *scene) command(args ...string) bed.Said {
	return program.Call(w.hub.KubeconfigPath(), args...)
}

// nobody hears what was swept.
type nobody struct{}

func (nobody) Swept(garbage.Object)    {}
func (nobody) Orphaned(garbage.Object) {}

// meddler does something once, just before the first object is deleted by way of it, or the first list read.
type meddler struct {
	client.Client
	meddle func()
	once   sync.Once
}

func (m *meddler) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	m.once.Do(m.meddle)
	return m.Client.Delete(ctx, o, opts...)
}

func (m *meddler) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	m.once.Do(m.meddle)
	return m.Client.List(ctx, list, opts...)
}
