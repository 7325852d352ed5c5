package main

import (
	"fmt"
	"slices"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// codes are the exit codes of the final phases.
var codes = map[v1.Phase]int{v1.PhaseSucceeded: exitOK, v1.PhaseFailed: exitFailed, v1.PhaseCancelled: exitCancelled}

// behind says that the run was asked anew and the operator has not taken that up yet: what the status says is of before.
func behind(run v1.Run) bool {
	s := run.RunStatus()
	return s.ContextVersion > 0 && run.RunSpec().ContextVersion > s.ContextVersion
}

// ended says that a run has ended for what is asked now.
func ended(run v1.Run) bool {
	_, final := codes[run.RunStatus().Phase]
	return final && !behind(run)
}

// judge says whether the wait for a run is over, and by which exit code. No target is any end.
func judge(run v1.Run, target v1.Phase) (code int, done bool) {
	s := run.RunStatus()
	code, final := codes[s.Phase]
	switch {
	case behind(run): // only what must happen before the new request is taken up is worth seeing
		return exitOK, s.Phase == target && (target == v1.PhaseStopping || target == v1.PhaseTerminating)
	case target == "":
		return code, final
	case s.Phase == target || passed(s, target):
		return exitOK, true
	case s.Phase == v1.PhaseSucceeded:
		return exitFail, true // well, but not as asked
	default:
		return code, final
	}
}

// passed says that the run has been in a phase since it was last asked anew: a short phase may lie between two looks.
func passed(s *v1.RunStatus, phase v1.Phase) bool {
	for _, t := range slices.Backward(s.History) {
		if t.To == phase {
			return true
		}
		if t.On == string(lifecycle.ContextRaised) {
			return false
		}
	}
	return false
}

// outcome is what there is to say beside the phase: where the agent works, what it delivered, or why not.
func outcome(s *v1.RunStatus) string {
	switch s.Phase {
	case v1.PhaseProvisioning, v1.PhaseRunning, v1.PhaseStopping:
		if s.Attempt > 0 {
			return fmt.Sprintf("attempt %d on %s", s.Attempt, s.Cluster)
		}
	case v1.PhaseSucceeded:
		if s.PullRequestURL != "" {
			return printable(s.PullRequestURL)
		}
	default:
	}
	return printable(why(string(s.Phase), s.Reason, s.Message))
}
