package waterfall_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const uid = "1a2b3c4d-0000-4000-8000-000000000000"

func runOf(w *lifecycletest.World, s v1.RunStatus) v1.Run {
	meta := metav1.ObjectMeta{Namespace: "team", Name: w.Run.Name, UID: w.Run.UID, CreationTimestamp: metav1.NewTime(w.Run.Created)}
	var run v1.Run = &v1.CodeRun{ObjectMeta: meta}
	if w.Lifecycle.Kind == lifecycle.DocsRun {
		run = &v1.DocsRun{ObjectMeta: meta}
	}
	*run.RunStatus() = s
	return run
}

// TestWhateverHappensThePictureHangsTogether draws runs after each step of random walks.
func TestWhateverHappensThePictureHangsTogether(t *testing.T) {
	drawn, chapters := 0, 0
	for seed := range int64(30) {
		lifecycletest.Walk(seed, 100, func(w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) bool {
			defer func() { w.Now = w.Now.Add(time.Millisecond) }() // between two commits time passes
			p := waterfall.Of(uid, waterfall.Told(runOf(w, d.Status), w.Now), 0)
			drawn++
			chapters = max(chapters, len(p.Chapters))
			for _, problem := range check(p) {
				t.Errorf("seed %d: %s", seed, problem)
			}
			if n := len(d.Status.History); len(p.Moves) != n {
				t.Errorf("seed %d: %d of %d transitions are shown", seed, len(p.Moves), n)
			}
			return !t.Failed()
		})
	}
	if drawn < 1500 || chapters < 3 {
		t.Errorf("%d pictures with up to %d chapters were looked at", drawn, chapters)
	}
}

// check says what is wrong with a picture.
func check(p waterfall.Picture) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for i, c := range p.Chapters {
		sum, at := time.Duration(0), c.Start
		for _, s := range c.Path {
			if !s.Start.Equal(at) || !s.Start.Before(s.End) {
				say("chapter %d: the critical path has a hole before %+v", i, s)
			}
			sum, at = sum+s.End.Sub(s.Start), s.End
			if s.Label == "not known any more" && !c.Partial {
				say("chapter %d: nothing is known of %v to %v", i, s.Start, s.End)
			}
		}
		if sum != c.Duration() {
			say("chapter %d: it took %v, its critical path %v", i, c.Duration(), sum)
		}
		states := slices.DeleteFunc(slices.Clone(c.Rows), func(r waterfall.Row) bool { return r.Kind != story.RoleState })
		for j, r := range states {
			if r.Start.Before(c.Start) || r.End.After(c.End) {
				say("chapter %d: %s is outside of it", i, r.Label)
			}
			if j > 0 && !states[j-1].End.Equal(r.Start) {
				say("chapter %d: %s ends at %v and %s begins at %v", i, states[j-1].Label, states[j-1].End, r.Label, r.Start)
			}
			if r.Waits == (r.Label == string(v1.PhaseRunning)) {
				say("chapter %d: %s waits: %v", i, r.Label, r.Waits)
			}
			if r.Waits && r.Note == "" {
				say("chapter %d: nobody says what %s waits for", i, r.Label)
			}
		}
		attempts := slices.DeleteFunc(slices.Clone(c.Rows), func(r waterfall.Row) bool { return r.Kind != story.RoleAttempt })
		for j := range attempts[:max(0, len(attempts)-1)] {
			if attempts[j].End.After(attempts[j+1].Start) {
				say("chapter %d: %s and %s overlap", i, attempts[j].Label, attempts[j+1].Label)
			}
		}
	}
	return problems
}

// waitingRun is a CodeRun with rows "SECONDS ON TO [REASON OBJECT SINCE UNTIL]": what follows a phase is what the phase before waited
// for, with "-" for an object that there is none of, and UNTIL left out where it lasted to the end.
func waitingRun(rows ...string) v1.Run {
	moment := func(text string) metav1.MicroTime {
		d, err := time.ParseDuration(text + "s")
		if err != nil {
			panic(err)
		}
		return metav1.NewMicroTime(time.Unix(0, 0).Add(d))
	}
	run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "team", UID: uid, CreationTimestamp: metav1.NewTime(time.Unix(0, 0))}}
	s := &run.Status
	s.Phase = v1.PhasePending
	for i, row := range rows {
		f := strings.Fields(row)
		tr := v1.Transition{Seq: int64(i + 1), Time: moment(f[0]), From: s.Phase, On: f[1], To: v1.Phase(f[2]), Attempt: 1}
		if len(f) > 3 {
			tr.WaitedFor = &v1.Wait{Reason: f[3], Object: strings.Trim(f[4], "-"), Since: moment(f[5])}
		}
		if len(f) > 6 {
			tr.WaitedFor.Until = new(moment(f[6]))
		}
		s.History, s.Phase, s.Transitions = append(s.History, tr), tr.To, tr.Seq
	}
	return run
}

