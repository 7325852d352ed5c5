// Package timeline is virtual time with seeded chance: a queue of things to come, of which the next is always the one that
// is due first. Nothing else in a simulation decides about order, so the same seed tells the same story.
package timeline

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// Start is when every story begins.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Never is too far in the future to be waited for.
const Never = 30 * 24 * time.Hour

// Timeline is one story's time and chance.
type Timeline struct {
	Dice  *rand.Rand
	Steps int // how much happened

	now    time.Duration
	queue  queue
	serial uint64
}

// New begins a story.
func New(seed uint64) *Timeline {
	return &Timeline{Dice: rand.New(rand.NewPCG(seed, 0x72756e666c656574))} //nolint:gosec // chance that can be repeated is the point
}

// Now is the present moment.
func (t *Timeline) Now() time.Time { return Start.Add(t.now) }

// Elapsed is the time since the beginning.
func (t *Timeline) Elapsed() time.Duration { return t.now }

// After lets something happen. What is due at the same moment happens in the order in which it was announced.
func (t *Timeline) After(d time.Duration, do func()) {
	if d >= Never {
		return
	}
	const precision = time.Microsecond // of the API's times
	at := t.now + max(0, d)
	if rest := at % precision; rest != 0 {
		at += precision - rest
	}
	t.serial++
	heap.Push(&t.queue, moment{at: at, serial: t.serial, do: do})
}

// Step lets the next thing happen. It reports whether there was one.
func (t *Timeline) Step() bool {
	if len(t.queue) == 0 {
		return false
	}
	m, _ := heap.Pop(&t.queue).(moment)
	t.now = m.at
	t.Steps++
	m.do()
	return true
}

// Chance is true with probability p.
func (t *Timeline) Chance(p float64) bool { return t.Dice.Float64() < p }

// Between is a duration from a range, in microseconds.
func (t *Timeline) Between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(t.Dice.Int64N(int64(most-least)/1000+1))*1000
}

// Usually is mostly a short duration and sometimes a long one: the shape of delays in a cluster.
func (t *Timeline) Usually(short, long time.Duration) time.Duration {
	if t.Chance(0.1) {
		return t.Between(short, long)
	}
	return t.Between(short/10, short)
}

// Pick is one of some.
func Pick[T any](t *Timeline, from ...T) T { return from[t.Dice.IntN(len(from))] }

type moment struct {
	at     time.Duration
	serial uint64
	do     func()
}

type queue []moment

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].serial < q[j].serial
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	m, _ := x.(moment)
	*q = append(*q, m)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	m := (*q)[last]
	(*q)[last] = moment{}
	*q = (*q)[:last]
	return m
}
