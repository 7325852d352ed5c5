package lifecycle

import (
	"strconv"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// agentFacts is what is seen of the newest attempt. Of an attempt with a recorded Job UID only that Job is seen; its
// pod is found by its labels, whoever owns it.
func agentFacts(k look, e *v1.Attempt, answers bool) AgentFacts {
	a := AgentFacts{Attempt: e.Number, Cluster: e.Cluster, Inputs: Present}
	if !answers {
		return a
	}
	a.Job.Presence, a.Pod.Presence, a.Ended.Pod = Absent, Absent, Absent
	for _, o := range k.objs {
		if int32(o.attempt) != e.Number || memberNames[o.member] != e.Cluster {
			continue
		}
		if o.job != jobNone && (e.JobUID == "" || o.uid() == e.JobUID) {
			a.Job = jobFacts(o)
		}
		a.Pod, a.Ended = podFacts(a, o)
	}
	if k.mode == lookEarly {
		a.Pod, a.Ended = PodFacts{}, Evidence{}
	}
	return a
}

func jobFacts(o object) JobFacts {
	j := JobFacts{
		Presence: Present, UID: o.uid(), ResourceVersion: strconv.Itoa(int(o.job)),
		Suspended: o.job == jobSuspended, Deleting: o.flags&deleting != 0,
		Complete: o.job == jobComplete, Failed: o.job == jobFailed || o.job == jobEarly,
	}
	if o.job == jobActive {
		j.Active = 1
	}
	if o.job == jobEarly {
		j.Terminating = 1
	}
	return j
}

// podFacts adds one pod to what is known of an attempt's pods.
func podFacts(a AgentFacts, o object) (PodFacts, Evidence) {
	p, e := a.Pod, a.Ended
	switch {
	case o.pod.unfinished():
		p = PodFacts{
			Presence: Present, UID: types.UID("p" + string(o.uid()[1:])), ResourceVersion: strconv.Itoa(int(o.pod)),
			Started: o.pod.live(), Ending: o.pod == podEndKeep || o.pod == podEndGone,
		}
	case o.pod.ended():
		p.Started = p.Started || o.pod.ran()
		e = evidence(o.pod)
		e.UID, e.Version = types.UID("p"+string(o.uid()[1:])), strconv.Itoa(int(o.pod))
	}
	return p, e
}

func evidence(p podState) Evidence {
	e := Evidence{Pod: Present, ExitCode: new(int32(1))}
	switch p {
	case podSucceeded:
		e.ExitCode, e.Outcome = new(int32(0)), &Outcome{Result: ResultSucceeded, PullRequestURL: "https://example.com/pull/1"}
	case podMissing:
		e.ExitCode = new(int32(0))
	case podLate:
		e.Outcome = &Outcome{Result: ResultStartedTooLate}
	case podKilled:
		e.ExitCode, e.Reason = nil, "DeadlineExceeded"
	case podEvicted:
		e.Reason = "Evicted"
	default:
		e.Outcome = &Outcome{Result: ResultFailed}
	}
	return e
}

// others is what is seen of every other attempt, and of a Job that only bears the newest attempt's name.
func others(k look, e *v1.Attempt) []AgentFacts {
	var out []AgentFacts
	for _, o := range k.objs {
		if o.attempt == 0 {
			continue
		}
		newest := e != nil && int32(o.attempt) == e.Number && memberNames[o.member] == e.Cluster && clusterUID(o.member, o.ident) == e.ClusterUID
		if newest && (o.job == jobNone || e.JobUID == "" || o.uid() == e.JobUID) {
			continue
		}
		a := AgentFacts{Attempt: int32(o.attempt), Cluster: memberNames[o.member], Inputs: Absent, Job: JobFacts{Presence: Absent}}
		a.Pod.Presence, a.Ended.Pod = Absent, Absent
		if o.job != jobNone {
			a.Job = jobFacts(o)
		}
		if !newest {
			a.Pod, a.Ended = podFacts(a, o)
		}
		if k.mode == lookEarly {
			a.Pod, a.Ended = PodFacts{}, Evidence{}
		}
		out = append(out, a)
	}
	return out
}

// findStray is the highest attempt that either count found and the status does not know. The second count alone would
// not do: a late delete may take the Job away between the two, while its controller is about to create the pod.
func (m *model) findStray(k look, s v1.RunStatus) *Stray {
	var best *Stray
	for _, o := range append([]object{k.found}, k.objs[:]...) {
		n := int32(o.attempt)
		if n == 0 || n < s.Attempt || n == s.Attempt && jobUID(s) != "" || best != nil && best.Attempt > n {
			continue
		}
		best = &Stray{
			Attempt: n, ContextVersion: int32(o.asked), Cluster: memberNames[o.member], ClusterUID: clusterUID(o.member, o.ident),
			Deadline: m.config.times.deadline, StartBefore: origin.Add(time.Duration(o.left) * tick),
			JobUID: o.uid(), // a pod's label says it too
		}
	}
	return best
}
