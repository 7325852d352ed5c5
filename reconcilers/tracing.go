package reconcilers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/reconcilers/telemetry"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// traceParent is the trace that a run gets which has none yet. What is wrong with its annotation is told by an Event.
func (p *pass) traceParent() string {
	sample := p.Sample
	if sample == nil {
		sample = func(story.TraceID) bool { return true }
	}
	c, _ := story.Root(p.run.GetUID(), p.run.GetAnnotations()[v1.AnnotationTraceParent], sample)
	return c.String()
}

// transitionIDs lead from a line of the log to the span of the newest transition.
func transitionIDs(run v1.Run) []any {
	s := run.RunStatus()
	c, ok := story.Recorded(*s)
	if !ok || len(s.History) == 0 {
		return nil
	}
	return []any{"trace_id", c.Trace.String(), "span_id", story.TransitionID(run.GetUID(), s.History[len(s.History)-1]).String()}
}

// tellEffect tells what came of an effect on a member. One that was not sent, because the member does not answer as itself, is
// none.
func (p *pass) tellEffect(e lifecycle.Effect, began time.Time, refused string, err error) {
	if p.Effects == nil || e.Cluster == "" {
		return
	}
	if _, targetErr := p.target(e); targetErr != nil && errors.Is(err, errStale) {
		return
	}
	d := story.Done{Effect: e, Start: began, End: p.Now(), Outcome: story.OutcomeDone}
	tried := p.Placed.tried(p.run.GetUID(), e, err != nil && !errors.Is(err, errStale))
	d.Retries = tried
	switch {
	case refused != "":
		d.Outcome, d.Error = story.OutcomeRefused, refused
	case errors.Is(err, errStale):
		d.Outcome = story.OutcomeStale
	case err != nil:
		d.Outcome, d.Error = story.OutcomeFailed, errorType(err)
	}
	p.Effects(p.run, d)
}

// errorType is one of the API's reasons, or another of a few words: never what somebody wrote.
func errorType(err error) string {
	reason := string(apierrors.ReasonForError(err))
	switch {
	case reason != "" && knownReasons[reason]:
		return reason
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "_OTHER"
	}
}

var knownReasons = map[string]bool{
	"Unauthorized": true, "Forbidden": true, "NotFound": true, "AlreadyExists": true, "Conflict": true, "Gone": true, "Invalid": true,
	"ServerTimeout": true, "Timeout": true, "TooManyRequests": true, "BadRequest": true, "MethodNotAllowed": true,
	"NotAcceptable": true, "RequestEntityTooLarge": true, "UnsupportedMediaType": true, "InternalError": true, "Expired": true,
	"ServiceUnavailable": true,
}

// tried counts how often an effect failed since the run's last transition, and returns how often before this time.
func (l *Ledger) tried(run types.UID, e lifecycle.Effect, failed bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.UID, e.ResourceVersion = "", ""
	before := l.failures[run][e]
	switch {
	case !failed && before > 0:
		delete(l.failures[run], e)
	case failed && l.failures[run] == nil:
		l.failures[run] = map[lifecycle.Effect]int{e: 1}
	case failed:
		l.failures[run][e]++
	}
	return before
}

// retold is how far back an operator that takes the lead tells spans again.
const retold = 10 * time.Minute

// retelling tells, when this operator takes the lead, what the one before may not have got out.
type retelling struct {
	runs   client.Reader
	traces telemetry.Traces
	now    func() time.Time
}

// NeedLeaderElection implements the manager's interface.
func (retelling) NeedLeaderElection() bool { return true }

// Start implements the manager's interface. The caches have the runs by now.
func (r retelling) Start(ctx context.Context) error {
	since := r.now().Add(-retold)
	var docs v1.DocsRunList
	var code v1.CodeRunList
	for _, list := range []client.ObjectList{&docs, &code} {
		if err := r.runs.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("listing the runs to tell their spans again: %w", err)
		}
	}
	for i := range docs.Items {
		r.traces.Again(&docs.Items[i], since)
	}
	for i := range code.Items {
		r.traces.Again(&code.Items[i], since)
	}
	return nil
}
