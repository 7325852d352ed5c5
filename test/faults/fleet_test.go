//go:build faults

package faults

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

const (
	hubName  = "hub"
	eastName = "east"
	westName = "west"
)

// cluster is one control plane with an administrator's client that passes no gate, and the gate that the operator passes.
type cluster struct {
	*bed.Cluster
	gate *gate
}

// startFleet starts the hub and both members, all at once, with a gate before each, and registers the members by the ways
// through theirs. What was started is stopped by the caller, whatever the error.
func startFleet(ctx context.Context, a *ambush) (map[string]*cluster, error) {
	started, err := bed.StartClusters(ctx, map[string]int{hubName: 0, eastName: 1, westName: 1})
	all := map[string]*cluster{}
	for name, c := range started {
		all[name] = &cluster{Cluster: c}
	}
	if err != nil {
		return all, err
	}
	for _, c := range all {
		to := c.Admin
		if c.Agent != nil {
			to = c.Agent
		}
		if c.gate, err = newGate(c.Name(), to, a); err != nil {
			return all, err
		}
	}
	h := all[hubName]
	return all, errors.Join(h.Configure(ctx, v1.SystemNamespace, settings),
		h.Register(ctx, eastName, all[eastName].gate.kubeconfig(), nil), h.Register(ctx, westName, all[westName].gate.kubeconfig(), nil))
}

func (c *cluster) stop() error {
	if c.gate != nil {
		c.gate.close()
	}
	return c.Stop()
}

// left are the objects of runs that a member has in a namespace, "" for all; workspaces apart, which outlive runs on purpose.
func (c *cluster) left(ctx context.Context, namespace string) ([]string, error) {
	var found []string
	for _, list := range []client.ObjectList{&batchv1.JobList{}, &corev1.PodList{}, &corev1.ConfigMapList{}} {
		if err := c.List(ctx, list, client.InNamespace(namespace), client.HasLabels{v1.LabelRunUID}); err != nil {
			return nil, err
		}
		for _, o := range items(list) {
			found = append(found, fmt.Sprintf("%s: %T %s/%s", c.Name(), o, o.GetNamespace(), o.GetName()))
		}
	}
	return found, nil
}

// orphans are what no run of the hub accounts for on both members, in a namespace, "" for all.
func orphans(ctx context.Context, namespace string) ([]string, error) {
	return hub.Orphans(ctx, namespace, east.Cluster, west.Cluster)
}

func items(list client.ObjectList) []client.Object {
	var all []client.Object
	switch l := list.(type) {
	case *batchv1.JobList:
		for i := range l.Items {
			all = append(all, &l.Items[i])
		}
	case *corev1.PodList:
		for i := range l.Items {
			all = append(all, &l.Items[i])
		}
	case *corev1.ConfigMapList:
		for i := range l.Items {
			all = append(all, &l.Items[i])
		}
	}
	return all
}
