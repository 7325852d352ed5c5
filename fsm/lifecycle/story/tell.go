package story

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"k8s.io/apimachinery/pkg/types"
)

// Tell returns the complete spans of a run, as far back as its history goes, in the order in which they were completed. A
// run whose status records no trace gets the one that it would have.
func Tell(run v1.Run) []Span { return tell(run, 0).spans }

// AsOf is Tell with what still goes on, as if it ended now. Such a span has no Row.
func AsOf(run v1.Run, now time.Time) []Span {
	t := tell(run, 0)
	t.at = latest(t.at, now)
	t.row = 0
	t.leave(run.RunStatus().WaitedFor)
	t.endAttempt("", "")
	t.endChapter(run.RunStatus().Phase, "")
	return t.spans
}

// Since are the spans that were completed by the transitions after a seq.
func Since(run v1.Run, seq int64) []Span { return tell(run, seq).spans }

// Recent are the spans that were completed by transitions at or after a time, each as it was told when that happened.
func Recent(run v1.Run, since time.Time) []Span {
	h := run.RunStatus().History
	i := slices.IndexFunc(h, func(tr v1.Transition) bool { return !tr.Time.Time.Before(since) })
	if i < 0 {
		return nil
	}
	return slices.DeleteFunc(Since(run, h[i].Seq-1), func(s Span) bool { return s.Partial })
}

// tell walks along the history, and tells what was completed after a seq.
func tell(run v1.Run, after int64) *teller {
	t := begin(run)
	t.after = after
	for _, tr := range run.RunStatus().History {
		t.step(tr)
	}
	return t
}

// teller walks along the history.
type teller struct {
	run    v1.Run
	uid    types.UID
	kind   string
	trace  TraceID
	parent SpanID // of the root, where the run joins another trace
	rows   rows
	spans  []Span
	after  int64 // what rows up to this seq completed is only walked along, not told: most passes want the last row's

	at      time.Time // of the transition: never before what came before it, whatever the clocks of two operators said
	row     int64
	state   stay
	try     try
	chapter chapter
}

// stay is the state that the run is in. It is not told where it is final, or its begin is unknown.
type stay struct {
	told  bool
	name  v1.Phase
	since time.Time
	row   int64 // that entered it
}

// try is the attempt that is out, where one is.
type try struct {
	n       int32
	since   time.Time
	partial bool
	events  []Event
}

// chapter is what leads to one final state. Only the first one is the root.
type chapter struct {
	open, first, partial bool
	since                time.Time
	row                  int64 // that began it
}

func begin(run v1.Run) *teller {
	t := &teller{run: run, uid: run.GetUID(), trace: TraceOf(run.GetUID())}
	t.kind, t.rows = string(lifecycle.CodeRun), codeRows()
	if _, docs := run.(*v1.DocsRun); docs {
		t.kind, t.rows = string(lifecycle.DocsRun), docsRows()
	}
	s, created := run.RunStatus(), run.GetCreationTimestamp().Time
	if c, ok := Recorded(*s); ok {
		t.trace = c.Trace
	}
	if p, err := Parse(run.GetAnnotations()[v1.AnnotationTraceParent]); err == nil && p.Trace == t.trace {
		t.parent = p.Span
	}
	t.at, t.chapter = created, chapter{open: true, first: true, since: created}
	if len(s.History) == 0 && s.Phase == v1.PhasePending || len(s.History) > 0 && s.History[0].Seq == 1 {
		t.enter(v1.PhasePending, 0)
		return t
	}
	if len(s.History) == 0 {
		t.chapter.open = false // taken over from another system as it had ended there
		return t
	}
	h := s.History[0]
	t.state.name = h.From
	again := s.FirstFinishedAt != nil && s.FirstFinishedAt.Time.Before(h.Time.Time)
	t.chapter = chapter{open: !final(h.From), first: !again, partial: again, since: created}
	if executes(h.From) && !t.rows.of(h).attempt {
		t.try = try{n: h.Attempt, partial: true, since: created}
		if e := t.entry(h.Attempt); e != nil && e.CreatedAt != nil {
			t.try.since = e.CreatedAt.Time
		}
	}
	return t
}

// step tells one transition and what it completes.
func (t *teller) step(tr v1.Transition) {
	t.at, t.row = latest(t.at, tr.Time.Time), tr.Seq
	class := string(tr.Class)
	t.transition(tr)
	begins := t.rows.of(tr).attempt
	if tr.From == tr.To && (!begins || !executes(tr.To)) {
		if t.try.n != 0 {
			t.try.events = append(t.try.events, Event{Name: tr.On, Time: t.at})
		}
		return
	}
	t.leave(tr.WaitedFor)
	if begins || !executes(tr.To) {
		t.endAttempt(tr.To, class)
	}
	switch {
	case final(tr.To), tr.To == v1.PhaseTerminating:
		t.endChapter(tr.To, class)
	case final(tr.From):
		t.chapter = chapter{open: true, since: t.at, row: tr.Seq}
	}
	if begins && executes(tr.To) {
		t.try = try{n: tr.Attempt, since: t.at}
	}
	t.enter(tr.To, tr.Seq)
}

func (t *teller) enter(p v1.Phase, seq int64) {
	t.state = stay{name: p, since: t.at, row: seq, told: !final(p)}
}

func (t *teller) entry(n int32) *v1.Attempt {
	all := t.run.RunStatus().Attempts
	if i := slices.IndexFunc(all, func(e v1.Attempt) bool { return e.Number == n }); i >= 0 {
		return &all[i]
	}
	return nil
}

func final(p v1.Phase) bool {
	return p == v1.PhaseSucceeded || p == v1.PhaseFailed || p == v1.PhaseCancelled
}

// executes says that an attempt is out in the state.
func executes(p v1.Phase) bool {
	return p == v1.PhaseProvisioning || p == v1.PhaseRunning || p == v1.PhaseStopping
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
