package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// look lets the operator look at what a test says of the world, once, with facts that the world does not make.
func look(w *lifecycletest.World, edits ...func(*lifecycle.Facts)) lifecycle.Decision {
	f := w.Facts()
	for _, edit := range edits {
		edit(&f)
	}
	d := w.Lifecycle.Decide(w.Status, f)
	w.Commit(d)
	for _, e := range d.Effects {
		w.Execute(e)
	}
	return d
}

// untilQuiet looks until nothing happens any more.
func untilQuiet(w *lifecycletest.World, edits ...func(*lifecycle.Facts)) {
	for range 20 {
		if d := look(w, edits...); !d.Changed && len(d.Effects) == 0 {
			return
		}
	}
}

func placedNowhere(c lifecycle.Candidate) func(*lifecycle.Facts) {
	return func(f *lifecycle.Facts) { f.Candidate = c }
}

func agent(edit func(*lifecycle.AgentFacts)) func(*lifecycle.Facts) {
	return func(f *lifecycle.Facts) { edit(&f.Agent) }
}

func member(link lifecycle.Link) func(*lifecycle.Facts) {
	return func(f *lifecycle.Facts) {
		f.Cluster.Link, f.Cluster.SilentSince = link, f.Now.Add(-time.Second)
		f.Candidate = lifecycle.Candidate{} // nobody is asked while an attempt is out
		f.Agent = lifecycle.AgentFacts{Attempt: f.Agent.Attempt, Cluster: f.Agent.Cluster}
	}
}

func problem(class v1.FailureClass) func(*lifecycle.Facts) {
	return agent(func(a *lifecycle.AgentFacts) { a.Pod.Problem, a.Pod.Message = class, "it is not there" })
}

func warned(reason string) func(*lifecycle.Facts) {
	return agent(func(a *lifecycle.AgentFacts) { a.Warning, a.WarningReason = reason+": 0/3 nodes", reason })
}

func busy(reason string) func(*lifecycle.Facts) {
	return func(f *lifecycle.Facts) {
		f.Leases = []lifecycle.LeaseFacts{{Name: "team/x", Reason: reason, Holder: "team/other", HolderKind: lifecycle.CodeRun}}
	}
}

func suspended(f *lifecycle.Facts) { f.Run.Suspend = true }

// failedOnce brings a run to Retrying.
func failedOnce(w *lifecycletest.World) {
	running(w)
	lifecycletest.End(w.Object(1, "a"), 1, "", nil)
	look(w)
}

// failedAndReopened is what a restored hub may find: nobody knows that the attempt has ended.
func failedAndReopened(w *lifecycletest.World) {
	failedOnce(w)
	w.Status.Attempts[0].EndedAt, w.Status.WaitedFor = nil, nil
}

func running(w *lifecycletest.World) {
	untilQuiet(w)
	w.Object(1, "a").Pod.Started = true
	untilQuiet(w)
}

func stopping(w *lifecycletest.World) {
	running(w)
	w.Run.Cancel = true
	look(w)
}

// isPending is a run that an operator has taken over.
func isPending(w *lifecycletest.World) {
	w.Run.Finalizer, w.Run.StampUID, w.Run.StampIncarnation = true, w.Run.UID, 1
}

