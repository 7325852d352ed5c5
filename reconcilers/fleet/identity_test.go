package fleet

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runfleet/runfleet/api/v1"
)

// registered is a MemberCluster that was created on a day of the month.
func registered(name string, day int, recorded types.UID) *v1.MemberCluster {
	return &v1.MemberCluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)},
		Status:     v1.MemberClusterStatus{ClusterUID: recorded},
	}
}

func TestOfSeveralMembersOneHasTheCluster(t *testing.T) {
	hub := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: "local"}, Spec: v1.MemberClusterSpec{Connection: v1.ConnectionHub}}
	for name, c := range map[string]struct {
		members []*v1.MemberCluster // in the order in which they answer, all as the cluster "uid"
		want    string              // who has it in the end
	}{
		"the one that was recorded, though another is older":    {[]*v1.MemberCluster{registered("a", 1, ""), registered("b", 2, "uid")}, "b"},
		"the older of two that were recorded":                   {[]*v1.MemberCluster{registered("a", 2, "uid"), registered("b", 1, "uid")}, "b"},
		"the first by name of two that were recorded in a go":   {[]*v1.MemberCluster{registered("b", 1, "uid"), registered("a", 1, "uid")}, "a"},
		"the one that answers first, when nobody was recorded":  {[]*v1.MemberCluster{registered("b", 2, ""), registered("a", 1, "")}, "b"},
		"the hub's own registration, though another is earlier": {[]*v1.MemberCluster{registered("a", 1, ""), hub}, "local"},
	} {
		t.Run(name, func(t *testing.T) {
			p := New(Options{HubUID: "uid"})
			for _, m := range c.members {
				p.claims[m.Name] = p.claimed(m)
			}
			for range 2 { // every probe asks again
				for _, m := range c.members {
					p.claim(m, "uid")
				}
			}
			for _, m := range c.members {
				rival := p.claim(m, "uid")
				if m.Name == c.want && rival != "" || m.Name != c.want && rival != c.want {
					t.Errorf("%s: want %s to have it, got rival %q", m.Name, c.want, rival)
				}
			}
			delete(p.claims, c.want)
			for _, m := range c.members {
				if m.Name != c.want && p.claim(m, "uid") != "" {
					t.Errorf("want %s to have it once %s is gone", m.Name, c.want)
				}
			}
		})
	}
}

func TestAMemberThatAnswersAsAnotherClusterDoesNotClaimIt(t *testing.T) {
	p := New(Options{})
	east, west := registered("east", 1, "uid-east"), registered("west", 2, "uid-west")
	p.claims["east"], p.claims["west"] = p.claimed(east), p.claimed(west)
	if got := p.judge(east, "uid-west"); got == nil || got.reason != v1.ReasonIdentityChanged {
		t.Errorf("want IdentityChanged, got %v", got)
	}
	if got := p.judge(west, "uid-west"); got != nil {
		t.Errorf("want west to keep its own, got %v", got)
	}
}

func TestAMemberThatIsDeletedWhileItAnswersClaimsNothing(t *testing.T) {
	p := New(Options{})
	east, next := registered("east", 1, "uid"), registered("next", 2, "")
	p.claims["east"], p.claims["next"] = p.claimed(east), p.claimed(next)
	delete(p.claims, "east") // as remove does, while the keeper waits for the answer
	if got := p.judge(east, "uid"); got != nil {
		t.Errorf("want nothing of one that is gone, got %v", got)
	}
	if got := p.judge(next, "uid"); got != nil {
		t.Errorf("want the next to have the cluster, got %v", got)
	}
	again := registered("east", 3, "")
	again.UID = "another"
	p.claims["east"] = p.claimed(again)
	p.claim(east, "uid")
	if got := p.claims["east"]; got.uid != "" {
		t.Errorf("want the new object of that name to claim nothing by itself, got %v", got)
	}
}
