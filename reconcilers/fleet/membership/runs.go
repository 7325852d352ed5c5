package membership

import (
	"context"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// runs are those of all namespaces.
func runs(ctx context.Context, hub client.Reader) ([]v1.Run, error) {
	var docs v1.DocsRunList
	var code v1.CodeRunList
	if err := hub.List(ctx, &docs); err != nil {
		return nil, err
	}
	if err := hub.List(ctx, &code); err != nil {
		return nil, err
	}
	var all []v1.Run
	for i := range docs.Items {
		all = append(all, &docs.Items[i])
	}
	for i := range code.Items {
		all = append(all, &code.Items[i])
	}
	return all, nil
}

// ended says that a run executes nothing any more.
func ended(r v1.Run) bool {
	return slices.Contains([]v1.Phase{v1.PhaseSucceeded, v1.PhaseFailed, v1.PhaseCancelled}, r.RunStatus().Phase)
}