// Each wait of the table is brought about, lasts for a minute, and is in the history when the phase is left.
func TestEachWaitIsKeptWhenItsPhaseIsLeft(t *testing.T) {
	seen := map[string]bool{}
	for name, c := range map[string]struct {
		come   func(*lifecycletest.World)
		waits  func(*lifecycle.Facts)
		reason string
		object string
	}{
		"suspended":                 {isPending, suspended, v1.ReasonSuspended, ""},
		"back-off":                  {failedOnce, func(*lifecycle.Facts) {}, v1.ReasonBackOff, ""},
		"an open attempt":           {failedAndReopened, member(lifecycle.Silent), v1.ReasonStopping, ""},
		"no member":                 {isPending, placedNowhere(lifecycle.Candidate{Why: "none fits"}), v1.ReasonNoCandidate, ""},
		"all full":                  {isPending, placedNowhere(lifecycle.Candidate{Why: "full", Reason: v1.ReasonMembersFull}), v1.ReasonMembersFull, ""},
		"the one asked for is full": {isPending, placedNowhere(lifecycle.Candidate{Why: "full", Reason: v1.ReasonMembersFull, Asked: "eu-1"}), v1.ReasonMembersFull, "eu-1"},
		"silent ones":               {isPending, placedNowhere(lifecycle.Candidate{Why: "none answers", Reason: v1.ReasonMembersUnreachable}), v1.ReasonMembersUnreachable, ""},
		"the original":              {isPending, placedNowhere(lifecycle.Candidate{Why: "it is there", Reason: v1.ReasonOriginalActive}), v1.ReasonOriginalActive, ""},
		"workspace":                 {isPending, busy(v1.ReasonWorkspaceBusy), v1.ReasonWorkspaceBusy, "team/other"},
		"branch":                    {isPending, busy(v1.ReasonBranchBusy), v1.ReasonBranchBusy, "team/other"},
		"a name that no object has": {isPending, func(f *lifecycle.Facts) {
			f.Leases = []lifecycle.LeaseFacts{{Name: "team/x", Reason: v1.ReasonBranchBusy, Holder: strings.Repeat("x", 400)}}
		}, v1.ReasonBranchBusy, ""},
		"quarantine": {isPending, func(f *lifecycle.Facts) {
			f.Run.StampUID, f.Census = "another", lifecycle.Census{Waits: []string{"eu-1"}}
		}, v1.ReasonQuarantined, "eu-1"},
		"a silent member":       {untilQuietly, member(lifecycle.Silent), v1.ReasonUnreachable, ""},
		"another cluster":       {stopping, member(lifecycle.Foreign), v1.ReasonIdentityChanged, ""},
		"no MemberCluster":      {stopping, member(lifecycle.Unregistered), v1.ReasonUnregistered, ""},
		"a Secret":              {untilQuietly, problem(v1.ClassSecretMissing), string(v1.ClassSecretMissing), ""},
		"an image":              {untilQuietly, problem(v1.ClassImage), string(v1.ClassImage), ""},
		"a Secret that is not":  {untilQuietly, problem(v1.ClassRefused), string(v1.ClassRefused), ""},
		"nodes":                 {untilQuietly, warned("FailedScheduling"), v1.ReasonFailedScheduling, ""},
		"a volume":              {untilQuietly, warned("FailedMount"), v1.ReasonFailedMount, ""},
		"a volume of the cloud": {untilQuietly, warned("FailedAttachVolume"), v1.ReasonFailedAttachVolume, ""},
		"a quota":               {untilQuietly, warned("FailedCreate"), v1.ReasonFailedCreate, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := lifecycletest.New(lifecycle.CodeRun)
			c.come(w)
			came := len(w.Status.History)
			phase := w.Status.Phase
			since := w.Now
			look(w, c.waits)
			if name == "back-off" {
				w.Now = w.Status.NextAttemptAt.Time
			} else {
				w.Now = w.Now.Add(time.Minute)
				if d := look(w, c.waits); d.Changed {
					t.Errorf("it was written again: %s", cmp.Diff(w.Status, d.Status))
				}
			}
			leave(w)
			for _, tr := range w.Status.History[came:] {
				if tr.From != phase || tr.To == phase {
					continue
				}
				if tr.WaitedFor == nil {
					t.Fatalf("%s by %s waited for nothing", tr.From, tr.On)
				}
				want := v1.Wait{Reason: c.reason, Object: c.object, Since: tr.WaitedFor.Since}
				if diff := cmp.Diff(want, *tr.WaitedFor, cmp.Transformer("over", func(w v1.Wait) v1.Wait { w.Until = nil; return w })); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if !tr.WaitedFor.Since.Time.Equal(since) {
					t.Errorf("since %v, it began at %v", tr.WaitedFor.Since, since)
				}
				seen[tr.WaitedFor.Reason] = true
				return
			}
			t.Errorf("%s was not left: %+v", phase, w.Status)
		})
	}
	for _, d := range lifecycle.Waits {
		if !seen[d.Reason] {
			t.Errorf("nothing waits for %s", d.Reason)
		}
	}
}

func untilQuietly(w *lifecycletest.World) { untilQuiet(w) }

