package explain_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/explain"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// look is one moment of a random life: what the operator sees and decides, and what is said of it.
type look struct {
	l lifecycle.Lifecycle
	s v1.RunStatus
	f lifecycle.Facts
	d lifecycle.Decision
	e explain.Explanation
}

// looks are many of them.
var looks = sync.OnceValue(func() []look {
	var all []look
	for seed := range int64(24) {
		lifecycletest.Walk(seed, 150, func(w *lifecycletest.World, f lifecycle.Facts, d lifecycle.Decision) bool {
			e, err := explain.Of(w.Lifecycle, "runfleet", "run/x", w.Status, f)
			if err != nil {
				panic(err) // a phase that is in no table
			}
			all = append(all, look{w.Lifecycle, *w.Status.DeepCopy(), f, d, e})
			return true
		})
	}
	return all
})

// walks shows them until the test has failed.
func walks(t *testing.T, see func(look)) {
	t.Helper()
	for _, k := range looks() {
		if see(k); t.Failed() {
			return
		}
	}
}

// at is what the operator decides at another time, in the same world.
func (k look) at(now time.Time) lifecycle.Decision {
	f := k.f
	f.Now = now
	return k.l.Decide(k.s, f)
}

func happens(d lifecycle.Decision) bool {
	for _, e := range d.Effects {
		if e.Resource == lifecycle.Run && e.Verb == lifecycle.VerbDelete {
			return true
		}
	}
	return d.Row.ID != ""
}

// The world of a walk is not quiet: of what stands on members the explanation knows nothing. So whatever it says must hold in
// all of these worlds.
func TestSomethingHappensAtTheLatestTimeThatIsSaid(t *testing.T) {
	said := 0
	walks(t, func(k look) {
		if k.e.Late.At == nil || k.e.State == string(lifecycle.Terminating) || k.e.State == string(lifecycle.Retrying) && k.e.Due == nil && lifecycle.Open(k.s) != nil {
			return
		}
		said++
		if d := k.at(*k.e.Late.At); !happens(d) {
			t.Errorf("%s: at the latest at %s (%s), and then nothing does\n%s", k.e.State, k.e.Late.At, k.e.Late.Why, k.e.Text(fsm.Paper{}, time.UTC))
		}
	})
	if said < 150 {
		t.Errorf("only %d moments had a latest time", said)
	}
}

func TestTimeAloneDoesNothingBeforeTheEarliestTimeThatIsSaid(t *testing.T) {
	said := map[explain.When]int{}
	walks(t, func(k look) {
		said[k.e.Early.When]++
		if happens(k.d) || k.d.Changed || len(k.d.Effects) > 0 { // the world has more to show than the hub does
			return
		}
		until := k.f.Now.Add(24 * 365 * time.Hour)
		switch k.e.Early.When {
		case explain.AtTime:
			until = k.e.Early.At.Add(-time.Millisecond)
		case explain.AtOnce:
			t.Errorf("%s: %s is said to be due, and nothing is", k.e.State, k.e.Due.On)
			return
		case explain.AnyMoment:
			return
		case explain.Never:
		}
		for _, now := range []time.Time{k.f.Now.Add(time.Second), k.f.Now.Add(until.Sub(k.f.Now) / 2), until} {
			if d := k.at(now); now.Before(until.Add(time.Nanosecond)) && happens(d) {
				t.Errorf("%s: nothing by itself before %v %v (%s), and %s fires at %s\n%s", k.e.State, k.e.Early.When, k.e.Early.At, k.e.Early.Why,
					d.Row.On, now, k.e.Text(fsm.Paper{}, time.UTC))
				return
			}
		}
	})
	for _, when := range []explain.When{explain.AtTime, explain.AtOnce, explain.AnyMoment, explain.Never} {
		if said[when] < 10 {
			t.Errorf("only %d times %q", said[when], when)
		}
	}
}

// asks are what the commands of the options change.
var asks = map[string]func(*lifecycle.RunFacts){
	"runfleet cancel run/x":  cancel,
	"runfleet suspend run/x": suspend,
	"kubectl delete run/x":   remove,
	"runfleet retry run/x":   func(r *lifecycle.RunFacts) { r.ContextVersion++; r.Cancel = false },
}

func TestWhatAPersonCanDoDoesWhatIsSaid(t *testing.T) {
	done := map[string]int{}
	walks(t, func(k look) {
		if happens(k.d) {
			return
		}
		for _, o := range k.e.Options {
			if o.To == "" {
				continue
			}
			ask, known := asks[o.Do]
			if !known {
				t.Errorf("%s: no test knows what %q does", k.e.State, o.Do)
				continue
			}
			asked := k.f
			ask(&asked.Run)
			if got := k.l.Decide(k.s, asked).Row; string(got.To) != o.To {
				t.Errorf("%s: %s is said to lead to %s, and leads to %q (row %s)", k.e.State, o.Do, o.To, got.To, got.ID)
			}
			done[k.e.State+" "+o.Do]++
		}
	})
	if len(done) < 20 {
		t.Errorf("only %d kinds of options were tried: %v", len(done), done)
	}
}

