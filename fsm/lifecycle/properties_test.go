package lifecycle_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	"k8s.io/apimachinery/pkg/api/equality"
)

// The bounds of the API's schema.
const historyBound, attemptsBound, messageBound = 50, 100, 4096

func final(p v1.Phase) bool {
	return p == v1.PhaseSucceeded || p == v1.PhaseFailed || p == v1.PhaseCancelled
}

func entryOf(s v1.RunStatus, n int32) *v1.Attempt {
	for i := range s.Attempts {
		if s.Attempts[i].Number == n {
			return &s.Attempts[i]
		}
	}
	return nil
}

// properties hold of every decision. A property says what does not with t.Error.
var properties = map[string]func(t *testing.T, w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision){
	"a final state is absorbing for its context version":      absorbing,
	"Decide is idempotent and comes to rest":                  idempotent,
	"what changes without a row is compared":                  compared,
	"unknown never deletes":                                   cautious,
	"every decision of an active run has a wake":              awake,
	"effects name the committed member":                       addressed,
	"the history and the attempts keep the bounds of the API": bounded,
}

// TestProperties takes two hundred runs through a hundred random events each. The race detector, which makes each six times
// slower and has nothing to find in one goroutine, is content with -short.
func TestProperties(t *testing.T) {
	seeds := int64(200)
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		lifecycletest.Walk(seed, 100, func(w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) bool {
			for name, holds := range properties {
				if holds(t, w, f, d); t.Failed() {
					t.Fatalf("seed %d, phase %s: %s", seed, w.Status.Phase, name)
				}
			}
			return true
		})
	}
	if len(changed) < 5 {
		t.Errorf("only %v ever changed without a row", changed)
	}
}

func absorbing(t *testing.T, w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) {
	raised := d.Status.ContextVersion > w.Status.ContextVersion
	if final(w.Status.Phase) && d.Status.Phase != w.Status.Phase && d.Status.Phase != v1.PhaseTerminating && !raised {
		t.Errorf("%s became %s in version %d", w.Status.Phase, d.Status.Phase, w.Status.ContextVersion)
	}
}

func idempotent(t *testing.T, w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) {
	before := *w.Status.DeepCopy()
	if again := w.Lifecycle.Decide(w.Status, f); !reflect.DeepEqual(d, again) {
		t.Errorf("same input, two decisions:\n%+v\n%+v", d, again)
	}
	if !reflect.DeepEqual(before, w.Status) {
		t.Error("Decide changed its input")
	}
	s := d.Status
	for range 8 {
		next := w.Lifecycle.Decide(s, f)
		if reflect.DeepEqual(next.Status, s) {
			return
		}
		s = next.Status
	}
	t.Errorf("with the same facts the status never comes to rest: %+v", s)
}

// changed are the fields that ever changed without a row.
var changed = map[string]bool{}

// What note and describe write is compared, each field by itself: one that is not would never be committed.
func compared(t *testing.T, w *lifecycletest.World, f lifecycle.Facts, _ lifecycle.Decision) {
	next := w.Lifecycle.WithoutRow(w.Status, f)
	if lifecycle.Same(next, w.Status) {
		if !equality.Semantic.DeepEqual(w.Status, next) {
			t.Errorf("nothing is said to change, but:\n%s", cmp.Diff(w.Status, next))
		}
		return
	}
	for name, one := range changesOneByOne(w.Status, next) {
		changed[name] = true
		if lifecycle.Same(one, w.Status) {
			t.Errorf("%s changes without a row and is not compared", name)
		}
	}
}

// changesOneByOne returns the status before with one field after the other as it is afterwards, where that differs.
func changesOneByOne(before, after v1.RunStatus) map[string]v1.RunStatus {
	out := map[string]v1.RunStatus{}
	fields(reflect.ValueOf(before), reflect.ValueOf(after), func(i int, name string, value reflect.Value) {
		one := *before.DeepCopy()
		if name != "Attempts" {
			reflect.ValueOf(&one).Elem().Field(i).Set(value)
			out[name] = one
			return
		}
		newest := len(before.Attempts) - 1
		fields(reflect.ValueOf(before.Attempts[newest]), reflect.ValueOf(after.Attempts[newest]), func(i int, name string, value reflect.Value) {
			one := *before.DeepCopy()
			reflect.ValueOf(&one.Attempts[newest]).Elem().Field(i).Set(value)
			out[name] = one
		})
	})
	return out
}

// fields shows the fields of two values that differ.
func fields(before, after reflect.Value, see func(i int, name string, value reflect.Value)) {
	for i := range before.NumField() {
		if !equality.Semantic.DeepEqual(before.Field(i).Interface(), after.Field(i).Interface()) {
			see(i, before.Type().Field(i).Name, after.Field(i))
		}
	}
}

