package explain_test

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
)

// settle lets the operator look until nothing changes any more.
func settle(w *lifecycletest.World) {
	for range 20 {
		_, d := w.Decide()
		w.Commit(d)
		for _, e := range d.Effects {
			w.Execute(e)
		}
		if !d.Changed && len(d.Effects) == 0 || w.Removed {
			return
		}
	}
}

// scene is how a run comes to where it is explained.
type scene struct {
	name string
	at   fsm.State
	told func(w *lifecycletest.World)
}

func starts(w *lifecycletest.World) {
	settle(w)
	w.Object(w.Status.Attempt, w.Status.Cluster).Pod.Started = true
	settle(w)
}

func ends(code int32, reason string, out *lifecycle.Outcome) func(*lifecycletest.World) {
	return func(w *lifecycletest.World) {
		starts(w)
		w.Now = w.Now.Add(12 * time.Minute)
		lifecycletest.End(w.Object(w.Status.Attempt, w.Status.Cluster), code, reason, out)
		settle(w)
	}
}

func edits(then func(*lifecycle.RunFacts)) func(*lifecycletest.World) {
	return func(w *lifecycletest.World) {
		then(&w.Run)
		w.Run.Generation++
	}
}

func waits(d time.Duration) func(*lifecycletest.World) {
	return func(w *lifecycletest.World) { w.Now = w.Now.Add(d) }
}

func loses(name string) func(*lifecycletest.World) {
	return func(w *lifecycletest.World) { w.Member(name, "silent") }
}

func then(all ...func(*lifecycletest.World)) func(*lifecycletest.World) {
	return func(w *lifecycletest.World) {
		for _, f := range all {
			f(w)
		}
	}
}

func cancel(r *lifecycle.RunFacts)  { r.Cancel = true }
func suspend(r *lifecycle.RunFacts) { r.Suspend = true }
func remove(r *lifecycle.RunFacts)  { r.Deleted = true }

var (
	delivered = &lifecycle.Outcome{
		Result: lifecycle.ResultSucceeded, PullRequestURL: "https://github.com/example/shop/pull/7", CostUSD: "0.42", Turns: 12,
	}
	failed = &lifecycle.Outcome{Result: lifecycle.ResultFailed, Reason: "the tests do not pass", CostUSD: "0.9", Turns: 26}
	stuck  = func(w *lifecycletest.World) { w.Choose(""); settle(w) }
)

