// Package world puts a story together: one hub, two members, two operators, three runs, people, and faults. A seed is a
// story; telling it again tells the same.
//
//	seed ──► runs ──┐
//	      ├─ faults ┼──► things to come, in virtual time ──► one step after the other ──► nothing is pending
//	      └─ people ┘                                           │
//	                                                            └──► invariants, after each step (check_*.go)
package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/render"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/timeline"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	namespace = "team"
	patience  = 24 * time.Hour // by then every story has ended, or something hangs (I12)
	mostSteps = 100_000
)

// Result is how a story went.
type Result struct {
	Seed      uint64
	Violation string // "" when every invariant held
	Steps     int
	Elapsed   time.Duration  // of virtual time
	Faults    map[string]int // by kind
	Rows      map[string]int // of the table, by ID
	Phases    []v1.Phase     // of the runs that are left
}

// world is one story.
type world struct {
	*operator.World

	ops     []*operator.Operator
	leader  *operator.Operator // nil while nobody leads
	runs    []*subject
	armed   []armed
	over    bool // there is nothing more to learn
	saved   backup
	terms   operator.Terms // of every member, on a good day
	share   float64        // of requests that go wrong while nothing is wrong
	watched *truth
	serial  *uint32                         // of UIDs
	plan    func(*member.Agent) member.Fate // what becomes of agents; nil: chance decides
	result  Result
	out     *strings.Builder
}

// Tell tells the story of a seed to its end. With a transcript it also writes down what happened.
func Tell(seed uint64, plant operator.Plant, transcript *strings.Builder) Result {
	w := newWorld(seed, plant, transcript)
	w.introduce()
	w.tell()
	return w.end()
}

// tell lets one thing happen after the other, until nothing is pending.
func (w *world) tell() {
	for w.result.Violation == "" && !w.over && (w.Time.Step() || w.anHourLater()) {
		w.spring()
		w.glance()
		if w.leader != nil {
			w.leader.Beat(false)
		}
		switch {
		case w.Time.Elapsed() > patience:
			w.failf("I12: after %s something is still pending: %s", patience, w.pending())
		case w.Time.Steps > mostSteps:
			w.failf("I12: after %d steps something is still pending: %s", mostSteps, w.pending())
		}
	}
	if w.result.Violation == "" && !w.over {
		w.conclude()
	}
}

func (w *world) end() Result {
	for _, o := range w.ops {
		o.Crash() // ends its looks
	}
	w.Workers.Dismiss()
	w.result.Steps, w.result.Elapsed = w.Time.Steps, w.Time.Elapsed()
	return w.result
}

func newWorld(seed uint64, plant operator.Plant, transcript *strings.Builder) *world {
	t := timeline.New(seed)
	serial := new(t.Dice.Uint32N(1 << 31))
	w := &world{out: transcript, serial: serial, result: Result{Seed: seed, Faults: map[string]int{}, Rows: map[string]int{}}}
	w.World = &operator.World{
		Time: t, Hub: apiserver.New("hub", serial, t.Now), Config: settings, Machines: machines, Plant: plant,
		Weather: &operator.Weather{Links: map[string]*operator.Link{}}, Workers: &operator.Workers{},
	}
	if transcript != nil {
		w.Say = w.write
	}
	for _, name := range []string{namespace, operator.System} {
		_ = w.Hub.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}) // new
	}
	w.share, w.terms = calm, operator.Terms{Labels: map[string]string{pool: "large"}}
	w.Weather.Links["hub"] = &operator.Link{Errors: w.share, Lost: w.share}
	w.watch()
	for _, name := range []string{"east", "west"} {
		m := w.build(name)
		w.Registry = append(w.Registry, &operator.Registration{
			Name: name, Leads: m, Recorded: m.UID, Terms: w.terms,
		})
	}
	return w
}

