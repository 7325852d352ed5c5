package telemetry

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestDefinitionsAreWhatIsRegistered(t *testing.T) {
	o := newOperator(t)
	o.members, o.agents.On = []v1.MemberCluster{readyMember("eu-1")}, map[string]int{"eu-1": 0}
	o.members[0].Status.CredentialsExpireAt = &metav1.Time{Time: at(0)}
	o.members[0].Status.Conditions = append(o.members[0].Status.Conditions, metav1.Condition{Type: v1.ConditionCredentialsRenewed, Status: "True"})
	var got []Definition
	for name, f := range o.gather(t) {
		d := Definition{Name: name, Type: strings.ToLower(f.GetType().String()), Help: f.GetHelp()}
		for _, l := range f.GetMetric()[0].GetLabel() {
			d.Labels = append(d.Labels, l.GetName())
		}
		got = append(got, d)
	}
	slices.SortFunc(got, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	want := Definitions()
	for i := range want { // a registry sorts labels
		want[i].Labels = slices.Clone(want[i].Labels)
		slices.Sort(want[i].Labels)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Two hundred members with everything that can happen to them are this many series and no more.
func TestSeriesAreBounded(t *testing.T) {
	o := newOperator(t)
	fixed := o.size(t)
	const members = 200
	for n := range members {
		name := fmt.Sprintf("member-%d", n)
		o.members = append(o.members, readyMember(name))
		o.agents.On[name] = 1
		for _, outcome := range story.Outcomes {
			o.counts.Acted(aRun(), story.Done{Effect: lifecycle.Effect{Verb: lifecycle.VerbEnsure, Resource: lifecycle.Agent, Cluster: name}, Outcome: outcome})
		}
		for i, phase := range append(phases, "Unheard-of") {
			for k, kind := range kinds {
				r := aRun(func(r *v1.DocsRun) {
					r.UID = types.UID(fmt.Sprint(n, i, k))
					r.Name, r.Status.Phase, r.Status.Cluster = fmt.Sprintf("%d-%d", n, i), phase, name
					r.Status.Reason, r.Status.Message = fmt.Sprintf("Reason%d", n), "text of a user"
				})
				o.tally.Of(kind).OnAdd(r, false)
			}
		}
	}
	each := (o.size(t) - fixed) / members
	t.Logf("%d series, and %d for each member", fixed, each)
	if fixed > 700 || each > 110 {
		t.Errorf("%d series, and %d for each member: more than 700 and 110 (docs/operator.md says so)", fixed, each)
	}
	for name, f := range o.gather(t) {
		for _, m := range f.GetMetric() {
			if s := labels(name, m); strings.Contains(s, "Reason1") || strings.Contains(s, "user") || strings.Contains(s, "Unheard") {
				t.Errorf("%s says what somebody wrote", s)
			}
		}
	}
	o.members, o.agents.On, o.tally.places = nil, map[string]int{}, map[types.UID]spot{}
	if left := o.size(t); left > fixed+2*len(phases)+2 {
		t.Errorf("members that are gone leave %d series", left-fixed)
	}
}

// size is how many series a scrape has, as Prometheus counts them.
func (o *operator) size(t *testing.T) int {
	t.Helper()
	n := 0
	for _, f := range o.gather(t) {
		for _, m := range f.GetMetric() {
			n++
			if h := m.GetHistogram(); h != nil {
				n += len(h.GetBucket()) + 2 // and +Inf, sum, count
			}
		}
	}
	return n
}

func TestOnlyWhoLeadsTellsTheState(t *testing.T) {
	o := newOperator(t)
	o.members = []v1.MemberCluster{readyMember("eu-1")}
	o.leads = false
	got := o.gather(t)
	for _, d := range []Definition{runsNow, runsOverdue, memberReady, surplusAgents} {
		if got[d.Name] != nil {
			t.Errorf("who follows tells %s", d.Name)
		}
	}
	if got[transitionsTotal.Name] == nil || got[configValid.Name] == nil {
		t.Error("everybody tells counts, and whether the configuration is valid")
	}
}