// leave lets the run go on from whatever it waited in.
func leave(w *lifecycletest.World) {
	from := w.Status.Phase
	for range 10 {
		if o := w.Object(max(1, w.Status.Attempt), "a"); from == v1.PhaseProvisioning {
			o.Pod.Started = true
		} else if lifecycle.Open(w.Status) != nil && from == v1.PhaseRetrying {
			w.Run.Deleted = true
		} else if from == v1.PhaseStopping && o.Job.Presence == lifecycle.Present {
			lifecycletest.End(o, 1, "", nil)
		}
		if look(w); w.Status.Phase != from {
			return
		}
	}
}

func TestWhatHasNoNameIsNotInvented(t *testing.T) {
	for name, c := range map[string]func(*lifecycle.Facts){
		"nothing":                  func(*lifecycle.Facts) {},
		"a word of somebody's own": warned("MyAdmissionController-says-no"),
		"nobody looked at a member": func(f *lifecycle.Facts) {
			f.Cluster.Link, f.Cluster.SilentSince, f.Candidate = lifecycle.Silent, time.Time{}, lifecycle.Candidate{}
		},
	} {
		w := lifecycletest.New(lifecycle.CodeRun)
		w.Leases = []lifecycle.LeaseFacts{{Name: "team/x", Reason: v1.ReasonWorkspaceBusy}} // free
		untilQuiet(w)
		untilQuiet(w, c)
		w.Object(1, "a").Pod.Started = true
		untilQuiet(w)
		lifecycletest.End(w.Object(1, "a"), 0, "", &lifecycle.Outcome{Result: lifecycle.ResultSucceeded, PullRequestURL: "https://github.com/x/y/pull/1"})
		untilQuiet(w)
		if w.Status.Phase != v1.PhaseSucceeded || w.Status.WaitedFor != nil {
			t.Errorf("%s: %s waited for %v", name, w.Status.Phase, w.Status.WaitedFor)
		}
		w.Run.ContextVersion++
		w.Leases[0].Held = false // each state takes it anew, and nobody else has it
		untilQuiet(w)
		if w.Status.Attempt != 2 {
			t.Errorf("%s: %s has no second attempt", name, w.Status.Phase)
		}
		for _, tr := range w.Status.History {
			if tr.WaitedFor != nil {
				t.Errorf("%s: %s to %s waited for %v", name, tr.From, tr.To, tr.WaitedFor)
			}
		}
	}
}

// Of several waits the last one is kept, with the time at which it took the place of the one before.
func TestTheLastWaitOfAPhaseIsKept(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	failedOnce(w)
	due := w.Status.NextAttemptAt.Time
	w.Now = due
	full := placedNowhere(lifecycle.Candidate{Why: "a is full (3 of 3 runs)", Reason: v1.ReasonMembersFull})
	look(w, full)
	w.Now = w.Now.Add(time.Minute)
	look(w, full)
	look(w)
	got := w.Status.History[len(w.Status.History)-1]
	if got.On != "AttemptDue" || got.WaitedFor == nil || got.WaitedFor.Reason != v1.ReasonMembersFull || !got.WaitedFor.Since.Time.Equal(due) {
		t.Errorf("%+v, back-off until %v", got.WaitedFor, due)
	}

	w = lifecycletest.New(lifecycle.DocsRun)
	stopping(w)
	w.Member("a", "silent")
	look(w)
	w.Now = w.Now.Add(time.Minute)
	w.Member("a", "answers")
	back := w.Now
	look(w)
	w.Now = w.Now.Add(5 * time.Second)
	leave(w)
	got = w.Status.History[len(w.Status.History)-1]
	if got.WaitedFor == nil || got.WaitedFor.Until == nil || !got.WaitedFor.Until.Time.Equal(back) {
		t.Errorf("a member that came back before the end: %+v", got.WaitedFor)
	}
}

// A status that says something else of a wait is another one, and is written; one that was read back is not.
func TestAWaitCountsWhenStatusesAreCompared(t *testing.T) {
	since, until := metav1.NewMicroTime(time.Unix(10, 0)), metav1.NewMicroTime(time.Unix(20, 0))
	a := v1.Wait{Reason: v1.ReasonBackOff, Object: "x", Since: since, Until: &until}
	readBack := v1.Wait{Reason: a.Reason, Object: a.Object, Since: metav1.NewMicroTime(since.UTC()), Until: new(metav1.NewMicroTime(until.UTC()))}
	of := func(w *v1.Wait) v1.RunStatus { return v1.RunStatus{WaitedFor: w} }
	if !lifecycle.Same(of(&a), of(&readBack)) || !lifecycle.Same(of(nil), of(nil)) {
		t.Error("the same wait is another one")
	}
	for _, other := range []*v1.Wait{
		nil,
		{Reason: v1.ReasonNoCandidate, Object: "x", Since: since, Until: &until},
		{Reason: v1.ReasonBackOff, Since: since, Until: &until},
		{Reason: v1.ReasonBackOff, Object: "x", Since: until, Until: &until},
		{Reason: v1.ReasonBackOff, Object: "x", Since: since},
	} {
		if lifecycle.Same(of(&a), of(other)) || lifecycle.Same(of(other), of(&a)) {
			t.Errorf("%v is the same as %v", a, other)
		}
	}
}

