package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// Answer is what a guard says as far as one can tell now, and from what.
type Answer struct {
	Guard  fsm.GuardDef
	Holds  bool
	Inputs []Input
	// Open says why the guard may answer otherwise when it is asked; "" means that the facts it reads are all known.
	Open string
}

// Input is one fact that a guard reads, by the field that it stands in.
type Input struct{ Name, Value string }

// Ask answers a guard with the facts that are known. False for a name that no guard has.
func (l Lifecycle) Ask(g fsm.Guard, s v1.RunStatus, f Facts) (Answer, bool) {
	f = aim(s, f)
	for _, d := range guardDefs {
		if d.Name != g {
			continue
		}
		a := Answer{Guard: d, Holds: l.holds(s, f)(g), Open: l.open(g, s, f)}
		if g == RetryDue && f.Agent.Ended.Pod == Unknown {
			a.Holds = l.retries(s, f)
		}
		for _, read := range reads(g, s, f) {
			a.Inputs = append(a.Inputs, Input{read.name, read.value(l, s, f)})
		}
		return a, true
	}
	return Answer{}, false
}

// retries says that some class of failure would be retried now.
func (l Lifecycle) retries(s v1.RunStatus, f Facts) bool {
	return slices.ContainsFunc(Classes, func(d ClassDef) bool { return l.retry(s, f, d.Class) != RetryNever })
}

// open says what of a guard's answer is not known before it is asked.
func (l Lifecycle) open(g fsm.Guard, s v1.RunStatus, f Facts) string {
	const asItEnds = "An agent that succeeded before the stop reached it is a success; how it ended is seen when it has."
	switch {
	case g == RetryDue && f.Agent.Ended.Pod == Unknown && l.retries(s, f):
		return "The failure class decides, and it is known once the attempt has failed."
	case g == MayReplace && l.Kind == CodeRun && f.Workspace == Unknown && f.Run.OnClusterLost != v1.ClusterLostReschedule &&
		jobUID(s) == "":
		return "Only the operator sees whether the workspace is on the member."
	case g == RetryDue || g == MayReplace || g == LastAttemptEnded:
		return ""
	case s.StopCause == v1.StopCancel || s.StopCause == v1.StopSuperseded || f.Run.Cancel || f.Run.ContextVersion > s.ContextVersion:
		return ""
	case f.Agent.Ended.Pod == Unknown:
		return asItEnds
	default:
		return ""
	}
}

// read is one fact that guards read.
type read struct {
	name  string
	value func(Lifecycle, v1.RunStatus, Facts) string
}

var (
	readRetries = read{"status.retryCount", func(_ Lifecycle, s v1.RunStatus, f Facts) string {
		return fmt.Sprintf("%d of spec.retry.maxRetries %d", s.RetryCount, f.Run.MaxRetries)
	}}
	readInfra = read{"status.infraCount", func(l Lifecycle, s v1.RunStatus, _ Facts) string {
		return fmt.Sprintf("%d of retries.infraAllowance %d", s.InfraCount, l.InfraAllowance)
	}}
	readAlsoOn = read{"spec.retry.alsoOn", func(_ Lifecycle, _ v1.RunStatus, f Facts) string {
		var all []string
		for _, c := range f.Run.RetryAlsoOn {
			all = append(all, string(c))
		}
		return orNone(strings.Join(all, ", "))
	}}
	readRunDeadline = read{"the whole run's deadline", func(_ Lifecycle, _ v1.RunStatus, f Facts) string {
		switch at := runDeadline(f); {
		case at.IsZero():
			return "none"
		case passed(f.Now, at):
			return "passed " + at.UTC().Format(time.RFC3339)
		default:
			return at.UTC().Format(time.RFC3339)
		}
	}}
	readJob = read{"attempts[n].jobUID", func(_ Lifecycle, s v1.RunStatus, _ Facts) string {
		return orNone(string(jobUID(s)))
	}}
	readWorkspace = read{"the workspace on the member", func(l Lifecycle, _ v1.RunStatus, f Facts) string {
		if l.Kind == DocsRun {
			return "a DocsRun has none"
		}
		return f.Workspace.String()
	}}
	readOnLost = read{"spec.placement.onClusterLost", func(_ Lifecycle, _ v1.RunStatus, f Facts) string {
		return string(f.Run.OnClusterLost)
	}}
	readEnd = read{"attempts[n].endedAt", func(_ Lifecycle, s v1.RunStatus, _ Facts) string {
		switch e := current(s); {
		case e == nil:
			return "there was no attempt"
		case e.EndedAt == nil:
			return "none"
		default:
			return fmt.Sprintf("%s (%s)", e.EndedAt.UTC().Format(time.RFC3339), e.EndedBy)
		}
	}}
	readCause   = read{"status.stopCause", func(_ Lifecycle, s v1.RunStatus, _ Facts) string { return orNone(string(s.StopCause)) }}
	readCancel  = read{"spec.cancel", func(_ Lifecycle, _ v1.RunStatus, f Facts) string { return fmt.Sprint(f.Run.Cancel) }}
	readVersion = read{"spec.contextVersion", func(_ Lifecycle, s v1.RunStatus, f Facts) string {
		return fmt.Sprintf("%d, and status.contextVersion is %d", f.Run.ContextVersion, s.ContextVersion)
	}}
)

// reads are the facts that each guard reads: of the four verdicts, which are one function, as far as it has to read.
func reads(g fsm.Guard, s v1.RunStatus, f Facts) []read {
	switch g {
	case RetryDue:
		return []read{readRetries, readInfra, readAlsoOn, readRunDeadline}
	case MayReplace:
		return []read{readJob, readInfra, readWorkspace, readOnLost, readRunDeadline}
	case LastAttemptEnded:
		return []read{readEnd}
	}
	switch cause := s.StopCause; {
	case cause == v1.StopCancel || f.Run.Cancel:
		return []read{readCause, readCancel}
	case cause == v1.StopSuperseded || f.Run.ContextVersion > s.ContextVersion:
		return []read{readCause, readVersion}
	case cause == v1.StopSuspend || cause == v1.StopRunDeadline:
		return []read{readCause, readRunDeadline}
	case cause == v1.StopLost:
		return []read{readCause, readRunDeadline, readOnLost, readInfra}
	default:
		return []read{readCause, readRunDeadline, readRetries, readInfra, readAlsoOn}
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
