package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// maxHistory is the bound of status.history, also in the API's schema.
const maxHistory = 50

// chronicle keeps what happened for those who tell it later (package story): nothing of it decides anything.
func (l Lifecycle) chronicle(next *v1.RunStatus, f Facts, row fsm.Row, was v1.RunStatus) {
	if final(next.Phase) && next.FirstFinishedAt == nil {
		next.FirstFinishedAt = micro(f.Now)
	}
	if next.TraceParent == "" && ended(current(was)) { // never under an attempt: its Job carries it
		next.TraceParent = f.Run.TraceParent
	}
	tr := v1.Transition{
		Seq: next.Transitions, Time: *micro(f.Now), From: was.Phase, On: string(row.On), To: next.Phase, Attempt: next.Attempt,
		Class: l.endClass(*next, row),
	}
	if next.Phase != was.Phase || next.Attempt != was.Attempt { // what was waited for before is the past of it now
		tr.WaitedFor, next.WaitedFor = next.WaitedFor, nil
	}
	next.History = append(next.History, tr)
	if n := len(next.History) - maxHistory; n > 0 {
		next.History = next.History[n:]
	}
}

// endClass is why that did not succeed which ended with the row.
func (l Lifecycle) endClass(s v1.RunStatus, row fsm.Row) v1.FailureClass {
	switch e := current(s); {
	case row.To == Failed && row.From[0] != Failed:
		reason, _ := l.failed(s, row)
		return v1.FailureClass(reason)
	case slices.Contains(row.Do, RecordEnd) && e != nil:
		return e.Class
	default:
		return ""
	}
}
