package render

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// limits are the three deadlines of an attempt, one inside the other so that the gentlest fires first and nothing is lost
// (docs/lifecycle.md, Deadlines): the start script ends the agent and still reports; the pod's limit ends the script with
// its grace period and keeps the pod; the Job's deletes the pod.
type limits struct {
	job, pod, agent int64 // seconds
	killAfter       int64 // from the agent's TERM to its KILL, so that the script outlives a deaf agent
}

// The full margins. A deadline too short for them gets a share of it.
const (
	agentMargin, agentShare = 120, 8
	podMargin, podShare     = 30, 32
)

func limitsOf(deadline int64, grace time.Duration) limits {
	margin := max(1, min(agentMargin, deadline/agentShare))
	return limits{
		job:       deadline,
		pod:       max(1, deadline-max(1, min(podMargin, deadline/podShare))),
		agent:     max(1, deadline-margin),
		killAfter: max(1, min(seconds(grace)*3/4, margin/2)),
	}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// clock is what the start script needs to know about time, in seconds, by the clock of Unix where it is a moment.
func (a subject) clock() []corev1.EnvVar {
	l := limitsOf(int64(a.entry.DeadlineSeconds), a.Grace)
	committed := a.entry.CreatedAt.Unix()
	number := func(name string, n int64) corev1.EnvVar { return literal(name, strconv.FormatInt(n, 10)) }
	vars := []corev1.EnvVar{
		number("RUNFLEET_START_BEFORE", a.entry.StartBefore.Unix()),
		number("RUNFLEET_MAX_SKEW", seconds(a.MaxSkew)),
		number("RUNFLEET_TIMEOUT", l.agent),
		number("RUNFLEET_NOT_AFTER", committed+l.agent),
		number("RUNFLEET_KILL_AFTER", l.killAfter),
	}
	if silence := a.run.RunSpec().StallSeconds; silence != nil {
		vars = append(vars, number("RUNFLEET_STALL_SECONDS", int64(*silence)))
	}
	return vars
}

// budget is what the run's limits left for this attempt, as it was frozen with it: outcomes of earlier attempts may still come
// in late, and change nothing here.
func (a subject) budget() []corev1.EnvVar {
	var vars []corev1.EnvVar
	if n := a.entry.MaxTurns; n != nil {
		vars = append(vars, literal("RUNFLEET_MAX_TURNS", strconv.Itoa(int(*n))))
	}
	if cost := a.entry.MaxCostUSD; cost != "" {
		vars = append(vars, literal("RUNFLEET_MAX_COST_USD", cost))
	}
	return vars
}
