package lifecycle

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// statusID numbers the statuses that were met; 0 is none.
type statusID uint16

// tick is the grain of time. Moments in a status are kept relative to origin, which is always now.
const tick = time.Minute

var origin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// archive holds every status that was met, in canonical form, and what becomes of it when a tick passes.
type archive struct {
	l      Lifecycle
	ids    map[string]statusID
	all    []v1.RunStatus
	ticked []statusID
}

func newArchive(l Lifecycle) *archive {
	return &archive{l: l, ids: map[string]statusID{}, all: make([]v1.RunStatus, 1), ticked: make([]statusID, 1)}
}

func (a *archive) get(id statusID) v1.RunStatus { return a.all[id] }

// put returns the number of a status after forgetting what no decision reads: words, history, the past.
func (a *archive) put(s v1.RunStatus) statusID {
	s = a.canonical(s, 0)
	key := statusKey(s)
	id, ok := a.ids[key]
	if !ok {
		id = statusID(len(a.all))
		if id == 0 {
			panic("more statuses than a statusID can number")
		}
		a.ids[key] = id
		a.all = append(a.all, s)
		a.ticked = append(a.ticked, 0)
	}
	return id
}

// later is the status after one tick.
func (a *archive) later(id statusID) statusID {
	if id == 0 {
		return 0
	}
	if a.ticked[id] == 0 {
		next := a.put(a.canonical(a.all[id], 1))
		a.ticked[id] = next
	}
	return a.ticked[id]
}

// canonical shifts every moment by ticks into the past and cuts what no decision reads.
func (a *archive) canonical(s v1.RunStatus, ticks int) v1.RunStatus {
	out := v1.RunStatus{
		Phase: s.Phase, ContextVersion: s.ContextVersion, Attempt: s.Attempt, Cluster: s.Cluster, Members: s.Members,
		Incarnation: s.Incarnation, RetryCount: s.RetryCount, InfraCount: s.InfraCount, StopCause: s.StopCause,
		NextAttemptAt: future(s.NextAttemptAt, ticks), FinishedAt: past(s.FinishedAt, ticks, 0), AbandonIgnored: s.AbandonIgnored,
	}
	if out.NextAttemptAt != nil && !out.NextAttemptAt.After(origin) {
		out.NextAttemptAt = nil
	}
	for _, e := range s.Attempts {
		c := v1.Attempt{
			Number: e.Number, ContextVersion: e.ContextVersion, Cluster: e.Cluster, ClusterUID: e.ClusterUID,
			JobUID: e.JobUID, DeadlineSeconds: e.DeadlineSeconds, Incarnation: e.Incarnation,
			OutcomeRecorded: e.OutcomeRecorded,
		}
		if !recorded(&e) {
			c.EscalatedAt = past(e.EscalatedAt, ticks, 0)
		}
		if e.EndedBy == v1.EndAbandoned {
			c.EndedBy = e.EndedBy
		}
		if e.EndedAt != nil {
			c.EndedAt = micro(origin)
		} else {
			c.StartBefore, c.FencedUntil = future(e.StartBefore, ticks), future(e.FencedUntil, ticks)
			c.StartSeenAt = past(e.StartSeenAt, ticks, seconds(e.DeadlineSeconds)+a.l.Slack)
			c.StopRequestedAt = past(e.StopRequestedAt, ticks, a.l.Grace+a.l.EscalateAfter)
			c.EndingSince = past(e.EndingSince, ticks, a.l.Grace+a.l.EscalateAfter)
			c.GoneSince = past(e.GoneSince, ticks, max(tick, a.l.Settle))
			c.Class = e.Class
		}
		out.Attempts = append(out.Attempts, c)
	}
	return out
}

// future shifts a moment that matters until it has passed.
func future(t *metav1.MicroTime, ticks int) *metav1.MicroTime {
	if t == nil {
		return nil
	}
	at := t.Add(-time.Duration(ticks) * tick)
	if at.Before(origin) {
		at = origin
	}
	return micro(at)
}

// past shifts a moment of which only the first age ticks matter.
func past(t *metav1.MicroTime, ticks int, age time.Duration) *metav1.MicroTime {
	if t == nil {
		return nil
	}
	at := t.Add(-time.Duration(ticks) * tick)
	if at.Before(origin.Add(-age)) {
		at = origin.Add(-age)
	}
	return micro(at)
}

func statusKey(s v1.RunStatus) string {
	b := fmt.Appendf(nil, "%s %d %d %s %v %d %d %d %s %s %s %d", s.Phase, s.ContextVersion, s.Attempt, s.Cluster, s.Members,
		s.Incarnation, s.RetryCount, s.InfraCount, s.StopCause, offset(s.NextAttemptAt), offset(s.FinishedAt), s.AbandonIgnored)
	for i := range s.Attempts {
		e := &s.Attempts[i]
		b = fmt.Appendf(b, "|%d %d %s %s %s %d %d %v %s%s %s %s %s %s %s %s %s %s", e.Number, e.ContextVersion, e.Cluster, e.ClusterUID,
			e.JobUID, e.DeadlineSeconds, e.Incarnation, recorded(e), offset(e.EndedAt), e.EndedBy, offset(e.StartBefore), offset(e.FencedUntil),
			offset(e.StartSeenAt), offset(e.StopRequestedAt), offset(e.EndingSince), offset(e.GoneSince), offset(e.EscalatedAt), e.Class)
	}
	return string(b)
}

func offset(t *metav1.MicroTime) string {
	if t == nil {
		return "-"
	}
	return t.Sub(origin).String()
}

// ticksTo is how many ticks are left until a moment.
func ticksTo(t *metav1.MicroTime) uint8 {
	if t == nil || !t.After(origin) {
		return 0
	}
	return uint8(t.Sub(origin) / tick)
}
