package main

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// memberStands is how the member of an attempt stands, as the operator wrote it on its MemberCluster; on the run, where that could
// not be read.
func memberStands(s *v1.RunStatus, a *v1.Attempt, m *v1.MemberCluster, err error) lifecycle.ClusterFacts {
	f := lifecycle.ClusterFacts{Name: a.Cluster, Link: lifecycle.Silent}
	switch {
	case apierrors.IsNotFound(err):
		f.Link = lifecycle.Unregistered
		return f
	case err != nil || m == nil:
		f.Link = linkOf(meta.FindStatusCondition(s.Conditions, v1.ConditionClusterReachable))
		return f
	}
	reachable := meta.IsStatusConditionTrue(m.Status.Conditions, v1.ConditionMemberReachable)
	switch {
	case a.ClusterUID != "" && m.Status.ClusterUID != "" && a.ClusterUID != m.Status.ClusterUID:
		f.Link = lifecycle.Foreign
	case reachable:
		f.Link = lifecycle.Answers
	case m.Status.LastSeen != nil:
		f.SilentSince = m.Status.LastSeen.Time
	}
	return f
}

// linkOf reads the condition ClusterReachable of a run back. Without it nobody has looked, and nothing speaks against it.
func linkOf(c *metav1.Condition) lifecycle.Link {
	switch {
	case c == nil || c.Status == metav1.ConditionTrue || c.Reason == v1.ReasonNotPlaced:
		return lifecycle.Answers
	case c.Reason == v1.ReasonIdentityChanged:
		return lifecycle.Foreign
	case c.Reason == v1.ReasonUnregistered:
		return lifecycle.Unregistered
	default:
		return lifecycle.Silent
	}
}
