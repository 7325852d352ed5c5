package reconcilers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var now = time.Unix(1000, 0)

func TestAPassComesBackForWhatIsDueFirst(t *testing.T) {
	in := now.Add
	for name, c := range map[string]struct {
		at         time.Time
		unanswered bool
		soon       bool
		want       time.Duration
	}{
		"nothing":                             {want: 0},
		"a deadline":                          {at: in(time.Minute), want: time.Minute},
		"a deadline that has just passed":     {at: in(-time.Second), want: time.Millisecond},
		"a question without an answer":        {unanswered: true, want: askAgain},
		"a deadline before the next question": {at: in(time.Second), unanswered: true, want: time.Second},
		"something was not as it was seen":    {soon: true, want: again},
		"a deadline before even that":         {at: in(time.Millisecond), soon: true, want: time.Millisecond},
		"all of it":                           {at: in(time.Hour), unanswered: true, soon: true, want: again},
	} {
		p := &pass{now: now, unanswered: c.unanswered}
		if got := p.wakeAt(c.at, findings{soon: c.soon}).RequeueAfter; got != c.want {
			t.Errorf("%s: want %v, got %v", name, c.want, got)
		}
	}
}

func TestOnlyADefinitiveNoIsARefusal(t *testing.T) {
	configMaps := schema.GroupResource{Resource: "configmaps"}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "task-7-1"}}
	for name, c := range map[string]struct {
		err    error
		reason string // "" for an error that passes
	}{
		"the namespace is missing": {apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "team-a"), "NamespaceMissing"},
		"not allowed":              {apierrors.NewForbidden(configMaps, "task-7-1", errors.New("no RBAC policy matched")), "Forbidden"},
		"not valid":                {apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "task-7-1", nil), "Invalid"},
		"malformed":                {apierrors.NewBadRequest("json"), "BadRequest"},
		"too large":                {apierrors.NewRequestEntityTooLargeError("limit is 3145728"), "RequestEntityTooLarge"},
		"a quota":                  {apierrors.NewForbidden(configMaps, "task-7-1", errors.New("exceeded quota: small")), ""},
		"too many requests":        {apierrors.NewTooManyRequests("later", 1), ""},
		"a time-out":               {apierrors.NewTimeoutError("etcd", 1), ""},
		"the server's own trouble": {apierrors.NewInternalError(errors.New("etcd")), ""},
		"a line that broke":        {errors.New("connection refused"), ""},
	} {
		got, err := refusal(c.err, "east", lifecycle.Inputs, object)
		if got.Reason != c.reason || (err == nil) != (c.reason != "") {
			t.Errorf("%s: want %q, got %+v and %v", name, c.reason, got, err)
		}
		if c.reason != "" && (!strings.Contains(got.Message, "team-a") || !strings.Contains(got.Message, "member east")) {
			t.Errorf("%s: the message names neither place nor member: %s", name, got.Message)
		}
	}
}