func cautious(t *testing.T, w *lifecycletest.World, f lifecycle.Facts, _ lifecycle.Decision) {
	blind := f
	blind.Agent = lifecycle.AgentFacts{Attempt: f.Agent.Attempt, Cluster: f.Agent.Cluster}
	blind.Others, blind.Inputs, blind.Workspace = nil, lifecycle.Unknown, lifecycle.Unknown
	blind.Cluster = lifecycle.ClusterFacts{Name: f.Cluster.Name}
	blind.Members = nil
	for _, m := range f.Members {
		blind.Members = append(blind.Members, lifecycle.MemberFacts{Name: m.Name})
	}
	for _, e := range w.Lifecycle.Decide(w.Status, blind).Effects {
		if e.Cluster != "" && (e.Verb == lifecycle.VerbDelete || e.Verb == lifecycle.VerbEnd) {
			t.Errorf("%+v, though nothing was seen", e)
		}
	}
	// And nothing that needs an absence fires, neither blind nor with only the Job out of sight.
	half := f
	half.Agent.Job = lifecycle.JobFacts{}
	for _, f := range []lifecycle.Facts{blind, half} {
		for _, on := range w.Lifecycle.Sense(w.Status, f) {
			if on == lifecycle.AgentVanished || on == lifecycle.AgentOrphaned {
				t.Errorf("%s sensed, though the Job was not looked for", on)
			}
		}
	}
}

func awake(t *testing.T, w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) {
	counted := d.Row.ID == "" && d.Status.Incarnation > w.Status.Incarnation // the end of a quarantine leads to another look at once
	if !final(d.Status.Phase) && !d.Wake.After(f.Now) && (!counted || !d.Wake.Equal(f.Now)) {
		t.Errorf("%s wakes at %v, now is %v", d.Status.Phase, d.Wake, f.Now)
	}
}

func addressed(t *testing.T, _ *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) {
	for _, e := range d.Effects {
		if e.Cluster == "" {
			continue
		}
		entry := entryOf(d.Status, e.Attempt)
		if entry == nil || entry.Cluster != e.Cluster {
			t.Errorf("%+v, but the committed attempt is %+v", e, entry)
		}
		if (e.Verb == lifecycle.VerbRelease || e.Verb == lifecycle.VerbEnd || (e.Verb == lifecycle.VerbDelete && e.Resource != lifecycle.Inputs)) && (e.UID == "" || e.ResourceVersion == "") {
			t.Errorf("%+v names no UID or resourceVersion", e)
		}
		if e.Verb == lifecycle.VerbRelease && e.UID != entry.JobUID {
			t.Errorf("%+v releases another Job than the committed %s", e, entry.JobUID)
		}
	}
}

func TestTheHistoryKeepsItsNewestRows(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	story{w}.pass(t)
	for seq := range int64(historyBound) {
		w.Status.History = append(w.Status.History, v1.Transition{Seq: w.Status.Transitions + seq + 1})
	}
	w.Status.History = w.Status.History[len(w.Status.History)-historyBound:]
	w.Status.Transitions = w.Status.History[historyBound-1].Seq
	w.Run.Cancel = true
	got := w.Lifecycle.Decide(w.Status, w.Facts()).Status
	if n := len(got.History); n != historyBound || got.History[n-1].Seq != got.Transitions || got.Transitions != w.Status.Transitions+1 {
		t.Errorf("%d rows, the last has seq %d, transitions %d", n, got.History[n-1].Seq, got.Transitions)
	}
}

func bounded(t *testing.T, w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) {
	s := d.Status
	if len(s.History) > historyBound || len(s.Attempts) > attemptsBound || len([]rune(s.Message)) > messageBound {
		t.Errorf("%d rows of history, %d attempts, %d characters", len(s.History), len(s.Attempts), len(s.Message))
	}
	for _, e := range s.Attempts {
		if len([]rune(e.Message)) > messageBound {
			t.Errorf("attempt %d: a message of %d characters", e.Number, len([]rune(e.Message)))
		}
	}
	if u := s.Usage; u != nil && (u.InputTokens < 0 || u.OutputTokens < 0 || u.Turns < 0 || len(u.CostUSD) > 32) {
		t.Errorf("usage %+v", *u)
	}
	if s.Attempt > w.Status.Attempt && w.Status.Attempt > 0 && entryOf(s, w.Status.Attempt) != nil && entryOf(s, w.Status.Attempt).EndedAt == nil {
		t.Errorf("attempt %d begins, %d has not ended", s.Attempt, w.Status.Attempt)
	}
	if len(s.Conditions) > 0 && len(s.Conditions) != 5 {
		t.Errorf("%d conditions", len(s.Conditions))
	}
}
