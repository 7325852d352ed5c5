package lifecycletest

import (
	"math"
	"math/rand"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// Walk lets one run live through random events and shows every decision to see, before it is committed. The same seed
// walks the same way. It ends after the given number of steps, when the run object is gone, or when see returns false.
func Walk(seed int64, steps int, see func(w *World, f lifecycle.Facts, d lifecycle.Decision) bool) {
	r := rand.New(rand.NewSource(seed))
	w := New([]lifecycle.Kind{lifecycle.DocsRun, lifecycle.CodeRun}[seed%2])
	w.Run.MaxRetries = int32(r.Intn(3))
	if r.Intn(3) == 0 {
		w.Run.OnClusterLost = v1.ClusterLostReschedule
	}
	for range steps {
		w.happen(r)
		f, d := w.Decide()
		if !see(w, f, d) {
			return
		}
		w.Commit(d)
		for _, e := range d.Effects {
			if r.Intn(4) > 0 { // some effects are lost
				w.Execute(e)
			}
		}
		if w.Removed {
			return
		}
	}
}

// happen lets one random thing happen to the world.
func (w *World) happen(r *rand.Rand) {
	switch r.Intn(24) {
	case 0:
		w.Run.Cancel = r.Intn(4) == 0
	case 1:
		w.Run.Suspend = r.Intn(3) == 0
	case 2:
		if r.Intn(5) == 0 {
			w.Run.ContextVersion++
		}
	case 3:
		w.Run.Deleted = w.Run.Deleted || r.Intn(20) == 0
	case 4:
		w.Choose([]string{"a", "b", ""}[r.Intn(3)])
	case 5, 6:
		w.Member([]string{"a", "b"}[r.Intn(2)], []string{"answers", "answers", "silent", "replaced", "unregistered"}[r.Intn(5)])
	case 7, 8, 9, 10:
		w.Now = w.Now.Add([]time.Duration{time.Second, 15 * time.Second, time.Minute, 10 * time.Minute, 2 * time.Hour}[r.Intn(5)])
	case 11:
		if r.Intn(20) == 0 {
			w.Hub = lifecycle.HubFacts{Incarnation: w.Hub.Incarnation + 1, Since: w.Now}
			w.Census = lifecycle.Census{}
		}
	case 12:
		w.Census = lifecycle.Census{Complete: true, Stray: w.Stray()}
	default:
		if len(w.objects) > 0 {
			happenToAgent(r, w.objects[r.Intn(len(w.objects))])
		}
	}
}

func happenToAgent(r *rand.Rand, o *lifecycle.AgentFacts) {
	alive := o.Pod.Presence == lifecycle.Present
	switch k := r.Intn(8); {
	case k < 3 && alive:
		o.Pod.Started = true
	case k < 5 && alive:
		End(o, int32([]int{0, 0, 1, 78, 137}[r.Intn(5)]), "", &lifecycle.Outcome{
			Result: lifecycle.ResultSucceeded, PullRequestURL: "https://github.com/example/shop/pull/1", CostUSD: "0.5",
			InputTokens: math.MaxInt64 - 3, OutputTokens: -7, Turns: math.MaxInt32,
		})
	case k == 4 && !alive && r.Intn(4) == 0: // a member that answers with a book
		o.Refusal = lifecycle.Refusal{Reason: "Invalid", Message: strings.Repeat("spec.template is invalid. ", 400)}
	case k == 7 && alive && !o.Pod.Started:
		o.Pod.Problem, o.Pod.Message = v1.ClassImage, strings.Repeat("the image was not found. ", 400)
	case k == 5 && r.Intn(4) == 0: // a user deletes the Job in the background
		o.Job = lifecycle.JobFacts{Presence: lifecycle.Absent}
	case k == 6 && r.Intn(4) == 0: // and its pod
		o.Job, o.Pod = lifecycle.JobFacts{Presence: lifecycle.Absent}, lifecycle.PodFacts{Presence: lifecycle.Absent}
	}
}

// End ends the pod of an attempt with exit code, reason and outcome, and its Job follows.
func End(o *lifecycle.AgentFacts, code int32, reason string, outcome *lifecycle.Outcome) {
	o.Ended = lifecycle.Evidence{Pod: lifecycle.Present, ExitCode: &code, Reason: reason, Outcome: outcome}
	o.Pod = lifecycle.PodFacts{Presence: lifecycle.Absent, Started: true}
	if o.Job.Presence != lifecycle.Present {
		return
	}
	o.Job.Active, o.Job.Complete, o.Job.Failed = 0, code == 0, code != 0
	if code != 0 {
		o.Job.Reason = "BackoffLimitExceeded"
	}
}