// What kept the Job from being created is learnt by trying only: looks in between neither end it nor write anything.
func TestAQuotaIsInTheWayUntilTheJobIsThere(t *testing.T) {
	w := lifecycletest.New(lifecycle.DocsRun)
	for w.Status.Phase != v1.PhaseProvisioning {
		_, d := w.Decide()
		w.Commit(d)
		if d.Status.Phase != v1.PhaseProvisioning { // else nothing is created
			for _, e := range d.Effects {
				w.Execute(e)
			}
		}
	}
	refused := warned("FailedCreate")
	decide := func(edits ...func(*lifecycle.Facts)) lifecycle.Decision {
		f := w.Facts()
		for _, edit := range edits {
			edit(&f)
		}
		return w.Lifecycle.Decide(w.Status, f)
	}
	w.Commit(decide(refused))
	for _, d := range []lifecycle.Decision{decide(), decide(refused), decide()} {
		if d.Changed {
			t.Errorf("it was written again: %+v", d.Status.WaitedFor)
		}
	}
	w.Now = w.Now.Add(time.Minute)
	untilQuiet(w)
	if got := w.Status.WaitedFor; got == nil || got.Until == nil || !got.Until.Time.Equal(w.Now) {
		t.Errorf("the Job is there, and it waited for %+v", got)
	}
}

// TestWaitsOfWalks: whatever happens, what is kept is one of the table's, of a phase that waits, and within its time.
func TestWaitsOfWalks(t *testing.T) {
	kept := map[string]int{}
	for seed := range int64(60) {
		lifecycletest.Walk(seed, 120, func(w *lifecycletest.World, _ lifecycle.Facts, d lifecycle.Decision) bool {
			if x := d.Status.WaitedFor; x != nil && (final(d.Status.Phase) || d.Status.Phase == v1.PhaseTerminating) {
				t.Errorf("seed %d: %s waits for %v", seed, d.Status.Phase, x)
			}
			if d.Row.ID == "" {
				return true
			}
			h := d.Status.History
			tr := h[len(h)-1]
			was := w.Status.WaitedFor
			if left := tr.From != tr.To || d.Status.Attempt != w.Status.Attempt; !left && tr.WaitedFor != nil || left && !cmp.Equal(tr.WaitedFor, was) {
				t.Errorf("seed %d: %s by %s to %s: %v, and the status said %v", seed, tr.From, tr.On, tr.To, tr.WaitedFor, was)
			}
			if tr.WaitedFor == nil {
				return !t.Failed()
			}
			x := tr.WaitedFor
			kept[x.Reason]++
			entered := w.Run.Created
			if i := slices.IndexFunc(h[:len(h)-1], func(o v1.Transition) bool { return o.Seq == tr.Seq-1 }); i >= 0 && h[i].From != h[i].To {
				entered = h[i].Time.Time
			}
			if lifecycle.Wait(x.Reason).Doc == "" || x.Since.Time.Before(entered) || x.Since.After(tr.Time.Time) || x.Until != nil && (x.Until.Before(&x.Since) || x.Until.After(tr.Time.Time)) {
				t.Errorf("seed %d: %s since %v by %s at %v: %+v", seed, tr.From, entered, tr.On, tr.Time, x)
			}
			return !t.Failed()
		})
	}
	for _, reason := range []string{v1.ReasonBackOff, v1.ReasonNoCandidate, v1.ReasonSuspended, v1.ReasonQuarantined, v1.ReasonUnreachable, string(v1.ClassImage)} {
		if kept[reason] == 0 {
			t.Errorf("no walk waits for %s: %v", reason, kept)
		}
	}
}
