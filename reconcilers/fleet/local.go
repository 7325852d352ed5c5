package fleet

import (
	"context"
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// LocalMember is the name under which the hub is a member of itself.
const LocalMember = "local"

// EnsureLocalMember registers the hub as a member of itself, so that one cluster is enough to start. A MemberCluster of
// that name is left as it is, whatever it says.
func EnsureLocalMember(ctx context.Context, hub client.Writer) error {
	err := hub.Create(ctx, &v1.MemberCluster{
		ObjectMeta: metav1.ObjectMeta{Name: LocalMember},
		Spec:       v1.MemberClusterSpec{Connection: v1.ConnectionHub, Scheduling: v1.SchedulingEnabled},
	})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the MemberCluster %s: %w", LocalMember, err)
	}
	return nil
}
