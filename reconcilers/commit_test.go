package reconcilers

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestACommitThatWasNotAcceptedIsDroppedOrTriedAgain(t *testing.T) {
	if r, err := onCommit(nil); err != nil || r.RequeueAfter != 0 {
		t.Errorf("what was accepted is no error, got %v, %v", r, err)
	}
	runs := schema.GroupResource{Group: "orchestrator.platform", Resource: "coderuns"}
	if r, err := onCommit(apierrors.NewConflict(runs, "task-7", nil)); err != nil || r.RequeueAfter != again {
		t.Errorf("a conflict means an old view, got %v, %v", r, err)
	}
	if r, err := onCommit(apierrors.NewNotFound(runs, "task-7")); err != nil || r.RequeueAfter != 0 {
		t.Errorf("a run that is gone needs nothing, got %v, %v", r, err)
	}
	if _, err := onCommit(apierrors.NewInternalError(errors.New("etcd"))); err == nil {
		t.Error("anything else is an error")
	}
}

// refusing is an API server that takes no status.
type refusing struct{ client.Writer }

func (refusing) Status() client.SubResourceWriter { return refusedStatus{} }

type refusedStatus struct{ client.SubResourceWriter }

func (refusedStatus) Update(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
	return apierrors.NewServiceUnavailable("etcd")
}

// lister counts whom the hub's cache is asked for.
type lister struct {
	client.Reader
	asked *[]string
}

func (l lister) List(_ context.Context, _ client.ObjectList, opts ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(opts)
	*l.asked = append(*l.asked, o.FieldSelector.String())
	return nil
}

// Who looked while a placement was being written found that much less room.
func TestAPlacementThatWasNotCommittedMakesRoom(t *testing.T) {
	placed, waits := out(v1.PhaseProvisioning, "east"), v1.RunStatus{Phase: v1.PhasePending, Reason: v1.ReasonNoCandidate}
	for name, c := range map[string]struct {
		was, next v1.RunStatus
		wakes     bool
	}{
		"placed":      {waits, placed, true},
		"goes on":     {placed, out(v1.PhaseRunning, "east"), false},
		"still waits": {v1.RunStatus{Phase: v1.PhasePending}, waits, false},
	} {
		var asked []string
		p := &pass{run: code(func(r *v1.CodeRun) { r.Status = c.was }), Reconciler: &Reconciler{
			Hub: Hub{Writer: refusing{}}, Placed: NewLedger(), Mail: &Mailboxes{Runs: lister{asked: &asked}}, RequestTimeout: time.Second,
		}}
		if err := p.commit(t.Context(), lifecycle.Decision{Status: c.next, Changed: true}); err == nil {
			t.Errorf("%s: it was refused", name)
		}
		if woke := slices.Contains(asked, IndexWaiting+"="+v1.ReasonNoCandidate); woke != c.wakes {
			t.Errorf("%s: want that those who wait are woken %v, got %q", name, c.wakes, asked)
		}
	}
}