func TestGapsSayWhatWasWaitedFor(t *testing.T) {
	const (
		starts = "10 ClusterChosen Provisioning"
		runs   = "20 AgentStarted Running"
		fails  = "30 AgentFailed Retrying"
	)
	for name, c := range map[string]struct {
		rows  []string
		state string // the last one of that name
		want  string // its note, and its marks
	}{
		"an old history":                   {[]string{starts}, "Pending", "waits for a member and its turn"},
		"another run":                      {[]string{starts + " WorkspaceBusy team/other 0"}, "Pending", "workspace busy: team/other"},
		"something after something else":   {[]string{starts + " MembersFull - 4"}, "Pending", "members full; MembersFull 4s"},
		"a word of a later version":        {[]string{starts + " MoonPhase - 0"}, "Pending", "MoonPhase"},
		"what was over before the end":     {[]string{starts, runs + " SecretMissing - 12 17"}, "Provisioning", "Secret missing; SecretMissing 12s; not SecretMissing 17s"},
		"back-off of an old history":       {[]string{starts, runs, fails, "60 AttemptDue Provisioning"}, "Retrying", "back-off"},
		"back-off alone":                   {[]string{starts, runs, fails, "60 AttemptDue Provisioning BackOff - 30"}, "Retrying", "back-off"},
		"back-off and then another run":    {[]string{starts, runs, fails, "60 AttemptDue Provisioning BranchBusy team/other 42"}, "Retrying", "branch busy: team/other, after back-off; BranchBusy 42s"},
		"no back-off":                      {[]string{starts, runs, fails, "60 AttemptDue Provisioning Suspended - 30"}, "Retrying", "suspended"},
		"a lost member and back-off":       {[]string{starts, "20 ClusterLost Retrying", "60 AttemptDue Provisioning BackOff - 20"}, "Retrying", "member lost: back-off"},
		"a lost member of an old history":  {[]string{starts, "20 ClusterLost Retrying", "60 AttemptDue Provisioning"}, "Retrying", "member lost: waits for another"},
		"a cancel and a silent member":     {[]string{starts, runs, "30 CancelRequested Stopping", "60 AgentGone Cancelled Unreachable - 30"}, "Stopping", "cancelled: member silent"},
		"a cancel":                         {[]string{starts, runs, "30 CancelRequested Stopping", "60 AgentGone Cancelled"}, "Stopping", "cancelled: waits for the agent to end"},
		"suspended, and nothing after it":  {[]string{starts, runs, "30 SuspendRequested Stopping", "40 AgentGone Retrying", "60 AttemptDue Provisioning Suspended - 40"}, "Retrying", "suspended"},
		"suspended, and then a full fleet": {[]string{starts, runs, "30 SuspendRequested Stopping", "40 AgentGone Retrying", "60 AttemptDue Provisioning MembersFull eu-1 50"}, "Retrying", "members full: eu-1, after suspension; MembersFull 50s"},
		"asked again, and another run":     {[]string{starts, runs, "30 ContextRaised Stopping", "40 AgentGone Retrying", "60 AttemptDue Provisioning WorkspaceBusy team/other 41"}, "Retrying", "asked again: workspace busy: team/other; WorkspaceBusy 41s"},
		"a run that works waits for nothing": {[]string{starts, runs, "30 StrayFound Provisioning Quarantined - 25"},
			"Running", "StrayFound"},
	} {
		run := waitingRun(c.rows...)
		var got string
		for _, chapter := range waterfall.Of(uid, waterfall.Told(run, at(100)), 0).Chapters {
			for _, r := range chapter.Rows {
				if r.Label != c.state {
					continue
				}
				got = r.Note
				for _, m := range r.Marks {
					got += fmt.Sprintf("; %s %v", m.Name, m.Time.Sub(at(0)))
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
