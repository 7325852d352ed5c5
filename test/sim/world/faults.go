package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/timeline"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// faults are what may happen. The numbers are those of docs/faults.md; each heals by itself.
var faults = []func(*world){
	(*world).crash, (*world).crash, (*world).upgrade, (*world).pause, (*world).pause, (*world).lose, (*world).stale, (*world).breakWatches,
	(*world).storm, (*world).deleteJob, (*world).deleteJob, (*world).deletePod, (*world).loseNode, (*world).cutNode,
	(*world).vanish, (*world).label, (*world).cancel, (*world).suspend, (*world).raise, (*world).deleteRun,
	(*world).trouble, (*world).refuse, (*world).partition, (*world).dropWatches, (*world).stallWatches, (*world).restartHub,
	(*world).meddle, (*world).meddle, (*world).step, (*world).sweep, (*world).abandon,
	(*world).closeNamespace, (*world).closeNamespace, (*world).haggle, (*world).haggle, (*world).configure, (*world).configure,
}

func (w *world) cluster() string { return timeline.Pick(w.Time, "hub", "east", "west") }

// during lets a fault begin now and end after a while.
func (w *world) during(fault, what string, least, most time.Duration, begin, end func()) {
	w.hit(fault)
	w.say("fault", what)
	begin()
	w.Time.After(w.Time.Between(least, most), func() {
		w.say("fault", "healed: "+what)
		end()
	})
}

// lose is F3: requests get no answer, and are carried out, or not, or late.
func (w *world) lose() {
	l := w.Weather.Links[w.cluster()]
	w.during("F3 answers lost", "answers get lost", 5*time.Second, time.Minute, func() { l.Lost = 0.3 }, func() { l.Lost = w.share })
}

// storm is F9.
func (w *world) storm() {
	l := w.Weather.Links[w.cluster()]
	w.during("F9 storm", "requests are answered with 409, 429 and 500", 5*time.Second, time.Minute,
		func() { l.Errors = 0.5 }, func() { l.Errors = w.share })
}

// stale is F7: caches are far behind, so an operator does not see its own writes.
func (w *world) stale() {
	c := w.cluster()
	l, lag := w.Weather.Links[c], w.Time.Between(time.Second, time.Minute)
	w.during("F7 stale cache", "caches of "+c+" are "+lag.String()+" behind", 10*time.Second, 2*time.Minute,
		func() { w.fog(); l.Lag = lag }, func() { w.watched.fog--; l.Lag = 0 })
}

// dullCaches lets caches that are about to be filled be far behind, now and then: then they forget what was seen before.
func (w *world) dullCaches() {
	if w.plan == nil && w.Time.Chance(0.3) {
		w.stale()
	}
}

func (w *world) fog() {
	w.watched.fog++
	w.watched.foggy = true
}

// breakWatches is F8: changes come as one, in another order, and twice.
func (w *world) breakWatches() {
	w.deafen("F8 watches broken", "watches of %s break", 100*time.Millisecond, time.Minute)
}

// dropWatches is F5.
func (w *world) dropWatches() {
	w.deafen("F5 watches dropped", "watches of %s are dropped", 10*time.Millisecond, time.Second)
}

// stallWatches is F6: the cluster answers, and its watches say nothing and do not end, until somebody notices: mostly by the
// published bound, and sometimes only when client-go ends a watch.
func (w *world) stallWatches() {
	most := fleet.WatchIdle
	if w.Time.Chance(0.2) {
		most = 10 * time.Minute
	}
	w.deafen("F6 watches stalled", "watches of %s stall", 10*time.Second, most)
}

// deafen lets operators hear nothing of a cluster that answers, until they list anew.
func (w *world) deafen(fault, what string, least, most time.Duration) {
	c := w.cluster()
	w.during(fault, fmt.Sprintf(what, c), least, most,
		func() { w.fog(); w.breakWatch(c) }, func() { w.watched.fog--; w.relist(c) })
}

