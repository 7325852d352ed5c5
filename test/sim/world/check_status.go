package world

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	corev1 "k8s.io/api/core/v1"
)

// rowIDs name the row behind a line of the history.
var rowIDs = rowsByEdge()

type edge struct {
	from v1.Phase
	on   string
	to   v1.Phase
}

func rowsByEdge() map[edge]string {
	out := map[edge]string{}
	for _, r := range lifecycle.CodeTable().Expand() {
		out[edge{v1.Phase(r.From[0]), string(r.On), v1.Phase(r.To)}] = r.ID
	}
	return out
}

// Rows are the IDs of all rows, in the table's order.
func Rows() []string {
	var ids []string
	for _, r := range lifecycle.CodeTable().Rows {
		ids = append(ids, r.ID)
	}
	return ids
}

// refused is told when the API server refuses a status that was decided on the newest version: production never tries that.
func (w *world) refused(run v1.Run, why string) {
	w.failf("%s: the API server refuses the status of %s/%s", why, run.GetNamespace(), run.GetName())
}

// runChanged is told of every change on the hub.
func (w *world) runChanged(k apiserver.Kind, c apiserver.Change) {
	if k == apiserver.ConfigMap && !w.watched.restoring {
		w.recognised()
	}
	is, ok := c.Object().(v1.Run)
	if !ok || c.Old == nil || w.watched.restoring {
		return
	}
	s := w.subjectOf(is.GetUID())
	if c.New == nil {
		w.say("hub", s.String()+" is gone")
		w.checkAgents()
		return
	}
	was, _ := c.Old.(v1.Run)
	w.committed(s, is, *was.RunStatus(), *is.RunStatus())
}

// committed is told of every status that was written.
func (w *world) committed(s *subject, run v1.Run, was, is v1.RunStatus) {
	if is.Transitions == was.Transitions {
		return
	}
	if w.watched.unnoticed {
		w.hit("F11 unnoticed") // whoever remembers was out of reach: what follows is nobody's promise
		w.over = true
		return
	}
	for _, h := range is.History {
		if h.Seq > was.Transitions {
			id := rowIDs[edge{h.From, h.On, h.To}]
			w.result.Rows[id]++
			if w.Say != nil {
				what := fmt.Sprintf("%s -> %s (row %s, %s, attempt %d)", h.From, h.To, id, h.On, h.Attempt)
				w.say("hub", fmt.Sprintf("commit %s %s: %s", s, what, is.Message))
			}
		}
	}
	if last := is.History[len(is.History)-1]; is.Attempt > was.Attempt && last.On != string(lifecycle.StrayFound) {
		w.checkAttempt(s, run, is)
	}
	w.checkEnd(s, run, was, is)
	w.checkStop(s, was, is)
	w.checkWord(s, was, is)
	w.checkAgents()
}

// checkAttempt: an attempt is for what is asked now (WASTE), is bounded (I6) and within the budget (I5).
func (w *world) checkAttempt(s *subject, run v1.Run, is v1.RunStatus) {
	e, spec := apiserver.Attempt(is, is.Attempt), run.RunSpec()
	switch {
	case e.ContextVersion != spec.ContextVersion:
		w.failf("WASTE: attempt %d of %s is started for an outdated context version", is.Attempt, s)
	case e.DeadlineSeconds == 0 || e.StartBefore == nil || e.FencedUntil == nil:
		w.failf("I6: attempt %d of %s has no bound", is.Attempt, s)
	}
	id := budgetID{s.uid, e.ContextVersion}
	w.watched.budget[id]++
	retries := int32(2)
	if spec.Retry.MaxRetries != nil {
		retries = *spec.Retry.MaxRetries
	}
	most := 1 + retries + w.Config.Lifecycle.InfraAllowance + int32(s.suspensions[e.ContextVersion]+w.watched.upgrades+w.watched.settings)
	if n := w.watched.budget[id]; n > most && w.watched.restores == 0 {
		w.failf("I5: %d attempts of %s for one context version, at most %d are allowed", n, s, most)
	}
}

// checkEnd: a success that everybody could see does not become a failure (BELL).
func (w *world) checkEnd(s *subject, run v1.Run, was, is v1.RunStatus) {
	if is.Phase != v1.PhaseFailed || was.Phase == v1.PhaseFailed {
		return
	}
	before := apiserver.Attempt(was, was.Attempt)
	if before == nil || before.EndedAt != nil || !w.clear() {
		return
	}
	for _, m := range w.Members {
		if !w.leader.Reaches(m) || m.UID != before.ClusterUID {
			continue
		}
		for _, a := range m.Agents {
			if a.Run == s.uid && a.Attempt == is.Attempt && delivered(run, a) && w.shown(m, a) {
				w.failf("BELL: the success of the %s was visible, and becomes Failed", a)
			}
		}
	}
}

// shown says that the member has shown for a while that the agent succeeded, and nothing that contradicts it.
func (w *world) shown(m *member.Member, a *member.Agent) bool {
	pod, _ := m.Find(apiserver.Pod, a.Pod).(*corev1.Pod)
	if pod == nil || pod.Status.Phase != corev1.PodSucceeded || w.Time.Now().Sub(a.ShownAt) < 5*time.Second {
		return false
	}
	for _, job := range m.Jobs() {
		if job.UID == a.Job {
			return !member.Failed(job)
		}
	}
	return true
}

// clear says that nothing hides the world from the leader at present.
func (w *world) clear() bool {
	if w.leader == nil || w.leader.Paused() || w.watched.fog > 0 {
		return false
	}
	for _, l := range w.Weather.Links {
		if l.Hides() || l.Errors > calm || l.Lost > calm {
			return false
		}
	}
	return true
}

// checkStop: an agent is told to end for its deadline only after that (KILL).
func (w *world) checkStop(s *subject, was, is v1.RunStatus) {
	stopped := is.Phase == v1.PhaseStopping && was.Phase != v1.PhaseStopping
	if !stopped || is.StopCause != v1.StopLost && is.StopCause != v1.StopDeadline {
		return
	}
	e := apiserver.Attempt(was, was.Attempt)
	due := e.StartBefore.Time
	if e.StartSeenAt != nil {
		due = e.StartSeenAt.Add(time.Duration(e.DeadlineSeconds) * time.Second)
	}
	if w.Time.Now().Before(due) {
		w.failf("KILL: attempt %d of %s is stopped (%s) before its time", is.Attempt, s, is.StopCause)
	}
}
