package fleet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/runfleet/runfleet/api/v1"
)

// fit is a member that takes any run.
func fit(name string, edits ...func(*Member)) Member {
	m := Member{Name: name, UID: "uid-of-member", Answers: true}
	for _, edit := range edits {
		edit(&m)
	}
	return m
}

func labelled(key, value string) func(*Member) {
	return func(m *Member) { m.Labels = map[string]string{key: value} }
}

func notReady(reason, message string) func(*Member) {
	return func(m *Member) { m.NotReady, m.Message = reason, message }
}

func atMost(n int32) func(*Member) { return func(m *Member) { m.MaxRuns = &n } }

func looking(m *Member) { m.SecretLookup = true }

func in(key, value string) *v1.ClusterSelector {
	return &v1.ClusterSelector{MatchLabels: map[string]v1.LabelValue{key: v1.LabelValue(value)}}
}

func TestPlaceChooses(t *testing.T) {
	three := []Member{fit("eu-1", labelled("region", "eu")), fit("eu-2", labelled("region", "eu")), fit("us-1", labelled("region", "us"))}
	for name, c := range map[string]struct {
		members []Member
		active  map[string]int
		query   Query
		want    string // CLUSTER: WHY
	}{
		"the first by name of equal members": {
			members: three, want: "eu-1: eu-1 has the fewest active runs (0) of 3 members that fit",
		},
		"the one with the fewest active runs": {
			members: three, active: map[string]int{"eu-1": 2, "eu-2": 1, "us-1": 3},
			want: "eu-2: eu-2 has the fewest active runs (1) of 3 members that fit",
		},
		"the only one that matches the selector": {
			members: three, query: Query{Placement: &v1.Placement{Selector: in("region", "us")}},
			want: "us-1: us-1 is the only member that fits",
		},
		"the one that is named, though it is busier": {
			members: three, active: map[string]int{"us-1": 9}, query: Query{Placement: &v1.Placement{Cluster: "us-1"}},
			want: "us-1: spec.placement.cluster names us-1",
		},
		"the one that holds the workspace, though it is busier": {
			members: three, active: map[string]int{"eu-2": 9}, query: Query{Prefer: []string{"eu-2"}}, want: "eu-2: eu-2 holds the workspace",
		},
		"the less busy of two that hold a workspace": {
			members: three, active: map[string]int{"eu-1": 9}, query: Query{Prefer: []string{"eu-1", "eu-2"}}, want: "eu-2: eu-2 holds the workspace",
		},
		"behaviour 32: one that looks up Secrets, though it is busier": {
			members: []Member{fit("eu-1"), fit("eu-2", looking)}, active: map[string]int{"eu-2": 9}, query: Query{Lookup: true},
			want: "eu-2: eu-2 looks up Secrets, which the run's envFromSecrets needs",
		},
		"behaviour 32: one that will refuse it, where none looks up Secrets": {
			members: []Member{fit("eu-1")}, query: Query{Lookup: true}, want: "eu-1: eu-1 is the only member that fits",
		},
		"the least busy one, where the run names no Secrets": {
			members: []Member{fit("eu-1"), fit("eu-2", looking)}, active: map[string]int{"eu-2": 9},
			want: "eu-1: eu-1 has the fewest active runs (0) of 2 members that fit",
		},
		"another when the preferred one does not fit": {
			members: []Member{fit("eu-1", notReady(v1.ReasonCordoned, "")), fit("eu-2")}, query: Query{Prefer: []string{"eu-1"}},
			want: "eu-2: eu-2 is the only member that fits",
		},
		"the one that the run is pinned to": {
			members: three, active: map[string]int{"us-1": 9}, query: Query{Pin: "us-1"}, want: "us-1: us-1 holds the workspace",
		},
		"one that is below its bound": {
			members: []Member{fit("eu-1", atMost(2))}, active: map[string]int{"eu-1": 1}, want: "eu-1: eu-1 is the only member that fits",
		},
		"one that has the namespace": {
			members: three, query: Query{Namespace: "shop", HasNamespace: func(m Member) bool { return m.Name == "us-1" }},
			want: "us-1: us-1 is the only member that fits",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Place(c.members, c.active, c.query)
			if diff := cmp.Diff(c.want, got.Cluster+": "+got.Why); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got.ClusterUID != "uid-of-member" {
				t.Errorf("want the identity of the member, got %q", got.ClusterUID)
			}
		})
	}
}

