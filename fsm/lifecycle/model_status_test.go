package lifecycle

import (
	"encoding/binary"
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

// statusKey is equal for equal statuses. It is made once for each decision of millions, so it is bytes and not words.
func statusKey(s v1.RunStatus) string {
	k := key(make([]byte, 0, 512)).words(string(s.Phase), s.Cluster, string(s.StopCause)).words(s.Members...).
		numbers(len(s.Members), int(s.ContextVersion), int(s.Attempt), int(s.Incarnation), int(s.RetryCount), int(s.InfraCount), int(s.AbandonIgnored)).
		moments(s.NextAttemptAt, s.FinishedAt)
	for i := range s.Attempts {
		e := &s.Attempts[i]
		outcome := 0
		if recorded(e) {
			outcome = 1
		}
		k = k.words(e.Cluster, string(e.ClusterUID), string(e.JobUID), string(e.EndedBy), string(e.Class)).
			numbers(int(e.Number), int(e.ContextVersion), int(e.DeadlineSeconds), int(e.Incarnation), outcome).
			moments(e.EndedAt, e.StartBefore, e.FencedUntil, e.StartSeenAt, e.StopRequestedAt, e.EndingSince, e.GoneSince, e.EscalatedAt)
	}
	return string(k)
}

// key grows by what tells two values apart.
type key []byte

func (k key) words(all ...string) key {
	for _, w := range all {
		k = append(append(k, w...), 0)
	}
	return k
}

func (k key) numbers(all ...int) key {
	for _, n := range all {
		k = binary.AppendVarint(k, int64(n))
	}
	return k
}

func (k key) moments(all ...*metav1.MicroTime) key {
	for _, t := range all {
		if t == nil {
			k = append(k, 0)
			continue
		}
		k = binary.AppendVarint(append(k, 1), int64(t.Sub(origin)))
	}
	return k
}

// ticksTo is how many ticks are left until a moment.
func ticksTo(t *metav1.MicroTime) uint8 {
	if t == nil || !t.After(origin) {
		return 0
	}
	return uint8(t.Sub(origin) / tick)
}
