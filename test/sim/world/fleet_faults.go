package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/timeline"
)

// toFleet are the faults that change where the name of a member leads. One at a time befalls a name.
var toFleet = []func(*world, *operator.Registration){
	(*world).unregister, (*world).recreate, (*world).rotate, (*world).expire, (*world).spoil, (*world).retarget,
}

// meddle is F12, F13 or F14, for some member.
func (w *world) meddle() {
	free := slices.DeleteFunc(slices.Clone(w.Registry), func(r *operator.Registration) bool { return w.watched.meddled[r] })
	if len(free) > 0 {
		timeline.Pick(w.Time, toFleet...)(w, timeline.Pick(w.Time, free...))
	}
}

// meddling is during, for a member's name.
func (w *world) meddling(r *operator.Registration, fault, what string, least, most time.Duration, begin, end func()) {
	w.watched.meddled[r] = true
	w.during(fault, what, least, most, begin, func() { end(); delete(w.watched.meddled, r) })
}

// The times that an operator takes to hear of a change on the hub, and to notice by a probe what nobody tells: ProbeInterval
// and ProbeTimeout of package fleet.
const (
	hears = 3 * time.Second
	probe = 15 * time.Second
)

// unregister is F12: somebody deletes a MemberCluster while runs execute there, and registers it again, or never.
func (w *world) unregister(r *operator.Registration) {
	again := func() {
		r.Removed = false
		w.notice(0, probe)
	}
	remove := func() {
		r.Removed, r.Recorded = true, ""
		w.despair()
		w.notice(0, hears)
	}
	if w.Time.Chance(0.8) || slices.ContainsFunc(w.Registry, func(r *operator.Registration) bool { return r.Removed }) {
		w.meddling(r, "F12 member removed", "the MemberCluster "+r.Name+" is removed", time.Second, 40*time.Minute, remove, again)
		return
	}
	w.hit("F12 member removed for good")
	w.say("fault", "the MemberCluster "+r.Name+" is removed for good")
	w.watched.meddled[r] = true
	remove()
	for i := range 3 {
		w.Time.After(time.Duration(i+1)*2*time.Hour, w.giveUp)
	}
}

// giveUp is what a person does with runs that wait for a member that does not come back: the work lies there, and they
// asked to wait.
func (w *world) giveUp() {
	for _, s := range w.runs {
		if run := w.run(s); run != nil && lifecycle.Waiting(*run.RunStatus()) && run.RunStatus().Reason == v1.ReasonNoCandidate {
			w.edit(s, "gives up", func(spec *v1.RunSpec) { spec.Cancel = true })
		}
	}
}

// recreate is F13: where a member answered there is another cluster now, an empty one. Mostly the old one is gone; sometimes
// it lives on where nobody sees it. In the end somebody confirms the new identity.
func (w *world) recreate(r *operator.Registration) {
	was := r.Leads
	w.meddling(r, "F13 member recreated", r.Name+" is another cluster", time.Minute, 30*time.Minute, func() {
		w.replace(r)
		w.despair()
		if w.Time.Chance(0.7) {
			was.BurnDown()
		}
		w.Time.After(w.Time.Between(0, 5*time.Second), func() { w.relist(r.Leads.Name) })
		w.notice(0, probe)
	}, func() { w.confirm(r) })
}

// replace lets an empty cluster answer at a member's address.
func (w *world) replace(r *operator.Registration) {
	was := r.Leads
	r.Leads = w.build(fmt.Sprintf("%s-%d", r.Name, len(w.Members)))
	if w.plan != nil || w.Time.Chance(0.7) {
		r.Leads.Open(namespace)
	} else {
		w.openLater(r.Leads, 40*time.Minute)
	}
	for _, o := range w.ops {
		o.Replace(was, r.Leads)
	}
}

// confirm takes whoever answers for the member.
func (w *world) confirm(r *operator.Registration) {
	w.say("person", "confirms that "+r.Name+" is cluster "+r.Leads.Name)
	r.Recorded = ""
	w.notice(0, hears)
}

// rotate, expire, spoil and retarget are F14. Each ends with a good kubeconfig, which makes another connection.
func (w *world) rotate(r *operator.Registration) {
	w.hit("F14 kubeconfig rotated")
	w.say("fault", "the kubeconfig of "+r.Name+" is rotated")
	w.rewrite(r)
}

func (w *world) rewrite(r *operator.Registration) {
	r.Kubeconfig++
	w.dullCaches()
	w.notice(0, hears)
}

// expire: the credentials are not accepted for a while.
func (w *world) expire(r *operator.Registration) {
	name, l := r.Leads.Name, w.Weather.Links[r.Leads.Name]
	w.meddling(r, "F14 kubeconfig expired", "the credentials for "+r.Name+" are not accepted", time.Second, 20*time.Minute, func() {
		l.Expired = true
		w.breakWatch(name)
		w.notice(0, probe)
	}, func() {
		l.Expired = false
		w.relist(name)
		w.rewrite(r)
	})
}

// spoil: the kubeconfig is one that is refused as it stands, such as one with an exec plugin.
func (w *world) spoil(r *operator.Registration) {
	w.meddling(r, "F14 kubeconfig refused", "the kubeconfig of "+r.Name+" is refused", time.Second, 20*time.Minute,
		func() { r.Unusable = true; w.rewrite(r) }, func() { r.Unusable = false; w.rewrite(r) })
}

// retarget: the kubeconfig is that of the other member.
func (w *world) retarget(r *operator.Registration) {
	home := r.Leads
	var others []*member.Member
	for _, o := range w.Registry {
		if o != r && o.Leads != home {
			others = append(others, o.Leads)
		}
	}
	if len(others) == 0 {
		return
	}
	w.meddling(r, "F14 kubeconfig retargeted", "the kubeconfig of "+r.Name+" leads elsewhere", time.Second, 20*time.Minute,
		func() { r.Leads = timeline.Pick(w.Time, others...); w.rewrite(r) }, func() { r.Leads = home; w.rewrite(r) })
}

// registered is the name that leads to a cluster now, nil for none.
func (w *world) registered(m *member.Member) *operator.Registration {
	for _, r := range w.Registry {
		if !r.Removed && r.Leads == m {
			return r
		}
	}
	return nil
}
