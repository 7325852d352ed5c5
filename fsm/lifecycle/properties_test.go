package lifecycle

import (
	"math/rand"
	"reflect"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// TestEveryCellFiresWhatTheTableSays compares the machine that Decide fires with the oracle Table.Next, for every
// state, trigger and possible answer of the guards.
func TestEveryCellFiresWhatTheTableSays(t *testing.T) {
	fired := 0
	for _, table := range []fsm.Table{DocsTable(), CodeTable()} {
		m, err := table.Machine()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range table.States {
			for _, on := range table.Triggers {
				for _, holds := range table.Valuations(s.Name, on.Name) {
					want, ok := table.Next(s.Name, on.Name, holds)
					got, err := m.Fire(s.Name, on.Name, holds)
					if ok != (err == nil) || !reflect.DeepEqual(want, got) {
						t.Errorf("%s on %s: machine says %v (%v), table says %v (%v)", s.Name, on.Name, got, err, want, ok)
					}
					fired++
				}
			}
		}
	}
	t.Logf("%d cells and valuations", fired)
}

// TestSensorsStandInTheTablesOrder: which of two triggers wins is data, and the documentation shows it.
func TestSensorsStandInTheTablesOrder(t *testing.T) {
	if len(sensors) != len(triggers) {
		t.Fatalf("%d sensors for %d triggers", len(sensors), len(triggers))
	}
	for i, s := range sensors {
		if s.on != triggers[i].Name {
			t.Errorf("sensor %d is %s, trigger %d is %s", i, s.on, i, triggers[i].Name)
		}
	}
}

func TestEveryActionOfTheTableIsWritten(t *testing.T) {
	for _, a := range actionDefs {
		if actions[a.Name] == nil {
			t.Errorf("action %s has no function", a.Name)
		}
	}
	if len(actions) != len(actionDefs) {
		t.Errorf("%d functions for %d actions", len(actions), len(actionDefs))
	}
}

// walk takes random steps through the story world, four hundred runs of a hundred steps, and shows every decision to see.
func walk(t *testing.T, see func(t *testing.T, w *world, f Facts, d Decision)) {
	t.Helper()
	for seed := range int64(400) {
		r := rand.New(rand.NewSource(seed))
		kind := []Kind{DocsRun, CodeRun}[seed%2]
		w := newWorld(kind)
		w.run.MaxRetries = int32(r.Intn(3))
		if r.Intn(3) == 0 {
			w.run.OnClusterLost = v1.ClusterLostReschedule
		}
		for range 100 {
			w.happen(r)
			f := w.facts()
			d := w.l.Decide(w.status, f)
			see(t, w, f, d)
			if t.Failed() {
				t.Fatalf("seed %d, phase %s", seed, w.status.Phase)
			}
			w.status = d.Status
			for _, e := range d.Effects {
				if r.Intn(4) > 0 { // some effects are lost
					w.execute(e)
				}
			}
			if w.removed {
				break
			}
		}
	}
}

// happen lets one random thing happen to the world.
func (w *world) happen(r *rand.Rand) {
	var o *AgentFacts
	if len(w.objects) > 0 {
		o = w.objects[r.Intn(len(w.objects))]
	}
	switch r.Intn(24) {
	case 0:
		w.run.Cancel = r.Intn(4) == 0
	case 1:
		w.run.Suspend = r.Intn(3) == 0
	case 2:
		if r.Intn(5) == 0 {
			w.run.ContextVersion++
		}
	case 3:
		w.run.Deleted = w.run.Deleted || r.Intn(20) == 0
	case 4:
		w.choose([]string{"a", "b", ""}[r.Intn(3)])
	case 5, 6:
		w.member([]string{"a", "b"}[r.Intn(2)], []string{"answers", "answers", "silent", "replaced", "unregistered"}[r.Intn(5)])
	case 7, 8, 9, 10:
		w.now = w.now.Add([]time.Duration{time.Second, 15 * time.Second, time.Minute, 10 * time.Minute, 2 * time.Hour}[r.Intn(5)])
	case 11:
		if r.Intn(20) == 0 {
			w.hub = HubFacts{Incarnation: w.hub.Incarnation + 1, Since: w.now}
			w.census = Census{}
		}
	case 12:
		w.census = Census{Complete: true, Stray: w.findStray()}
	default:
		if o != nil {
			happenToAgent(r, o)
		}
	}
}

func happenToAgent(r *rand.Rand, o *AgentFacts) {
	alive := o.Pod.Presence == Present
	switch k := r.Intn(8); {
	case k < 3 && alive:
		o.Pod.Started = true
	case k < 5 && alive:
		code := int32([]int{0, 0, 1, 78, 137}[r.Intn(5)])
		o.Pod = PodFacts{Presence: Absent, Started: true}
		o.Ended = Evidence{Pod: Present, ExitCode: &code, Outcome: &Outcome{Result: ResultSucceeded, PullRequestURL: "https://github.com/example/shop/pull/1", CostUSD: "0.5"}}
		o.Job.Active, o.Job.Complete, o.Job.Failed = 0, o.Job.Presence == Present && code == 0, o.Job.Presence == Present && code != 0
	case k == 5 && r.Intn(4) == 0:
		o.Job = JobFacts{Presence: Absent}
	case k == 6 && r.Intn(4) == 0:
		o.Job, o.Pod = JobFacts{Presence: Absent}, PodFacts{Presence: Absent}
	}
}

func TestAFinalStateIsAbsorbingForItsContextVersion(t *testing.T) {
	walk(t, func(t *testing.T, w *world, f Facts, d Decision) {
		raised := d.Status.ContextVersion > w.status.ContextVersion
		if final(w.status.Phase) && d.Status.Phase != w.status.Phase && d.Status.Phase != v1.PhaseTerminating && !raised {
			t.Errorf("%s became %s in version %d", w.status.Phase, d.Status.Phase, w.status.ContextVersion)
		}
	})
}

func TestDecideIsIdempotentAndComesToRest(t *testing.T) {
	walk(t, func(t *testing.T, w *world, f Facts, d Decision) {
		before := *w.status.DeepCopy()
		if again := w.l.Decide(w.status, f); !reflect.DeepEqual(d, again) {
			t.Errorf("same input, two decisions:\n%+v\n%+v", d, again)
		}
		if !reflect.DeepEqual(before, w.status) {
			t.Error("Decide changed its input")
		}
		s := d.Status
		for range 8 {
			next := w.l.Decide(s, f)
			if reflect.DeepEqual(next.Status, s) {
				return
			}
			s = next.Status
		}
		t.Errorf("with the same facts the status never comes to rest: %+v", s)
	})
}

func TestUnknownNeverDeletes(t *testing.T) {
	walk(t, func(t *testing.T, w *world, f Facts, _ Decision) {
		blind := f
		blind.Agent = AgentFacts{Attempt: f.Agent.Attempt, Cluster: f.Agent.Cluster}
		blind.Others, blind.Inputs, blind.Workspace = nil, Unknown, Unknown
		blind.Cluster = ClusterFacts{Name: f.Cluster.Name}
		blind.Members = nil
		for _, m := range f.Members {
			blind.Members = append(blind.Members, MemberFacts{Name: m.Name})
		}
		for _, e := range w.l.Decide(w.status, blind).Effects {
			if e.Cluster != "" && (e.Verb == VerbDelete || e.Verb == VerbEnd) {
				t.Errorf("%+v, though nothing was seen", e)
			}
		}
		// And nothing that needs an absence fires, neither blind nor with only the Job out of sight.
		half := f
		half.Agent.Job = JobFacts{}
		for _, f := range []Facts{blind, half} {
			for _, on := range w.l.Sense(w.status, f) {
				if on == AgentVanished || on == AgentOrphaned {
					t.Errorf("%s sensed, though the Job was not looked for", on)
				}
			}
		}
	})
}

func TestEveryDecisionOfAnActiveRunHasAWake(t *testing.T) {
	walk(t, func(t *testing.T, _ *world, f Facts, d Decision) {
		if !final(d.Status.Phase) && !d.Wake.After(f.Now) {
			t.Errorf("%s wakes at %v, now is %v", d.Status.Phase, d.Wake, f.Now)
		}
	})
}

func TestEffectsNameTheCommittedMember(t *testing.T) {
	walk(t, func(t *testing.T, _ *world, f Facts, d Decision) {
		for _, e := range d.Effects {
			if e.Cluster == "" {
				continue
			}
			entry := attempt(d.Status, e.Attempt)
			if entry == nil || entry.Cluster != e.Cluster {
				t.Errorf("%+v, but the committed attempt is %+v", e, entry)
			}
			if (e.Verb == VerbRelease || e.Verb == VerbEnd || (e.Verb == VerbDelete && e.Resource != Inputs)) && (e.UID == "" || e.ResourceVersion == "") {
				t.Errorf("%+v names no UID or resourceVersion", e)
			}
			if e.Verb == VerbRelease && e.UID != entry.JobUID {
				t.Errorf("%+v releases another Job than the committed %s", e, entry.JobUID)
			}
		}
	})
}

func TestTheHistoryKeepsItsNewestRows(t *testing.T) {
	w := newWorld(DocsRun)
	w.pass(t)
	for seq := range int64(maxHistory) {
		w.status.History = append(w.status.History, v1.Transition{Seq: w.status.Transitions + seq + 1})
	}
	w.status.History = w.status.History[len(w.status.History)-maxHistory:]
	w.status.Transitions = w.status.History[maxHistory-1].Seq
	w.run.Cancel = true
	got := w.l.Decide(w.status, w.facts()).Status
	if n := len(got.History); n != maxHistory || got.History[n-1].Seq != got.Transitions || got.Transitions != w.status.Transitions+1 {
		t.Errorf("%d rows, the last has seq %d, transitions %d", n, got.History[n-1].Seq, got.Transitions)
	}
}

func TestTheHistoryAndTheAttemptsKeepTheAPIsBounds(t *testing.T) {
	walk(t, func(t *testing.T, w *world, _ Facts, d Decision) {
		s := d.Status
		if len(s.History) > maxHistory || len(s.Attempts) > maxAttempts || len([]rune(s.Message)) > maxMessage {
			t.Errorf("%d rows of history, %d attempts, %d characters", len(s.History), len(s.Attempts), len(s.Message))
		}
		if s.Attempt > w.status.Attempt && w.status.Attempt > 0 && attempt(s, w.status.Attempt) != nil && attempt(s, w.status.Attempt).EndedAt == nil {
			t.Errorf("attempt %d begins, %d has not ended", s.Attempt, w.status.Attempt)
		}
		if len(s.Conditions) > 0 && len(s.Conditions) != 5 {
			t.Errorf("%d conditions", len(s.Conditions))
		}
	})
}
