package apiserver

import (
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/api/equality"
)

// edges are the moves that the tables know. Both kinds have the same.
var edges = edgesOfTable()

func edgesOfTable() map[[2]v1.Phase]bool {
	out := map[[2]v1.Phase]bool{}
	for _, row := range lifecycle.DocsTable().Expand() {
		out[[2]v1.Phase{v1.Phase(row.From[0]), v1.Phase(row.To)}] = true
	}
	return out
}

// refuses says why the API server refuses a status: the CEL rules of lifecycle.Rules and of the types, in Go. The test of
// the real ones is test/integration/api.
func (s *Server) refuses(was, is v1.RunStatus) string {
	switch {
	case was.Phase != is.Phase && !s.edges[[2]v1.Phase{was.Phase, is.Phase}]:
		return fmt.Sprintf("I13: %s to %s is not in the table", was.Phase, is.Phase)
	case finished(was.Phase) && is.Phase == v1.PhaseRetrying && is.ContextVersion <= was.ContextVersion:
		return "I3: a final state is left within its context version"
	case is.ContextVersion < was.ContextVersion || is.Attempt < was.Attempt || is.Transitions < was.Transitions:
		return "I2: contextVersion, attempt or transitions falls"
	case is.Attempt > was.Attempt+1 && is.Incarnation <= was.Incarnation:
		return "I2: an attempt number is left out"
	case is.Attempt > was.Attempt && was.Attempt > 0 && !endedIn(was, was.Attempt) && !endedIn(is, was.Attempt):
		return "I2: an attempt follows one that has not ended"
	case !containsAll(is.Members, was.Members):
		return "members forgets one"
	}
	if why := refusesAttempts(was, is); why != "" {
		return why
	}
	return refusesHistory(was, is)
}

func refusesAttempts(was, is v1.RunStatus) string {
	for _, o := range was.Attempts {
		e := Attempt(is, o.Number)
		switch {
		case e == nil && (o.EndedAt == nil || o.Number == is.Attempt):
			return fmt.Sprintf("I2: attempt %d is dropped before its end", o.Number)
		case e != nil && o.JobUID != "" && e.JobUID != o.JobUID:
			return fmt.Sprintf("I2: the Job UID of attempt %d changes", o.Number)
		}
	}
	for _, e := range is.Attempts {
		if e.Number > is.Attempt || e.Number <= was.Attempt && Attempt(was, e.Number) == nil {
			return fmt.Sprintf("I2: attempt %d is added out of order", e.Number)
		}
	}
	return ""
}

func refusesHistory(was, is v1.RunStatus) string {
	if len(is.History) == 0 && len(was.History) > 0 {
		return "history drops everything"
	}
	for i, h := range is.History {
		if h.Seq > is.Transitions || i > 0 && is.History[i-1].Seq >= h.Seq {
			return "history is out of order"
		}
		if h.Seq <= was.Transitions && !kept(was.History, h) {
			return "history is rewritten"
		}
	}
	return ""
}

// kept says that an entry is as it was.
func kept(history []v1.Transition, h v1.Transition) bool {
	i := slices.IndexFunc(history, func(o v1.Transition) bool { return o.Seq == h.Seq })
	if i < 0 {
		return false
	}
	o := history[i]
	was, is := o.WaitedFor, h.WaitedFor
	o.WaitedFor, h.WaitedFor = nil, nil
	return o == h && (was == is || equality.Semantic.DeepEqual(was, is))
}

// Attempt is the entry of that number, nil when there is none.
func Attempt(s v1.RunStatus, n int32) *v1.Attempt {
	for i := range s.Attempts {
		if s.Attempts[i].Number == n {
			return &s.Attempts[i]
		}
	}
	return nil
}

func endedIn(s v1.RunStatus, n int32) bool {
	e := Attempt(s, n)
	return e != nil && e.EndedAt != nil
}

func finished(p v1.Phase) bool {
	return p == v1.PhaseSucceeded || p == v1.PhaseFailed || p == v1.PhaseCancelled
}

func containsAll(list, sublist []string) bool {
	return !slices.ContainsFunc(sublist, func(s string) bool { return !slices.Contains(list, s) })
}
