package lifecycle_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
)

// TestOneLifecycleServesManyRunsAtOnce lets eight workers decide with the same lifecycle, as the reconciler's workers do.
// `make race` runs it under the race detector.
func TestOneLifecycleServesManyRunsAtOnce(t *testing.T) {
	shared, err := lifecycle.New(lifecycle.CodeRun, lifecycle.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for worker := range int64(8) {
		wg.Go(func() {
			lifecycletest.Walk(2*worker+1, 100, func(w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) bool {
				together := shared.Decide(w.Status, f)
				if !reflect.DeepEqual(together, d) {
					t.Errorf("worker %d: a lifecycle of its own says %+v, the shared one %+v", worker, d, together)
				}
				return !t.Failed()
			})
		})
	}
	wg.Wait()
}
