package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet/membership"
)

func newFleetCommand() *cobra.Command {
	cmd := newGroup("fleet", "Join clusters to the fleet, list, cordon and remove them")
	cmd.AddCommand(newFleetJoinCommand(), newFleetLeaveCommand(), newFleetListCommand(),
		newCordonCommand("cordon", v1.SchedulingCordoned), newCordonCommand("uncordon", v1.SchedulingEnabled))
	return cmd
}

// twoSides are the flags of a verb that goes to a member and to the hub, by the person's own kubeconfigs.
type twoSides struct {
	member, hub hubFlags
	system      string
}

func (s *twoSides) addFlags(cmd *cobra.Command, ofMember string) {
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&s.member.kubeconfig, "kubeconfig", "", "the kubeconfig `FILE` of an administrator of the member"+ofMember)
	cmd.Flags().StringVar(&s.member.context, "context", "", "its `CONTEXT` (default its current one)")
	cmd.Flags().StringVar(&s.hub.kubeconfig, "hub-kubeconfig", "",
		"the kubeconfig `FILE` of the hub (default $KUBECONFIG, then ~/.kube/config)")
	cmd.Flags().StringVar(&s.hub.context, "hub-context", "", "its `CONTEXT` (default its current one)")
	cmd.Flags().StringVar(&s.system, "system-namespace", v1.SystemNamespace, "the `NAMESPACE` of the operator on the hub")
}

// ofMember says that the member's kubeconfig was named.
func (s *twoSides) ofMember() bool { return s.member.kubeconfig != "" || s.member.context != "" }

// reachSide connects by a kubeconfig.
func reachSide(f *hubFlags, stderr io.Writer) (*membership.Side, error) {
	h, err := f.connect(stderr)
	if err != nil {
		return nil, err
	}
	h.config.Timeout = answerTime
	return membership.Reach(h.config)
}

// lines prints what several lines say as one list under a head.
func lines(head string, all []string) error {
	return exitError{exitFail, fmt.Errorf("%s\n  %s", head, strings.Join(all, "\n  "))}
}

// memberOf reads a MemberCluster by its name.
func (h *hub) memberOf(ctx context.Context, name string) (*v1.MemberCluster, error) {
	o, err := h.get(ctx, members, name, false)
	if apierrors.IsNotFound(err) && !isMissingKind(err) {
		names, listing := h.names(ctx, []*kind{members})
		if listing != nil {
			return nil, h.explain("listing the members", listing)
		}
		for i := range names {
			_, names[i], _ = strings.Cut(names[i], "/")
		}
		if len(names) == 0 {
			return nil, exitError{exitGone, fmt.Errorf("there is no member %q, and no other: runfleet fleet join adds one", name)}
		}
		return nil, exitError{exitGone, unknown("member", name, names)}
	}
	if err != nil {
		return nil, h.explain("reading member "+name, err)
	}
	m, _ := o.(*v1.MemberCluster)
	return m, nil
}
