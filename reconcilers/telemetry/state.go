package telemetry

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// State tells what is the case when somebody asks: where runs stand, how members fare, which agents live. Only the operator
// that leads tells it, so that a sum over replicas counts nothing twice.
type State struct {
	Kinds   []lifecycle.Kind
	Tally   *Tally
	Members func(context.Context) []v1.MemberCluster // what is committed of them
	Agents  func(context.Context) Agents
	Leads   func() bool
	Now     func() time.Time
}

// Agents are the agents that live on members that answer.
type Agents struct {
	On      map[string]int // by member; one that does not answer is not in it
	Surplus int            // beside another one of their run
}

// askFor bounds what reading the caches may take.
const askFor = 5 * time.Second

var (
	descRuns      = desc(runsNow)
	descWaiting   = desc(runsWaiting)
	descOverdue   = desc(runsOverdue)
	descSurplus   = desc(surplusAgents)
	descLive      = desc(liveAgents)
	descReady     = desc(memberReady)
	descReachable = desc(memberReachable)
	descReason    = desc(memberReason)
	descRenewed   = desc(memberRenewed)
	descExpiry    = desc(memberExpiry)
)

// Register makes it what the registry asks, in the place of one of before.
func (s *State) Register(registry prometheus.Registerer) error {
	registry.Unregister(s)
	_, err := registered[prometheus.Collector](registry, runsNow, s)
	return err
}

// Describe implements prometheus.Collector.
func (*State) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descRuns, descWaiting, descOverdue, descSurplus, descLive, descReady, descReachable, descReason, descRenewed, descExpiry,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *State) Collect(out chan<- prometheus.Metric) {
	if !s.Leads() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	c := s.Tally.count(s.Kinds, s.Now())
	for of, n := range c.runs {
		gauge(descRuns, float64(n), of[:]...)
	}
	for of, n := range c.waiting {
		gauge(descWaiting, float64(n), of[:]...)
	}
	for of, n := range c.overdue {
		gauge(descOverdue, float64(n), of[:]...)
	}
	agents := s.Agents(ctx)
	gauge(descSurplus, float64(agents.Surplus))
	for member, n := range agents.On {
		gauge(descLive, float64(n), member)
	}
	members := s.Members(ctx)
	for i := range members {
		member(&members[i], gauge)
	}
}

// standings are the reasons that a member's condition Ready may have.
var standings = []string{
	v1.ReasonMemberReady, v1.ReasonCordoned, v1.ReasonKubeconfigMissing, v1.ReasonKubeconfigRefused, v1.ReasonCredentialsRefused,
	v1.ReasonPreflightFailed, v1.ReasonDuplicateIdentity, v1.ReasonVersionRefused, v1.ReasonUnreachable, v1.ReasonIdentityChanged,
	v1.ReasonUnobserved,
}

// member tells what the status of a member says.
func member(m *v1.MemberCluster, gauge func(*prometheus.Desc, float64, ...string)) {
	is := func(condition string) float64 {
		if meta.IsStatusConditionTrue(m.Status.Conditions, condition) {
			return 1
		}
		return 0
	}
	gauge(descReady, is(v1.ConditionMemberReady), m.Name)
	gauge(descReachable, is(v1.ConditionMemberReachable), m.Name)
	gauge(descReason, 1, m.Name, standing(meta.FindStatusCondition(m.Status.Conditions, v1.ConditionMemberReady)))
	if meta.FindStatusCondition(m.Status.Conditions, v1.ConditionCredentialsRenewed) != nil {
		gauge(descRenewed, is(v1.ConditionCredentialsRenewed), m.Name)
	}
	if end := m.Status.CredentialsExpireAt; end != nil {
		gauge(descExpiry, float64(end.Unix()), m.Name)
	}
}

func standing(ready *metav1.Condition) string {
	switch {
	case ready == nil:
		return v1.ReasonUnobserved
	case slices.Contains(standings, ready.Reason):
		return ready.Reason
	default:
		return other
	}
}