func TestAGuardIsAnsweredAsTheOperatorAnswersIt(t *testing.T) {
	answered := map[string]int{}
	walks(t, func(k look) {
		for _, g := range k.e.Guards {
			truth, ok := k.l.Ask(fsm.Guard(g.Name), k.s, k.f)
			if !ok || g.Open == "" && truth.Holds != g.Holds {
				t.Errorf("%s: %s is said to be %v, and is %v", k.e.State, g.Name, g.Holds, truth.Holds)
			}
			answered[g.Name]++
		}
	})
	for _, d := range lifecycle.CodeTable().Guards {
		seldom := d.Name == lifecycle.LastAttemptEnded                                     // only after a restore; a transcript shows it
		if answered[string(d.Name)] == 0 && !seldom && d.Name != lifecycle.EndsSucceeded { // from the hub alone nobody sees a success
			t.Errorf("no walk asks for %s", d.Name)
		}
	}
}

func TestEveryHistoryIsExplainedByItsTable(t *testing.T) {
	walks(t, func(k look) {
		if k.e.Why != nil && (k.e.Why.Row == "" || k.e.Why.Doc == "") {
			t.Errorf("%+v is no row", k.e.Why)
		}
		var steps []fsm.Committed
		for _, h := range k.s.History {
			steps = append(steps, fsm.Committed{Step: fsm.Step{From: fsm.State(h.From), On: fsm.Trigger(h.On), To: fsm.State(h.To)}, Seq: h.Seq, Attempt: h.Attempt})
		}
		if _, found := k.l.Table.Replay(steps, fsm.State(k.s.Phase)); found != nil {
			t.Errorf("%+v diverges: %s", k.s.History, found.Why)
		}
	})
}

// What the hub cannot show must not change what is said: else it was guessed.
func TestOnlyTheHubIsBelieved(t *testing.T) {
	walks(t, func(k look) {
		blind := k.f
		blind.Agent, blind.Others, blind.Census = lifecycle.AgentFacts{}, nil, lifecycle.Census{}
		blind.Candidate, blind.Leases, blind.Members, blind.Workspace, blind.Inputs = lifecycle.Candidate{}, nil, nil, lifecycle.Unknown, lifecycle.Unknown
		again, err := explain.Of(k.l, "runfleet", "run/x", k.s, blind)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(k.e, again) {
			t.Errorf("with the member (-), without (+):\n%s", cmp.Diff(k.e, again))
		}
	})
}

func TestAPhaseOfAnotherVersionIsNotExplained(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	w.Status.Phase = "Hibernating"
	_, err := explain.Of(w.Lifecycle, "runfleet", "docsrun/x", w.Status, w.Facts())
	want := `phase "Hibernating" is not in the table of DocsRun: another version of Runfleet wrote it, and that one explains it`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAHistoryOfAnotherTableIsSaidToBeOne(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	starts(w)
	w.Status.History[len(w.Status.History)-1].On = "AgentDreamt"
	e, err := explain.Of(w.Lifecycle, "runfleet", "docsrun/x", w.Status, w.Facts())
	if err != nil || e.Why == nil || e.Why.Row != "" || !strings.Contains(e.Why.Doc, "another one was at work") {
		t.Errorf("%+v, %v", e.Why, err)
	}
	w.Status.History = nil
	w.Status.Attempts[0].EndedAt = nil
	e, err = explain.Of(w.Lifecycle, "runfleet", "docsrun/x", w.Status, w.Facts())
	if err != nil || e.Why != nil || !strings.HasPrefix(e.Begun, "It has no history") || w.Status.Phase != v1.PhaseRunning {
		t.Errorf("%q, %v", e.Begun, err)
	}
}

func TestAPodIsEndingUntilItWasSeenGone(t *testing.T) {
	at := new(metav1.NewMicroTime(time.Unix(1, 0)))
	for _, gone := range []*metav1.MicroTime{nil, at} {
		s := v1.RunStatus{Attempt: 1, Attempts: []v1.Attempt{{Number: 1, EndingSince: at, GoneSince: gone}}}
		if got := explain.Hub(s, lifecycle.Facts{}).Agent.Pod.Ending; got != (gone == nil) {
			t.Errorf("gone since %v: ending is %v", gone, got)
		}
	}
}
