package garbage

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// runID is what is known of a run from an object on a member.
type runID struct {
	namespace string
	uid       types.UID
}

// known are the runs that the hub's cache shows: nobody need ask about them.
func known(ctx context.Context, cached client.Reader) (map[types.UID]bool, error) {
	var docs v1.DocsRunList
	var code v1.CodeRunList
	for _, list := range []client.ObjectList{&docs, &code} {
		if err := cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing the runs: %w", err)
		}
	}
	uids := map[types.UID]bool{}
	for i := range docs.Items {
		uids[docs.Items[i].UID] = true
	}
	for i := range code.Items {
		uids[code.Items[i].UID] = true
	}
	return uids, nil
}

// gone are those of the suspects that the hub itself does not have, by their UIDs: a name proves nothing, since it may mean
// another run by now. Any error means that nothing is known.
func gone(ctx context.Context, hub client.Reader, suspects []runID, timeout time.Duration) ([]runID, error) {
	there := map[string]map[types.UID]bool{} // by namespace
	var out []runID
	for _, run := range suspects {
		if there[run.namespace] == nil {
			uids, err := runsIn(ctx, hub, run.namespace, timeout)
			if err != nil {
				return nil, err
			}
			there[run.namespace] = uids
		}
		if !there[run.namespace][run.uid] {
			out = append(out, run)
		}
	}
	return out, nil
}

// runsIn asks the hub for the runs of both kinds in a namespace, and for no more of them than their metadata.
func runsIn(ctx context.Context, hub client.Reader, namespace string, timeout time.Duration) (map[types.UID]bool, error) {
	uids := map[types.UID]bool{}
	for _, kind := range []string{"DocsRun", "CodeRun"} {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
		bounded, cancel := context.WithTimeout(ctx, timeout)
		err := hub.List(bounded, &list, client.InNamespace(namespace))
		cancel()
		if err != nil {
			return nil, fmt.Errorf("asking the hub for the %ss in namespace %s: %w", kind, namespace, err)
		}
		for i := range list.Items {
			uids[list.Items[i].UID] = true
		}
	}
	return uids, nil
}
