package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

func TestHowAMemberStandsIsReadFromTheHub(t *testing.T) {
	seen := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	reachable := func(s metav1.ConditionStatus) *v1.MemberCluster {
		return &v1.MemberCluster{Status: v1.MemberClusterStatus{ClusterUID: "uid-1", LastSeen: &seen, Conditions: []metav1.Condition{
			{Type: v1.ConditionMemberReachable, Status: s},
		}}}
	}
	stranger := reachable(metav1.ConditionTrue)
	stranger.Status.ClusterUID = "uid-2"
	said := func(status metav1.ConditionStatus, reason string) []metav1.Condition {
		return []metav1.Condition{{Type: v1.ConditionClusterReachable, Status: status, Reason: reason}}
	}
	hidden := apierrors.NewForbidden(v1.GroupVersion.WithResource("memberclusters").GroupResource(), "eu-1", errors.New("no"))
	missing := apierrors.NewNotFound(v1.GroupVersion.WithResource("memberclusters").GroupResource(), "eu-1")
	for _, c := range []struct {
		name   string
		member *v1.MemberCluster
		err    error
		run    []metav1.Condition
		want   lifecycle.ClusterFacts
	}{
		{"it answers", reachable(metav1.ConditionTrue), nil, nil, lifecycle.ClusterFacts{Link: lifecycle.Answers}},
		{"it is silent", reachable(metav1.ConditionUnknown), nil, nil, lifecycle.ClusterFacts{Link: lifecycle.Silent, SilentSince: seen.Time}},
		{"it is another cluster", stranger, nil, nil, lifecycle.ClusterFacts{Link: lifecycle.Foreign}},
		{"it is not registered any more", nil, missing, nil, lifecycle.ClusterFacts{Link: lifecycle.Unregistered}},
		{"it may not be read, and the run says it answers", nil, hidden, said(metav1.ConditionTrue, v1.ReasonReachable), lifecycle.ClusterFacts{Link: lifecycle.Answers}},
		{"it may not be read, and the run says it is silent", nil, hidden, said(metav1.ConditionUnknown, v1.ReasonUnreachable), lifecycle.ClusterFacts{Link: lifecycle.Silent}},
		{"it may not be read, and the run says it is another", nil, hidden, said(metav1.ConditionFalse, v1.ReasonIdentityChanged), lifecycle.ClusterFacts{Link: lifecycle.Foreign}},
		{"it may not be read, and the run says it is gone", nil, hidden, said(metav1.ConditionFalse, v1.ReasonUnregistered), lifecycle.ClusterFacts{Link: lifecycle.Unregistered}},
		{"it may not be read, and the run says nothing", nil, hidden, nil, lifecycle.ClusterFacts{Link: lifecycle.Answers}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Name = "eu-1"
			got := memberStands(&v1.RunStatus{Conditions: c.run}, &v1.Attempt{Cluster: "eu-1", ClusterUID: "uid-1"}, c.member, c.err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
