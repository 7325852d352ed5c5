package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
)

var kinds = []lifecycle.Kind{lifecycle.DocsRun, lifecycle.CodeRun}

// operator is what an operator tells of itself: everything that it registers, and who leads.
type operator struct {
	*prometheus.Registry
	counts  *Metrics
	of      map[lifecycle.Kind]KindMetrics
	tally   *Tally
	members []v1.MemberCluster
	agents  Agents
	leads   bool
	now     time.Time
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{
		Registry: prometheus.NewPedanticRegistry(), of: map[lifecycle.Kind]KindMetrics{}, tally: NewTally(), leads: true,
		agents: Agents{On: map[string]int{}}, now: at(0),
	}
	var err error
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	o.counts, err = NewMetrics(o, true)
	must(err)
	for _, kind := range kinds {
		machine, err := lifecycle.New(kind, lifecycle.DefaultSettings())
		must(err)
		o.of[kind] = o.counts.Of(machine, func() int32 { return 3 })
	}
	_, err = NewSweeps(o, events.NewFakeRecorder(1))
	must(err)
	_, err = NewExporter(o, nil, nil, "")
	must(err)
	must(Configuration(o, func() error { return nil }))
	state := &State{
		Kinds: kinds, Tally: o.tally, Leads: func() bool { return o.leads }, Now: func() time.Time { return o.now },
		Members: func(context.Context) []v1.MemberCluster { return o.members },
		Agents:  func(context.Context) Agents { return o.agents },
	}
	must(state.Register(o))
	return o
}

// gather is what a scrape gets.
func (o *operator) gather(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	o.counts.Roster(func() (names []string) {
		for _, m := range o.members {
			names = append(names, m.Name)
		}
		return names
	})
	families, err := o.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*dto.MetricFamily{}
	for _, f := range families {
		all[f.GetName()] = f
	}
	return all
}

// series are those of a name that are not 0, as name{label="value",...}.
func (o *operator) series(t *testing.T, names ...string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for name, f := range o.gather(t) {
		if !slices.Contains(names, strings.TrimPrefix(name, "runfleet_")) {
			continue
		}
		for _, m := range f.GetMetric() {
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
			if value != 0 {
				all[labels(strings.TrimPrefix(name, "runfleet_"), m)] = value
			}
		}
	}
	return all
}

func labels(name string, m *dto.Metric) string {
	for _, l := range m.GetLabel() {
		name += " " + l.GetValue()
	}
	return name
}

func at(seconds int) time.Time                 { return time.Unix(100000, 0).Add(time.Duration(seconds) * time.Second) }
func micro(seconds int) *metav1.MicroTime      { return &metav1.MicroTime{Time: at(seconds)} }
func readyMember(name string) v1.MemberCluster { return aMember(name, "True", v1.ReasonMemberReady) }

func aMember(name, status, reason string) v1.MemberCluster {
	return v1.MemberCluster{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: v1.MemberClusterStatus{Conditions: []metav1.Condition{
			{Type: v1.ConditionMemberReady, Status: metav1.ConditionStatus(status), Reason: reason},
			{Type: v1.ConditionMemberReachable, Status: metav1.ConditionStatus(status), Reason: reason},
		}},
	}
}

