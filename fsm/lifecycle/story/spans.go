package story

import (
	"fmt"
	"math"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// walks says that nothing is told of what happens now.
func (t *teller) walks() bool { return t.row <= t.after && t.row != 0 }

// inState is the span of the state that the run is in; zero where that is not told.
func (t *teller) inState() SpanID {
	if !t.state.told {
		return SpanID{}
	}
	return stateID(t.uid, t.state.row, t.state.since)
}

// add completes a span with what all have.
func (t *teller) add(s Span, attributes ...Attribute) {
	s.Trace, s.End, s.Row = t.trace, latest(s.Start, t.at), t.row
	s.Attributes = append([]Attribute{{keyRunID, string(t.uid)}}, attributes...)
	if s.Error != "" {
		s.Attributes = append(s.Attributes, Attribute{keyError, s.Error})
	}
	t.spans = append(t.spans, s)
}

func (t *teller) root() SpanID { return rootID(t.uid) }

// above is the parent of what happens now: the attempt, or the run.
func (t *teller) above() SpanID {
	if t.try.n != 0 {
		return AttemptID(t.uid, t.try.n)
	}
	return t.root()
}

// transition is a child of the state that it was decided in.
func (t *teller) transition(tr v1.Transition) {
	if t.walks() {
		return
	}
	row := t.rows.of(tr)
	s := Span{
		Role: RoleTransition, ID: TransitionID(t.uid, tr), Parent: t.inState(), Name: tr.On, Start: t.at,
		Error: failure(string(tr.Class)), Partial: !t.state.told && !final(tr.From),
	}
	if s.Parent == (SpanID{}) {
		s.Parent = t.above()
	}
	attributes := []Attribute{
		{keyAttempt, int64(tr.Attempt)}, {keySeq, tr.Seq}, {keyFrom, string(tr.From)}, {keyOn, tr.On}, {keyTo, string(tr.To)},
	}
	if row.ID != "" {
		attributes = append(attributes, Attribute{keyRow, row.ID})
	}
	if row.If != "" {
		attributes = append(attributes, Attribute{keyGuard, string(row.If)})
	}
	if len(row.Do) > 0 {
		do := make([]string, len(row.Do))
		for i, a := range row.Do {
			do[i] = string(a)
		}
		attributes = append(attributes, Attribute{keyDo, do})
	}
	t.add(s, attributes...)
}

// leave completes the state that was dwelt in, with what is written down of what it waited for.
func (t *teller) leave(w *v1.Wait) {
	if !t.state.told || t.walks() {
		return
	}
	attributes := []Attribute{{keyState, string(t.state.name)}, {keyRunState, runStates[t.state.name]}}
	if t.try.n != 0 {
		attributes = append(attributes, Attribute{keyAttempt, int64(t.try.n)})
		if e := t.entry(t.try.n); e != nil {
			attributes = append(attributes, Attribute{keyCluster, e.Cluster})
		}
	}
	attributes = append(attributes, waited(w)...)
	t.add(Span{Role: RoleState, ID: t.inState(), Parent: t.above(), Name: string(t.state.name), Start: t.state.since,
		Partial: t.try.partial && t.state.since.Equal(t.try.since)}, attributes...)
}

func waited(w *v1.Wait) []Attribute {
	if w == nil {
		return nil
	}
	out := []Attribute{{keyWait, w.Reason}, {keyWaitSince, w.Since.UTC().Format(moment)}}
	if w.Object != "" {
		out = append(out, Attribute{keyWaitObject, w.Object})
	}
	if w.Until != nil {
		out = append(out, Attribute{keyWaitUntil, w.Until.UTC().Format(moment)})
	}
	return out
}

// moment is how an attribute writes a time.
const moment = "2006-01-02T15:04:05.000000Z07:00"

var runStates = map[v1.Phase]string{
	v1.PhasePending: "pending", v1.PhaseProvisioning: "executing", v1.PhaseRunning: "executing", v1.PhaseRetrying: "executing",
	v1.PhaseStopping: "finalizing", v1.PhaseTerminating: "finalizing",
}

// endAttempt completes the attempt that is out, if one is, and links it with the one before.
func (t *teller) endAttempt(to v1.Phase, class string) {
	if t.try.n == 0 {
		return
	}
	n := t.try.n
	if t.walks() {
		t.try = try{}
		return
	}
	s := Span{
		Role: RoleAttempt, ID: AttemptID(t.uid, n), Parent: t.root(), Name: "attempt", Start: t.try.since, Events: t.try.events,
		Error: failure(class), Partial: t.try.partial,
	}
	if n > 1 {
		s.Links = []SpanID{AttemptID(t.uid, n-1)}
	}
	attributes := []Attribute{
		{keyTask, "attempt"}, {keyTaskID, fmt.Sprintf("%s/%d", t.uid, n)}, {keyAttempt, int64(n)},
		{keyNamespace, t.run.GetNamespace()},
	}
	if t.row != 0 {
		attributes = append(attributes, Attribute{keyTaskResult, resultOf(class, to)})
	}
	if e := t.entry(n); e != nil {
		attributes = append(attributes, Attribute{keyVersion, int64(e.ContextVersion)}, Attribute{keyCluster, e.Cluster},
			Attribute{keyClusterUID, string(e.ClusterUID)}, Attribute{keyJob, e.JobName})
		if e.JobUID != "" {
			attributes = append(attributes, Attribute{keyJobUID, string(e.JobUID)})
		}
	}
	t.add(s, attributes...)
	t.try = try{}
}

// endChapter completes the run itself, or what it did for a later context version.
func (t *teller) endChapter(to v1.Phase, class string) {
	c := t.chapter
	if !c.open {
		return
	}
	t.chapter = chapter{}
	if t.walks() {
		return
	}
	result := resultOf(class, to)
	s := Span{
		Role: RoleRun, ID: t.root(), Parent: t.parent, Name: "RUN " + t.kind, Start: c.since,
		Error: failure(class), Partial: c.partial,
	}
	if !c.first {
		if c.partial {
			return // the history no longer says when it began
		}
		s.ID, s.Parent = spanID(t.uid, "again", c.row, c.since.UnixMicro()), t.root()
	}
	last := int64(0)
	for _, tr := range t.run.RunStatus().History {
		if tr.Seq <= t.row || t.row == 0 {
			last = int64(tr.Attempt)
		}
	}
	attributes := []Attribute{{keyPipeline, t.kind}, {keyAction, "RUN"}, {keyNamespace, t.run.GetNamespace()},
		{keyRun, t.run.GetName()}, {keyAttempt, last}}
	if t.row != 0 {
		attributes = append(attributes, Attribute{keyResult, result})
	}
	t.add(s, attributes...)
}

// failure is the class where it says that something went wrong; what a person asked for did not.
func failure(class string) string {
	if class == string(v1.ClassStopped) {
		return ""
	}
	return class
}

// resultOf says a class in the words of the semantic conventions: an error is the system's, a failure the work's.
func resultOf(class string, to v1.Phase) string {
	switch v1.FailureClass(class) {
	case "":
		if to == v1.PhaseCancelled || to == v1.PhaseTerminating {
			return "cancellation"
		}
		return "success"
	case v1.ClassStopped:
		return "cancellation"
	case v1.ClassDeadlineExceeded, v1.ClassRunDeadlineExceeded, v1.ClassProvisioningDeadlineExceeded, v1.ClassStalled:
		return "timeout"
	case v1.ClassNodeLost, v1.ClassClusterLost, v1.ClassImage, v1.ClassSecretMissing, v1.ClassRefused, v1.ClassRenderFailed,
		v1.ClassPrerequisiteMissing, v1.ClassRepositoryUnreachable, v1.ClassStartedTooLate:
		return "error"
	default:
		return "failure"
	}
}

// The outcomes of an effect.
const (
	OutcomeDone    = "done"
	OutcomeStale   = "stale"   // a newer view decides
	OutcomeRefused = "refused" // for good
	OutcomeFailed  = "failed"  // it is tried again
)

// Outcomes are all of them.
var Outcomes = []string{OutcomeDone, OutcomeStale, OutcomeRefused, OutcomeFailed}

// Done is how an effect on a member came out.
type Done struct {
	Effect     lifecycle.Effect
	Start, End time.Time
	Outcome    string // one of Outcomes
	Error      string // the API's reason, or another word of few
	Retries    int
}

// OfEffect is the span of an effect, a child of the state that asked for it. False: nothing is recorded of the run's trace.
func OfEffect(run v1.Run, d Done) (Span, bool) {
	c, ok := Recorded(*run.RunStatus())
	t, e := tell(run, math.MaxInt64), d.Effect // only where the run is now
	s := Span{
		Role: RoleEffect, Trace: c.Trace, Parent: t.inState(), Name: string(e.Verb) + " " + string(e.Resource), Start: d.Start, End: d.End,
		ID:    spanID(t.uid, "effect", e.Verb, e.Resource, e.Cluster, e.Attempt, d.Start.UnixNano()),
		Error: d.Error,
		Attributes: []Attribute{
			{keyRunID, string(t.uid)}, {keyAttempt, int64(e.Attempt)}, {keyCluster, e.Cluster}, {keyVerb, string(e.Verb)},
			{keyResource, string(e.Resource)}, {keyOutcome, d.Outcome}, {keyRetries, int64(d.Retries)},
		},
	}
	if s.Parent == (SpanID{}) {
		s.Parent = t.above()
	}
	if d.Error != "" {
		s.Attributes = append(s.Attributes, Attribute{keyError, d.Error})
	}
	return s, ok
}
