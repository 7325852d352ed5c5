package telemetry

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// KindMetrics counts what is committed of the runs of one kind.
type KindMetrics struct {
	*Metrics

	kind      lifecycle.Kind
	allowance func() int32
}

// Committed implements the reconcilers' observer. Everything is the difference of two committed statuses.
func (m KindMetrics) Committed(run v1.Run, was v1.RunStatus, d lifecycle.Decision) {
	is, leads := d.Status, m.exemplar(run)
	m.ended(was, is, leads)
	m.used(was.Usage, is.Usage)
	if d.Row.ID == "" {
		return
	}
	add(m.transitions.WithLabelValues(string(m.kind), string(was.Phase), string(d.Row.On), string(is.Phase)), 1, leads)
	now, ok := lastTime(is)
	if !ok {
		return
	}
	if since, known := entered(run, was); known && is.Phase != was.Phase {
		observe(m.states.WithLabelValues(string(m.kind), string(was.Phase)), now.Sub(since), leads)
	}
	if is.Attempt <= was.Attempt || is.Phase != v1.PhaseProvisioning {
		return
	}
	if due, known := dueSince(run, was); known {
		observe(m.placement.WithLabelValues(string(m.kind)), now.Sub(due), leads)
	}
	if overBudget(*run.RunSpec(), is, m.allowance()) {
		m.overBudget.WithLabelValues(string(m.kind)).Inc()
	}
}

// ended counts the attempts that have ended with this commit.
func (m KindMetrics) ended(was, is v1.RunStatus, leads prometheus.Labels) {
	over := map[int32]bool{}
	for i := range was.Attempts {
		over[was.Attempts[i].Number] = was.Attempts[i].EndedAt != nil
	}
	for i := range is.Attempts {
		e := &is.Attempts[i]
		if e.EndedAt == nil || over[e.Number] {
			continue
		}
		class := string(e.Class)
		if class == "" {
			class = Succeeded
		}
		add(m.attempts.WithLabelValues(string(m.kind), class, e.Cluster), 1, leads)
	}
}

// used counts what agents have reported with this commit.
func (m KindMetrics) used(was, is *v1.Usage) {
	if is == nil {
		return
	}
	before := v1.Usage{}
	if was != nil {
		before = *was
	}
	kind := string(m.kind)
	grow(m.tokens.WithLabelValues(kind, "input"), float64(is.InputTokens-before.InputTokens))
	grow(m.tokens.WithLabelValues(kind, "output"), float64(is.OutputTokens-before.OutputTokens))
	grow(m.turns.WithLabelValues(kind), float64(is.Turns-before.Turns))
	grow(m.cost.WithLabelValues(kind), dollars(is.CostUSD)-dollars(before.CostUSD))
}

// exemplar leads from a count to the transition in its trace; nil where there is none to be found.
func (m KindMetrics) exemplar(run v1.Run) prometheus.Labels {
	s := run.RunStatus()
	c, ok := story.Recorded(*s)
	if !m.traced || !ok || !c.Sampled || len(s.History) == 0 {
		return nil
	}
	newest := s.History[len(s.History)-1]
	return prometheus.Labels{"trace_id": c.Trace.String(), "span_id": story.TransitionID(run.GetUID(), newest).String()}
}

// lastTime is when the newest transition was decided.
func lastTime(s v1.RunStatus) (time.Time, bool) {
	if len(s.History) == 0 {
		return time.Time{}, false
	}
	return s.History[len(s.History)-1].Time.Time, true
}

// entered is since when a run was in its phase; false where its history no longer goes back to that.
func entered(run v1.Run, s v1.RunStatus) (time.Time, bool) {
	for _, t := range slices.Backward(s.History) {
		if t.From != t.To {
			return t.Time.Time, true
		}
	}
	return run.GetCreationTimestamp().Time, s.Transitions == int64(len(s.History))
}

// dueSince is since when a run that waited could have been placed; false where nobody could say that it should.
func dueSince(run v1.Run, was v1.RunStatus) (time.Time, bool) {
	switch {
	case !lifecycle.Waiting(was) || was.Reason == v1.ReasonSuspended:
		return time.Time{}, false
	case was.NextAttemptAt != nil:
		return was.NextAttemptAt.Time, true
	default:
		return run.GetCreationTimestamp().Time, was.Attempt == 0
	}
}

// overBudget says that there are more attempts for one context version than I5 permits. Those that a person, or an upgrade,
// stopped are nobody's failure, and of those before a restore nobody knows the number.
func overBudget(spec v1.RunSpec, s v1.RunStatus, allowance int32) bool {
	most := 1 + int32(defaultMaxRetries) + allowance
	if n := spec.Retry.MaxRetries; n != nil {
		most = 1 + *n + allowance
	}
	n := int32(0)
	for i := range s.Attempts {
		e := &s.Attempts[i]
		if e.ContextVersion == s.ContextVersion && e.Incarnation == s.Incarnation && e.Class != v1.ClassStopped {
			n++
		}
	}
	return n > most
}

// defaultMaxRetries is the schema's default, for objects that were stored before it had one.
const defaultMaxRetries = 2

func dollars(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return n
}

// grow adds what is more than before. A status that was restored from a backup may say less.
func grow(c prometheus.Counter, by float64) {
	if by > 0 {
		c.Add(by)
	}
}

func add(c prometheus.Counter, by float64, leads prometheus.Labels) {
	if e, ok := c.(prometheus.ExemplarAdder); ok && leads != nil {
		e.AddWithExemplar(by, leads)
		return
	}
	c.Add(by)
}

func observe(o prometheus.Observer, took time.Duration, leads prometheus.Labels) {
	seconds := max(took, 0).Seconds()
	if e, ok := o.(prometheus.ExemplarObserver); ok && leads != nil {
		e.ObserveWithExemplar(seconds, leads)
		return
	}
	o.Observe(seconds)
}