func aRun(changes ...func(*v1.DocsRun)) *v1.DocsRun {
	r := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "shop", UID: "uid", CreationTimestamp: metav1.Time{Time: at(0)}},
		Status:     v1.RunStatus{Phase: v1.PhasePending, TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// commit moves a run on and tells it.
func (o *operator) commit(r *v1.DocsRun, seconds int, on fsm.Trigger, to v1.Phase, change func(*v1.RunStatus)) {
	was := *r.Status.DeepCopy()
	s := &r.Status
	if change != nil {
		change(s)
	}
	s.Phase, s.Transitions = to, s.Transitions+1
	s.History = append(s.History, v1.Transition{Seq: s.Transitions, Time: *micro(seconds), From: was.Phase, On: string(on), To: to})
	d := lifecycle.Decision{Row: fsm.Row{ID: "1", On: on, To: fsm.State(to)}, Status: *s, Changed: true}
	o.of[lifecycle.DocsRun].Committed(r, was, d)
}

func placed(n int32) func(*v1.RunStatus) {
	return func(s *v1.RunStatus) {
		s.Attempt, s.Cluster, s.ContextVersion, s.NextAttemptAt = n, "eu-1", 1, nil
		s.Attempts = append(s.Attempts, v1.Attempt{Number: n, Cluster: "eu-1", ContextVersion: 1, FencedUntil: micro(1000)})
	}
}

func end(seconds int, class v1.FailureClass, u *v1.Usage) func(*v1.RunStatus) {
	return func(s *v1.RunStatus) {
		e := &s.Attempts[len(s.Attempts)-1]
		e.EndedAt, e.Class, s.Usage = micro(seconds), class, u
	}
}

func TestALifeIsCountedOnce(t *testing.T) {
	o, r := newOperator(t), aRun()
	o.commit(r, 3, lifecycle.ClusterChosen, v1.PhaseProvisioning, placed(1))
	o.commit(r, 4, lifecycle.AgentCreated, v1.PhaseProvisioning, nil)
	o.commit(r, 13, lifecycle.AgentStarted, v1.PhaseRunning, nil)
	o.commit(r, 73, lifecycle.AgentFailed, v1.PhaseRetrying, end(73, v1.ClassAgentError, &v1.Usage{CostUSD: "0.5000", InputTokens: 10, OutputTokens: 2, Turns: 3}))
	r.Status.NextAttemptAt = micro(80)
	// Written without a transition, and told again: nothing happened.
	o.of[lifecycle.DocsRun].Committed(r, r.Status, lifecycle.Decision{Status: r.Status, Changed: true})
	o.commit(r, 85, lifecycle.AttemptDue, v1.PhaseProvisioning, placed(2))
	o.commit(r, 95, lifecycle.AgentSucceeded, v1.PhaseSucceeded, end(95, "", &v1.Usage{CostUSD: "0.7500", InputTokens: 15, OutputTokens: 2, Turns: 4}))
	want := map[string]float64{
		"transitions_total Pending DocsRun ClusterChosen Provisioning":     1,
		"transitions_total Provisioning DocsRun AgentCreated Provisioning": 1,
		"transitions_total Provisioning DocsRun AgentStarted Running":      1,
		"transitions_total Running DocsRun AgentFailed Retrying":           1,
		"transitions_total Retrying DocsRun AttemptDue Provisioning":       1,
		"transitions_total Provisioning DocsRun AgentSucceeded Succeeded":  1,
		"state_seconds DocsRun Pending":                                    3,
		"state_seconds DocsRun Provisioning":                               10 + 10, // from 3 to 13, and from 85 to 95
		"state_seconds DocsRun Running":                                    60,
		"state_seconds DocsRun Retrying":                                   12,
		"placement_seconds DocsRun":                                        3 + 5, // the back-off apart
		"attempts_total AgentError eu-1 DocsRun":                           1,
		"attempts_total Succeeded eu-1 DocsRun":                            1,
		"cost_usd_total DocsRun":                                           0.75,
		"tokens_total DocsRun input":                                       15,
		"tokens_total DocsRun output":                                      2,
		"turns_total DocsRun":                                              4,
	}
	o.members = []v1.MemberCluster{readyMember("eu-1")}
	got := o.series(t, "transitions_total", "state_seconds", "placement_seconds", "attempts_total", "cost_usd_total", "tokens_total",
		"turns_total", "attempts_over_budget_total")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsNotKnownIsNotMeasured(t *testing.T) {
	o := newOperator(t)
	suspended := aRun(func(r *v1.DocsRun) { r.Status.Reason = v1.ReasonSuspended })
	o.commit(suspended, 1000, lifecycle.ClusterChosen, v1.PhaseProvisioning, placed(1))
	long := aRun(func(r *v1.DocsRun) { // its history begins after it was started
		r.Status.Phase, r.Status.Transitions = v1.PhaseRunning, 60
		r.Status.History = []v1.Transition{{Seq: 60, Time: *micro(5), From: v1.PhaseRunning, On: "LateOutcome", To: v1.PhaseRunning}}
	})
	o.commit(long, 100, lifecycle.CancelRequested, v1.PhaseStopping, nil)
	want := map[string]float64{"state_seconds DocsRun Pending": 1000}
	if diff := cmp.Diff(want, o.series(t, "state_seconds", "placement_seconds")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnAttemptBeyondItsBudgetIsCounted(t *testing.T) {
	o, r := newOperator(t), aRun(func(r *v1.DocsRun) { r.Spec.Retry.MaxRetries = new(int32(1)) })
	again := func(n int32, class v1.FailureClass) {
		o.commit(r, int(n)*10, lifecycle.AttemptDue, v1.PhaseProvisioning, placed(n))
		o.commit(r, int(n)*10+5, lifecycle.AgentFailed, v1.PhaseRetrying, end(int(n)*10+5, class, nil))
	}
	again(1, v1.ClassStopped) // a person suspended it
	for n := range int32(5) { // the first, a retry, and what the infrastructure may lose
		again(2+n, v1.ClassAgentError)
	}
	if got := o.series(t, "attempts_over_budget_total"); len(got) > 0 {
		t.Errorf("as many as are allowed are %v", got)
	}
	again(7, v1.ClassAgentError)
	if got := o.series(t, "attempts_over_budget_total"); got["attempts_over_budget_total DocsRun"] != 1 {
		t.Errorf("one more is %v", got)
	}
}

func TestCountsLeadToTheTraceWhereThereIsOne(t *testing.T) {
	for name, c := range map[string]struct {
		parent string
		want   int
	}{
		"sampled":     {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 3},
		"not sampled": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", 0},
		"none":        {"", 0},
	} {
		o, r := newOperator(t), aRun(func(r *v1.DocsRun) { r.Status.TraceParent = c.parent })
		o.commit(r, 3, lifecycle.ClusterChosen, v1.PhaseProvisioning, placed(1))
		var traces []string
		for _, f := range o.gather(t) {
			for _, m := range f.GetMetric() {
				for _, e := range append(exemplars(m.GetHistogram()), m.GetCounter().GetExemplar()) {
					for _, l := range e.GetLabel() {
						if l.GetName() == "trace_id" {
							traces = append(traces, l.GetValue())
						}
					}
				}
			}
		}
		if len(traces) != c.want || c.want > 0 && traces[0] != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("%s: exemplars lead to %q", name, traces)
		}
	}
}

func exemplars(h *dto.Histogram) []*dto.Exemplar {
	var all []*dto.Exemplar
	for _, b := range h.GetBucket() {
		all = append(all, b.GetExemplar())
	}
	return all
}

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