func TestWhatActingTaughtIsAFactOfTheSamePass(t *testing.T) {
	facts := lifecycle.Facts{Leases: []lifecycle.LeaseFacts{{Name: "a"}, {Name: "b"}}}
	found := findings{
		leases:  map[string]lifecycle.LeaseFacts{"b": {Name: "b", Held: true}},
		refusal: lifecycle.Refusal{Reason: "Forbidden"}, warning: "exceeded quota",
	}
	want := lifecycle.Facts{Leases: []lifecycle.LeaseFacts{{Name: "a"}, {Name: "b", Held: true}}}
	want.Agent.Refusal, want.Agent.Warning, want.Agent.WarningReason = found.refusal, found.warning, v1.ReasonFailedCreate
	if diff := cmp.Diff(want, found.addTo(facts)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if facts.Leases[1].Held {
		t.Error("the facts before were changed")
	}
	if found.nothing() || !(&findings{soon: true}).nothing() {
		t.Error("Leases and refusals are worth another decision, and nothing else is")
	}
}

func TestGoneAndOutdatedAreNoErrors(t *testing.T) {
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	if err := stale(apierrors.NewNotFound(jobs, "x")); err != nil {
		t.Errorf("what is gone needs nothing, got %v", err)
	}
	if err := stale(apierrors.NewConflict(jobs, "x", nil)); !errors.Is(err, errStale) {
		t.Errorf("a conflict means an old view, got %v", err)
	}
	if err := changed(apierrors.NewInvalid(schema.GroupKind{Kind: "Job"}, "x", nil)); !errors.Is(err, errStale) {
		t.Errorf("to a patch another UID is invalid and means an old view, got %v", err)
	}
}

func TestTheLedgerKnowsWhatTheCacheDoesNotShowYet(t *testing.T) {
	ledger, run := NewLedger(), code(func(r *v1.CodeRun) { r.Status = out(v1.PhaseProvisioning, "east") })
	old := code(func(r *v1.CodeRun) { r.Status = v1.RunStatus{Phase: v1.PhasePending, Transitions: 4} })
	active := func(own types.UID) int {
		n := map[string]int{}
		ledger.addTo(n, own)
		return n["east"]
	}
	ledger.note(run, now)
	if active("another") != 1 || active(run.UID) != 0 {
		t.Error("others count what was placed, the run itself does not")
	}
	if !ledger.outdated(old, now) || ledger.outdated(run, now) || ledger.outdated(old, now.Add(blind+1)) {
		t.Error("a view older than the write is outdated, for a while")
	}
	if ledger.Seen(old, old) || !ledger.Seen(old, run) {
		t.Error("whoever was sent away looks again when the cache shows the write")
	}
	if active("another") != 0 || ledger.outdated(old, now) {
		t.Error("what the cache shows need not be remembered")
	}
	if ledger.Seen(run, run) || !ledger.Seen(old, run) {
		t.Error("a transition that is not ours is looked at, and nothing else")
	}
	ledger.note(run, now)
	ledger.forget(run)
	if active("another") != 0 {
		t.Error("a write that was refused placed nothing")
	}
}

func TestTheLedgerKnowsAJobUntilItsUIDIsCommitted(t *testing.T) {
	ledger, run := NewLedger(), code(func(r *v1.CodeRun) { r.Status = out(v1.PhaseProvisioning, "east") })
	ledger.created(run.UID, "made")
	ledger.note(run, now) // such as a Warning's message
	if !ledger.knows(run.UID, "made") || ledger.knows(run.UID, "another") || ledger.knows("another", "made") {
		t.Error("the Job that was created for the run is known, and no other")
	}
	run.Status.Attempts[len(run.Status.Attempts)-1].JobUID = "made"
	ledger.note(run, now)
	if len(ledger.jobs) > 0 {
		t.Error("what the run itself says need not be remembered")
	}
	ledger.created(run.UID, "again")
	ledger.note(code(func(r *v1.CodeRun) { r.UID = run.UID }), now)
	if len(ledger.jobs) > 0 {
		t.Error("a run with no attempt out has no Job to be known")
	}
}

func TestAViewThatStaysTooOldIsLookedAtLessAndLessOften(t *testing.T) {
	ledger, run := NewLedger(), code(func(r *v1.CodeRun) { r.ResourceVersion = "7" })
	for _, want := range []time.Duration{again, 2 * again, 4 * again} {
		if got := ledger.patience(run); got != want {
			t.Errorf("it is looked at after %v, want %v", got, want)
		}
	}
	for range 10 {
		ledger.patience(run)
	}
	if got := ledger.patience(run); got != blind {
		t.Errorf("it is looked at after %v, want %v at most", got, blind)
	}
	run.ResourceVersion = "8"
	if got := ledger.patience(run); got != again {
		t.Errorf("a newer view is looked at after %v, want %v", got, again)
	}
}

func TestTheHigherStrayCounts(t *testing.T) {
	low, high := &lifecycle.Stray{Attempt: 1}, &lifecycle.Stray{Attempt: 2}
	for _, pair := range [][2]*lifecycle.Stray{{low, high}, {high, low}, {nil, high}, {high, nil}} {
		if got := highest(pair[0], pair[1]); got != high {
			t.Errorf("of %v want attempt 2, got %+v", pair, got)
		}
	}
}

// No event tells of inputs that a cache shows only later, and one that tells of something else ends the wait for them.
func TestWhatAnEndedRunDidNotSeeIsLookedForForAWhile(t *testing.T) {
	ended := func(ago time.Duration) *v1.CodeRun {
		return code(func(r *v1.CodeRun) {
			r.Status = over(v1.PhaseCancelled, "east")
			r.Status.FinishedAt = new(metav1.NewMicroTime(now.Add(-ago)))
		})
	}
	there := lifecycle.Facts{}
	there.Agent.Inputs, there.Agent.Job.Presence = lifecycle.Present, lifecycle.Present
	for name, c := range map[string]struct {
		run   *v1.CodeRun
		facts lifecycle.Facts
		fired bool
		want  bool
	}{
		"it ended now":                    {run: ended(0), fired: true, want: true},
		"an event came after that":        {run: ended(time.Second), want: true},
		"it ended a while ago":            {run: ended(askAgain)},
		"its last attempt ended after it": {run: ended(time.Hour), fired: true, want: true},
		"everything is in sight":          {run: ended(0), facts: there, fired: true},
		"its attempt is still out":        {run: code(func(r *v1.CodeRun) { r.Status = out(v1.PhaseRunning, "east") }), fired: true},
	} {
		p := &pass{run: c.run, now: now}
		if got := p.unseen(c.facts, c.fired); got != c.want {
			t.Errorf("%s: want %v, got %v", name, c.want, got)
		}
	}
}
