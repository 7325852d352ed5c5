package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// road is the way of a verb to members: as the operator reaches them, by the kubeconfigs in its namespace, or by the person's
// own contexts.
type road struct {
	hub         *hub
	flags       *hubFlags
	system      string
	ownContexts bool
	stderr      io.Writer
}

// addFlags adds the flags of the road and those of the hub, behind those that the verb has so far.
func (r *road) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.system, "system-namespace", v1.SystemNamespace, "the `NAMESPACE` of the operator, with all kubeconfigs")
	cmd.Flags().BoolVar(&r.ownContexts, "own-contexts", false, "reach each member by the context of its name in your kubeconfig")
	r.flags = addHubFlags(cmd)
}

// own says that a member is reached by the person's own context.
func (r *road) own(m *v1.MemberCluster) bool {
	return r.ownContexts && m.Spec.Connection != v1.ConnectionHub
}

// to connects to a member.
func (r *road) to(ctx context.Context, m *v1.MemberCluster) (fleet.Reached, error) {
	if !r.own(m) {
		return fleet.Reach(ctx, r.hub.client, r.hub.config, r.system, m, answerTime)
	}
	own := hubFlags{kubeconfig: r.flags.kubeconfig, context: m.Name}
	h, err := own.connect(r.stderr)
	if err != nil {
		return fleet.Reached{}, err
	}
	uid, err := h.identity(ctx)
	switch {
	case err != nil:
		return fleet.Reached{}, err
	case m.Status.ClusterUID != "" && uid != m.Status.ClusterUID:
		return fleet.Reached{}, fmt.Errorf("your context %s leads to the cluster %s, and the member is %s",
			m.Name, uid, m.Status.ClusterUID)
	}
	return fleet.Reached{Cluster: fleet.Cluster{Live: h.client, Writer: h.client}, Config: h.config}, nil
}
