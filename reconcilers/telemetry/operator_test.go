package telemetry

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/event"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	_, err = NewSweeps(o, event.To(events.NewFakeRecorder(1)))
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