var scenes = []scene{
	{"pending_nobody_looked", lifecycle.Pending, waits(2 * time.Minute)},
	{"pending_no_candidate", lifecycle.Pending, then(stuck, waits(3*time.Minute))},
	{"pending_workspace_busy", lifecycle.Pending, then(func(w *lifecycletest.World) {
		w.Leases = []lifecycle.LeaseFacts{{Name: "team/workspace-auth", Reason: v1.ReasonWorkspaceBusy, Holder: "team/other", HolderKind: lifecycle.CodeRun}}
	}, settle, waits(time.Minute))},
	{"pending_branch_busy", lifecycle.Pending, then(func(w *lifecycletest.World) {
		w.Leases = []lifecycle.LeaseFacts{{Name: "team/branch-work", Reason: v1.ReasonBranchBusy, Holder: "team/other (DocsRun)"}}
	}, settle)},
	{"pending_suspended", lifecycle.Pending, then(edits(suspend), settle)},
	{"pending_quarantined", lifecycle.Pending, then(stuck, func(w *lifecycletest.World) {
		w.Hub = lifecycle.HubFacts{Incarnation: 2, Since: w.Now}
		w.Census = lifecycle.Census{Waits: []string{"a"}}
	}, settle)},
	{"provisioning", lifecycle.Provisioning, then(settle, waits(8*time.Second))},
	{"provisioning_image", lifecycle.Provisioning, then(settle, func(w *lifecycletest.World) {
		o := w.Object(1, "a")
		o.Pod.Problem, o.Pod.Message = v1.ClassImage, "image registry.example.com/agent:1 was not found"
	}, settle, waits(time.Minute))},
	{"provisioning_member_silent", lifecycle.Provisioning, then(func(w *lifecycletest.World) {
		_, d := w.Decide()
		w.Commit(d)
		for _, e := range d.Effects {
			w.Execute(e)
		}
		_, d = w.Decide()
		w.Commit(d) // the attempt is committed, and nothing was created
	}, loses("a"), waits(time.Minute), settle)},
	{"running", lifecycle.Running, then(starts, waits(12*time.Minute))},
	{"running_second_attempt_with_limits", lifecycle.Running, then(edits(func(r *lifecycle.RunFacts) {
		r.MaxTurns, r.MaxCostUSD, r.TotalDeadline, r.MaxRetries = new(int32(60)), "2.50", 6*time.Hour, 1
	}), ends(1, "", failed), waits(time.Minute), starts, waits(5*time.Minute))},
	{"running_cancel_not_seen_yet", lifecycle.Running, then(starts, waits(time.Minute), edits(cancel))},
	{"running_member_silent", lifecycle.Running, then(starts, waits(time.Minute), loses("a"), settle, waits(20*time.Minute))},
	{"running_job_out_of_sight", lifecycle.Running, then(starts, func(w *lifecycletest.World) {
		o := w.Object(1, "a")
		o.Job, o.Pod = lifecycle.JobFacts{Presence: lifecycle.Absent}, lifecycle.PodFacts{Presence: lifecycle.Absent}
	}, settle, waits(4*time.Second))},
	{"running_history_cut", lifecycle.Running, then(starts, waits(time.Minute), func(w *lifecycletest.World) {
		last := &w.Status.History[len(w.Status.History)-1]
		last.Seq, last.From = 60, last.To
		w.Status.Transitions, w.Status.History = 60, w.Status.History[len(w.Status.History)-1:]
	})},
	{"stopping_cancelled", lifecycle.Stopping, then(starts, waits(time.Minute), edits(cancel), settle, waits(20*time.Second))},
	{"stopping_suspended", lifecycle.Stopping, then(starts, waits(time.Minute), edits(suspend), settle)},
	{"stopping_deadline", lifecycle.Stopping, then(starts, waits(2*time.Hour+time.Minute), settle)},
	{"stopping_lost", lifecycle.Stopping, then(starts, loses("a"), waits(2*time.Hour+time.Minute), settle)},
	{"retrying_back_off", lifecycle.Retrying, then(ends(1, "", failed), waits(2*time.Second))},
	{"retrying_no_candidate", lifecycle.Retrying, then(ends(137, "OOMKilled", nil), stuck, waits(time.Minute), settle)},
	{"succeeded", lifecycle.Succeeded, then(ends(0, "", delivered), waits(time.Hour))},
	{"succeeded_and_expires", lifecycle.Succeeded, then(edits(func(r *lifecycle.RunFacts) {
		r.TTL = new(48 * time.Hour)
	}), ends(0, "", delivered), waits(30*time.Hour), edits(cancel), settle)},
	{"succeeded_and_is_kept_for_decades", lifecycle.Succeeded, then(edits(func(r *lifecycle.RunFacts) {
		r.TTL = new(20 * 365 * 24 * time.Hour)
	}), ends(0, "", delivered))},
	{"failed", lifecycle.Failed, then(edits(func(r *lifecycle.RunFacts) { r.MaxRetries = 0 }), ends(1, "", failed), waits(time.Hour))},
	{"failed_missing_prerequisite", lifecycle.Failed, ends(78, "", nil)},
	{"cancelled", lifecycle.Cancelled, then(stuck, edits(cancel), settle, waits(time.Minute))},
	{"cancelled_with_an_open_attempt_and_asked_anew", lifecycle.Cancelled, then(func(w *lifecycletest.World) {
		starts(w)
		before := *w.Status.DeepCopy()
		edits(cancel)(w)
		settle(w)
		w.Object(1, "a").Job.Active = 0
		lifecycletest.End(w.Object(1, "a"), 1, "", nil)
		settle(w)
		for i := range w.Status.Attempts {
			w.Status.Attempts[i].EndedAt, w.Status.Attempts[i].EndedBy = nil, ""
			w.Status.Attempts[i].FencedUntil = before.Attempts[i].FencedUntil
		}
		edits(func(r *lifecycle.RunFacts) { r.Cancel, r.ContextVersion = false, 2 })(w)
	})},
	{"terminating", lifecycle.Terminating, then(starts, waits(time.Minute), edits(remove), func(w *lifecycletest.World) {
		_, d := w.Decide()
		w.Commit(d)
	})},
	{"terminating_member_silent", lifecycle.Terminating, then(starts, loses("a"), edits(remove), settle, waits(7*time.Minute))},
}
