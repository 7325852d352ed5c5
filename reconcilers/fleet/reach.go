package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Reached is a member for one who looks or writes once.
type Reached struct {
	Cluster
	Config *rest.Config // for what is no object, such as a log
}

// Reach connects to a member for one who looks or writes once and keeps nothing, so there is no cache: by the same Secret,
// under the same rules about its kubeconfig, and only if the cluster that the operator knows answers. secrets asks the hub;
// namespace is the operator's own; timeout bounds each request. The error says what to do where that is known.
func Reach(ctx context.Context, secrets client.Reader, hub *rest.Config, namespace string, o *v1.MemberCluster, timeout time.Duration,
) (Reached, error) {
	if o.Status.ClusterUID == "" {
		return Reached{}, fmt.Errorf("the operator has not found out yet which cluster it is: see kubectl describe mc %s", o.Name)
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := register(bounded, secrets, hub, namespace, o)
	if err != nil {
		return Reached{}, err
	}
	if r.trouble != nil {
		return Reached{}, r.trouble
	}
	l, t := open(ctx, r.connection, nil)
	if t != nil {
		return Reached{}, t
	}
	uid, t := l.identify(ctx, timeout)
	l.close() // its caches, which never began; its clients go on
	switch {
	case t != nil:
		return Reached{}, t
	case uid != o.Status.ClusterUID:
		return Reached{}, fmt.Errorf("its kubeconfig leads to the cluster %s, and it was %s: see kubectl describe mc %s",
			uid, o.Status.ClusterUID, o.Name)
	}
	return Reached{Cluster{Live: l.cluster.GetAPIReader(), Writer: l.cluster.GetClient()}, l.config}, nil
}