// someAgent is one that is out, nil when none is.
func (w *world) someAgent() (*member.Member, *member.Agent) {
	var at []*member.Member
	var out []*member.Agent
	for _, m := range w.Members {
		for _, a := range m.Agents {
			if !a.Ended {
				at, out = append(at, m), append(out, a)
			}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	i := w.Time.Dice.IntN(len(out))
	return at[i], out[i]
}

// loseNode and cutNode are F16.
func (w *world) loseNode() {
	if m, a := w.someAgent(); a != nil {
		w.hit("F16 node lost")
		w.say("fault", "the node of the "+a.String()+" burns down")
		m.LoseNode(a)
	}
}

func (w *world) cutNode() {
	if m, a := w.someAgent(); a != nil {
		w.hit("F16 node cut off")
		w.say("fault", "the node of the "+a.String()+" is cut off")
		m.CutNode(a, w.Time.Usually(2*time.Minute, time.Hour))
	}
}

// vanish is F17: somebody collects finished Jobs before the hub has seen how they ended.
func (w *world) vanish() {
	collect := func(on bool) func() { return func() { w.watched.collector = on } }
	w.during("F17 Jobs collected", "finished Jobs are collected at once", 30*time.Second, 3*time.Minute, collect(true), collect(false))
}

// collect takes a finished Job away, if somebody does so at present.
func (w *world) collect(m *member.Member, a *member.Agent) {
	if !w.watched.collector {
		return
	}
	w.Time.After(w.Time.Between(0, 5*time.Second), func() {
		for _, job := range m.Jobs() {
			if job.UID == a.Job {
				w.removeJob(m, job, metav1.DeletePropagationBackground)
			}
		}
	})
}

// trouble keeps agents from starting.
func (w *world) trouble() {
	m := timeline.Pick(w.Time, w.Members...)
	is := timeline.Pick(w.Time,
		member.Troubles{PodsRefused: true}, member.Troubles{ImagesMissing: true}, member.Troubles{VolumesStuck: true},
		member.Troubles{SlowJobs: 20 * time.Second})
	w.during("member in trouble", "pods on "+m.Name+" do not start well", 10*time.Second, 15*time.Minute,
		func() { m.Troubles = is }, func() { m.Troubles = member.Troubles{} })
}

// refuse lets an admission webhook say no.
func (w *world) refuse() {
	m := timeline.Pick(w.Time, w.Members...)
	l := w.Weather.Links[m.Name]
	w.during("webhook refuses", "a webhook on "+m.Name+" refuses what operators create", time.Second, 30*time.Second,
		func() { l.Refuses = true }, func() { l.Refuses = false })
}

// partition is F4, which has its own tests on real processes: nothing passes between hub and a member for a while.
func (w *world) partition() {
	m := timeline.Pick(w.Time, w.Members...)
	l := w.Weather.Links[m.Name]
	w.during("F4 partition", m.Name+" is out of reach", time.Second, 15*time.Minute, func() {
		l.Down = true
		w.breakWatch(m.Name)
		w.despair()
		w.notice(10*time.Second, 25*time.Second)
	}, func() {
		l.Down = false
		w.relist(m.Name)
		w.notice(0, 15*time.Second)
	})
}

// skew is F18: the clocks of a member are wrong, by no more than what is assumed.
func (w *world) skew(m *member.Member) {
	most := 2 * time.Minute
	if w.Time.Chance(0.3) {
		most = settings.Lifecycle.MaxSkew
	}
	w.hit("F18 clock skew")
	m.Skew = w.Time.Between(-most, most)
	w.say("fault", "the clocks of "+m.Name+" are off by "+m.Skew.String())
}

// step sets the clocks of a member, while nothing executes there: what does is bounded by a clock that goes on.
func (w *world) step() {
	m := timeline.Pick(w.Time, w.Members...)
	if !slices.ContainsFunc(m.Jobs(), func(j *batchv1.Job) bool { return !member.Finished(j) }) {
		w.skew(m)
	}
}

// notice lets every operator look at the members a little later, as its next probe does.
func (w *world) notice(least, most time.Duration) {
	for _, o := range w.ops {
		w.Time.After(w.Time.Between(least, most), func() {
			for _, r := range w.Registry {
				o.Review(r.Name)
			}
		})
	}
}

func (w *world) breakWatch(cluster string) {
	for _, o := range w.ops {
		o.Break(cluster)
	}
}

func (w *world) relist(cluster string) {
	for _, o := range w.ops {
		o.Relist(cluster)
	}
}