func TestPlaceSaysWhyNot(t *testing.T) {
	silent := func(m *Member) { m.Answers = false }
	for name, c := range map[string]struct {
		members []Member
		active  map[string]int
		query   Query
		want    string
	}{
		"no member at all": {
			want: "there is no MemberCluster: register one, see docs/members.md",
		},
		"each for its own reason": {
			members: []Member{
				fit("eu-1", labelled("region", "eu"), notReady(v1.ReasonCordoned, "spec.scheduling is Cordoned")),
				fit("eu-2", labelled("region", "us")),
				fit("eu-3", labelled("region", "eu"), notReady(v1.ReasonUnreachable, "no answer in time")),
				fit("eu-4", labelled("region", "eu"), silent),
				fit("eu-5", labelled("region", "eu")),
				fit("eu-6", labelled("region", "eu"), atMost(2)),
			},
			active: map[string]int{"eu-6": 2},
			query: Query{
				Placement: &v1.Placement{Selector: in("region", "eu")}, Namespace: "shop",
				HasNamespace: func(m Member) bool { return m.Name == "eu-6" },
			},
			want: "no member takes it: eu-1 is cordoned; eu-2 does not match region=eu; " +
				"eu-3 is not ready (Unreachable: no answer in time); eu-4 does not answer; eu-5 has no namespace shop; eu-6 is full (2 of 2 runs)",
		},
		"the named one is full": {
			members: []Member{fit("eu-1"), fit("eu-2", atMost(0))}, query: Query{Placement: &v1.Placement{Cluster: "eu-2"}},
			want: "no member takes it: eu-2 is full (0 of 0 runs)",
		},
		"the named one does not match the selector": {
			members: []Member{fit("eu-1")}, query: Query{Placement: &v1.Placement{Cluster: "eu-1", Selector: in("region", "eu")}},
			want: "no member takes it: eu-1 does not match region=eu",
		},
		"the named one does not exist": {
			members: []Member{fit("eu-1")}, query: Query{Placement: &v1.Placement{Cluster: "eu-9"}},
			want: "there is no MemberCluster eu-9, which spec.placement.cluster names: register it or name another",
		},
		"the one with the workspace does not answer": {
			members: []Member{fit("eu-1", silent), fit("eu-2")}, query: Query{Pin: "eu-1"},
			want: "no member takes it: eu-1 does not answer",
		},
		"the one with the workspace is not registered any more": {
			members: []Member{fit("eu-2")}, query: Query{Pin: "eu-1"},
			want: "there is no MemberCluster eu-1, which holds the workspace: register it again, " +
				"or give the workspace up with spec.placement.onClusterLost: Reschedule",
		},
		"the workspace is not where the run is to go": {
			members: []Member{fit("eu-1"), fit("eu-2")}, query: Query{Pin: "eu-1", Placement: &v1.Placement{Cluster: "eu-2"}},
			want: "the workspace is on eu-1, but spec.placement.cluster names eu-2",
		},
		"a selector that is none": {
			members: []Member{fit("eu-1")},
			query: Query{Placement: &v1.Placement{Selector: &v1.ClusterSelector{
				MatchExpressions: []v1.ClusterSelectorRequirement{{Key: "region", Operator: metav1.LabelSelectorOperator("Near")}},
			}}},
			want: `spec.placement.selector is not a selector: "Near" is not a valid label selector operator`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Place(c.members, c.active, c.query)
			if got.Cluster != "" {
				t.Errorf("want no member, got %s", got.Cluster)
			}
			if diff := cmp.Diff(c.want, got.Why); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPlaceSaysInAWordWhatWillPass(t *testing.T) {
	silent := func(m *Member) { m.Answers = false }
	cordoned, full := fit("eu-1", notReady(v1.ReasonCordoned, "")), fit("eu-2", atMost(0))
	named := func(name string) Query { return Query{Placement: &v1.Placement{Cluster: name}} }
	for name, c := range map[string]struct {
		members []Member
		query   Query
		want    [2]string // what is waited for, and of which member
	}{
		"none at all":                    {nil, Query{}, [2]string{}},
		"none that will take it":         {[]Member{cordoned}, Query{}, [2]string{}},
		"a full one among others":        {[]Member{cordoned, full, fit("eu-3", silent)}, Query{}, [2]string{v1.ReasonMembersFull}},
		"a silent one":                   {[]Member{cordoned, fit("eu-3", silent)}, Query{}, [2]string{v1.ReasonMembersUnreachable}},
		"one that is known to be silent": {[]Member{fit("eu-3", notReady(v1.ReasonUnreachable, "no answer"))}, Query{}, [2]string{v1.ReasonMembersUnreachable}},
		"a full one that does not match": {[]Member{full}, Query{Placement: &v1.Placement{Selector: in("region", "eu")}}, [2]string{}},
		"the named one":                  {[]Member{cordoned, full}, named("eu-2"), [2]string{v1.ReasonMembersFull, "eu-2"}},
		"a named one that is not there":  {[]Member{full}, named("eu-9"), [2]string{"", "eu-9"}},
		"the one with the workspace":     {[]Member{fit("eu-1", silent), full}, Query{Pin: "eu-1"}, [2]string{v1.ReasonMembersUnreachable, "eu-1"}},
	} {
		got := Place(c.members, nil, c.query)
		if diff := cmp.Diff(c.want, [2]string{got.Wait, got.Asked}); diff != "" || got.Cluster != "" {
			t.Errorf("%s: %s (-want +got)\n%s", name, got.Cluster, diff)
		}
	}
}

func TestPlaceTellsTheReasonOfEachMember(t *testing.T) {
	members := []Member{fit("eu-1", notReady(v1.ReasonCordoned, "")), fit("eu-2")}
	got := Place(members, nil, Query{Namespace: "shop", HasNamespace: func(Member) bool { return false }})
	want := []Refusal{
		{Member: "eu-1", Reason: v1.ReasonCordoned, Message: "is cordoned"},
		{Member: "eu-2", Reason: RefusedNamespace, Message: "has no namespace shop"},
	}
	if diff := cmp.Diff(want, got.Refusals); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestASentenceAboutManyMembersIsBounded(t *testing.T) {
	var members []Member
	for i := range 1000 {
		members = append(members, fit(fmt.Sprintf("eu-%03d", i), notReady(v1.ReasonUnreachable, strings.Repeat("ä", 500))))
	}
	why := Place(members, nil, Query{}).Why
	if len(why) > maxWhy {
		t.Errorf("want at most %d bytes, got %d", maxWhy, len(why))
	}
	var rest int
	_, tail, _ := strings.Cut(why, "; and ")
	if _, err := fmt.Sscanf(tail, "%d more", &rest); err != nil || rest < 900 {
		t.Errorf("want the others to be counted, got %q", tail)
	}
	if strings.ContainsRune(why, '\uFFFD') {
		t.Errorf("a character was cut in two: %q", why)
	}
}