// build makes a cluster that can be a member, once it has the runs' namespace.
func (w *world) build(name string) *member.Member {
	m := member.New(name, w.serial, w.Time)
	m.Plan = w.plan
	m.Listen(w.hear(m.Server))
	m.Watch = member.Watch{Started: w.agentStarted, Ended: w.agentEnded}
	w.Members = append(w.Members, m)
	w.Weather.Links[name] = &operator.Link{Errors: w.share, Lost: w.share}
	return m
}

// hear lets operators hear of what changes in a cluster.
func (w *world) hear(s *apiserver.Server) func(apiserver.Kind, apiserver.Change) {
	return func(k apiserver.Kind, _ apiserver.Change) {
		for _, o := range w.ops {
			o.Heard(s, k)
		}
	}
}

// machines are the two lifecycles. They are immutable, so all stories share them.
var machines = newMachines()

func newMachines() map[lifecycle.Kind]lifecycle.Lifecycle {
	out := map[lifecycle.Kind]lifecycle.Lifecycle{}
	for _, kind := range []lifecycle.Kind{lifecycle.DocsRun, lifecycle.CodeRun} {
		m, err := lifecycle.New(kind, lifecycle.DefaultSettings())
		if err != nil {
			panic(err) //nolint:forbidigo // our own table, at init time
		}
		out[kind] = m
	}
	return out
}

// settings are an operator's configuration, with the defaults of the documentation and shorter deadlines.
var settings = config.Config{
	Render: render.SampleSettings(), TemplateDigest: render.Digest(render.SampleSettings()), Lifecycle: lifecycle.DefaultSettings(),
	Deadlines: config.Deadlines{
		Docs: 5 * time.Minute, Code: 10 * time.Minute, Min: time.Minute, Max: 24 * time.Hour, Provisioning: 2 * time.Minute,
	},
	Cleanup: config.Cleanup{Enabled: true, Completed: 5 * time.Minute, Failed: 10 * time.Minute},
}

// watch lets operators and invariants hear of changes.
func (w *world) watch() {
	w.watched = newTruth()
	w.Hub.Listen(w.runChanged)
	w.Hub.Listen(w.hear(w.Hub))
	w.Hub.Refused = w.refused
	w.Weather.Hit = w.hit
	w.Weather.Landing, w.Weather.Landed = w.landing, w.landed
}

// failf notes the first violation; it ends the story.
func (w *world) failf(format string, args ...any) {
	if w.result.Violation == "" {
		w.result.Violation = fmt.Sprintf(format, args...)
		w.say("VIOLATION", w.result.Violation)
	}
}

// hit counts a fault.
func (w *world) hit(fault string) { w.result.Faults[fault]++ }

func (w *world) say(who, what string) {
	if w.Say != nil {
		w.Say(who, what)
	}
}

func (w *world) write(who, what string) {
	fmt.Fprintf(w.out, "t+%-9s %-9s %s\n", fmt.Sprintf("%.2fs", w.Time.Elapsed().Seconds()), who, what)
}

// run is the run as it is on the hub now, nil when it is gone.
func (w *world) run(s *subject) v1.Run {
	run, _ := w.Hub.Find(s.kind, s.key).(v1.Run)
	if run == nil || run.GetUID() != s.uid {
		return nil
	}
	return run
}

func (w *world) member(name string) *member.Member {
	i := slices.IndexFunc(w.Members, func(m *member.Member) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return w.Members[i]
}

// pending says what is not done yet.
func (w *world) pending() string {
	var out []string
	for _, s := range w.runs {
		run := w.run(s)
		if run == nil {
			continue
		}
		status := run.RunStatus()
		out = append(out, fmt.Sprintf("%s is %s with attempt %d: %s", s, status.Phase, status.Attempt, status.Message))
		for _, m := range w.Members {
			for _, o := range m.Holds(s.uid) {
				out = append(out, fmt.Sprintf("%s %s is on %s", apiserver.KindOf(o), o.GetName(), m.Name))
			}
		}
	}
	return strings.Join(out, "; ")
}
