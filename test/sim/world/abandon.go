package world

import (
	"slices"
	"strconv"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/timeline"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// abandon is F22: a person vouches that an attempt has ended (rule E, e). Where nobody else can ask they have seen to it, and
// it is true. Of a member that answers they believe it wrongly, and must not be believed.
func (w *world) abandon() {
	out := slices.DeleteFunc(slices.Clone(w.runs), func(s *subject) bool {
		run := w.run(s)
		return run == nil || lifecycle.Open(*run.RunStatus()) == nil
	})
	if len(out) == 0 || w.leader == nil {
		return
	}
	s := timeline.Pick(w.Time, out...)
	e := lifecycle.Open(*w.run(s).RunStatus())
	i := slices.IndexFunc(w.Members, func(m *member.Member) bool { return m.UID == e.ClusterUID })
	if w.leader.Reaches(w.Members[i]) {
		w.hit("F22 abandoned wrongly")
		w.watched.wrong[attemptID{s.uid, e.Number}] = true
		w.vouch(s, e.Number)
	} else {
		w.hit("F22 abandoned")
		w.seeTo(s, e.Number, 5)
	}
}

// despair lets a person abandon something a little later, perhaps: a member is out of reach.
func (w *world) despair() {
	if w.Time.Chance(0.2) {
		w.Time.After(w.Time.Between(0, 10*time.Minute), w.abandon)
	}
}

// seeTo ends an attempt, and vouches for that when nothing of it is left to start or to end: on its cluster, or on a stranger
// at that one's address.
func (w *world) seeTo(s *subject, n int32, tries int) {
	left := false
	for _, m := range w.Members {
		left = left || slices.ContainsFunc(m.Agents, func(a *member.Agent) bool { return a.Run == s.uid && a.Attempt == n && !a.Ended })
		for _, job := range m.Jobs() {
			l := job.Labels
			if l[v1.LabelRunUID] == string(s.uid) && l[v1.LabelAttempt] == strconv.Itoa(int(n)) && !member.Finished(job) && !m.Burnt() {
				left = true
				w.removeJob(m, job, metav1.DeletePropagationBackground)
			}
		}
	}
	switch {
	case !left:
		w.vouch(s, n)
	case tries > 0:
		w.Time.After(w.Time.Between(time.Minute, 3*time.Minute), func() { w.seeTo(s, n, tries-1) })
	}
}

// vouch writes the annotation, and often says too what is to become of the run.
func (w *world) vouch(s *subject, n int32) {
	if w.run(s) == nil {
		return
	}
	w.say("person", "abandons attempt "+strconv.Itoa(int(n))+" of "+s.String())
	w.annotate(s.kind, s.key, v1.AnnotationAbandonRemote, strconv.Itoa(int(n)))
	switch w.Time.Dice.IntN(4) {
	case 0:
		w.edit(s, "cancels", func(spec *v1.RunSpec) { spec.Cancel = true })
	case 1:
		w.edit(s, "raises the contextVersion of", func(spec *v1.RunSpec) { spec.ContextVersion++ })
	case 2:
		w.remove(s)
	}
}

// checkWord: a person's word counts only where the member cannot be asked, and never after it was ignored once.
func (w *world) checkWord(s *subject, was, is v1.RunStatus) {
	e := apiserver.Attempt(is, is.Attempt)
	before := apiserver.Attempt(was, is.Attempt)
	if e == nil || before == nil || before.EndedBy == v1.EndAbandoned || e.EndedBy != v1.EndAbandoned {
		return
	}
	w.hit("F22 believed")
	answers := slices.ContainsFunc(w.Members, func(m *member.Member) bool {
		return m.UID == e.ClusterUID && w.clear() && w.leader.Reaches(m)
	})
	if answers || was.AbandonIgnored == e.Number {
		w.failf("F22: attempt %d of %s ends by the word of a person who is wrong", e.Number, s)
	}
}

// misjudged says that an agent lives of which a person said wrongly that it does not, and who could not be asked then.
func (w *world) misjudged(a *member.Agent) bool {
	if !w.watched.wrong[attemptID{a.Run, a.Attempt}] {
		return false
	}
	s := w.subjectOf(a.Run)
	run := w.run(s)
	if run == nil {
		return true
	}
	e := apiserver.Attempt(*run.RunStatus(), a.Attempt)
	return e != nil && e.EndedBy == v1.EndAbandoned
}
