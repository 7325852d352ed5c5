package rehearsal

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/reconcilers/config"
)

// What only a cluster knows. They are the same each time, so that two renderings can be compared.
const (
	RunUID    types.UID = "00000000-0000-4000-8000-000000000001"
	HubUID    types.UID = "00000000-0000-4000-8000-000000000002"
	memberUID types.UID = "00000000-0000-4000-8000-000000000003"
	jobUID    types.UID = "00000000-0000-4000-8000-000000000004"
	Member              = "member-1"
)

// Begin is when a run that no hub has seen is applied.
var Begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Attempts says which attempts the status of a run has recorded, in ascending order.
func Attempts(run v1.Run) []int32 {
	var numbers []int32
	for _, e := range run.RunStatus().Attempts {
		numbers = append(numbers, e.Number)
	}
	slices.Sort(numbers)
	return numbers
}

// Attempt returns the run with attempt n in its status. One that is recorded there is what it is. Else the machine goes on
// from there, without a hub: a member takes each attempt that is due, and each before n fails as an agent that ended with
// exit code 1.
func Attempt(run v1.Run, n int32, c config.Config) (v1.Run, Notes, error) {
	run, ok := run.DeepCopyObject().(v1.Run)
	if !ok {
		return nil, Notes{}, fmt.Errorf("copying %T", run)
	}
	if slices.Contains(Attempts(run), n) {
		return run, recorded(run, n, c), nil
	}
	if n <= run.RunStatus().Attempt {
		return nil, Notes{}, fmt.Errorf("attempt %d is not in its status: those are %s", n, list(Attempts(run)))
	}
	r, err := newRehearsal(run, c)
	if err != nil {
		return nil, Notes{}, err
	}
	for run.RunStatus().Attempt < n {
		if err := r.step(); err != nil {
			return nil, Notes{}, err
		}
	}
	return run, r.notes(n), nil
}

// rehearsal plays a hub on which nothing goes wrong but the attempts themselves.
type rehearsal struct {
	machine lifecycle.Lifecycle
	run     v1.Run
	facts   lifecycle.RunFacts
	now     time.Time

	began   time.Time
	failed  []int32  // the attempts whose failure was made up
	made    []string // what was made up
	retries int32    // what spec.retry.maxRetries says
	held    string   // the field of spec that lets no attempt start, "" for none
}

func newRehearsal(run v1.Run, c config.Config) (*rehearsal, error) {
	kind := lifecycle.CodeRun
	if _, ok := run.(*v1.DocsRun); ok {
		kind = lifecycle.DocsRun
	}
	machine, err := lifecycle.New(kind, c.Lifecycle)
	if err != nil {
		return nil, err
	}
	r := &rehearsal{machine: machine, run: run, now: lastMoment(run)}
	r.began = r.now
	if run.GetUID() == "" {
		run.SetUID(RunUID)
		r.made = append(r.made, "the run's UID "+string(RunUID))
	}
	if created := run.GetCreationTimestamp(); created.IsZero() {
		run.SetCreationTimestamp(metav1.NewTime(r.now))
	}
	f := reconcilers.RunFacts(kind, run, c)
	r.retries, f.MaxRetries = f.MaxRetries, max(f.MaxRetries, 100) // whether it would still be retried is said, not refused
	switch {
	case f.Cancel:
		r.held = "spec.cancel"
	case f.Suspend:
		r.held = "spec.suspend"
	}
	f.Cancel, f.Suspend, f.TotalDeadline = false, false, 0
	f.Finalizer, f.StampUID, f.StampIncarnation = true, f.UID, incarnation(run)
	r.facts = f
	return r, nil
}

// incarnation is the hub's, as far as the run knows of it.
func incarnation(run v1.Run) int64 { return max(run.RunStatus().Incarnation, 1) }

// lastMoment is the newest moment that the status knows of.
func lastMoment(run v1.Run) time.Time {
	s := run.RunStatus()
	last := run.GetCreationTimestamp().Time
	see := func(t *metav1.MicroTime) {
		if t != nil && t.After(last) {
			last = t.Time
		}
	}
	see(s.NextAttemptAt)
	see(s.FinishedAt)
	for _, e := range s.Attempts {
		for _, t := range []*metav1.MicroTime{e.CreatedAt, e.StartSeenAt, e.StopRequestedAt, e.EndedAt} {
			see(t)
		}
	}
	if last.IsZero() {
		return Begin
	}
	return last.UTC()
}

// step shows the machine what comes next, and commits what it decides.
func (r *rehearsal) step() error {
	f := r.look()
	before := r.run.RunStatus()
	d := r.machine.Decide(*before, f)
	if d.Row.ID == "" {
		return fmt.Errorf("no attempt follows attempt %d: the run is %s%s", before.Attempt, before.Phase, r.remedy())
	}
	text, err := json.Marshal(d.Status) // the hub stores JSON: what is read back has lost what JSON cannot say
	if err != nil {
		return fmt.Errorf("committing attempt %d: %w", d.Status.Attempt, err)
	}
	*before = v1.RunStatus{}
	if err := json.Unmarshal(text, before); err != nil {
		return fmt.Errorf("committing attempt %d: %w", before.Attempt, err)
	}
	if at := before.NextAttemptAt; at != nil && at.After(r.now) {
		r.now = at.Time
	}
	return nil
}

func (r *rehearsal) remedy() string {
	switch r.run.RunStatus().Phase {
	case v1.PhaseTerminating:
		return ""
	case v1.PhaseStopping:
		return ": look again when it has ended"
	default:
		return ": raise spec.contextVersion in the file"
	}
}

// look is what a hub would see: a member that takes what is due, and the end of the attempt that is out.
func (r *rehearsal) look() lifecycle.Facts {
	s := r.run.RunStatus()
	f := lifecycle.Facts{
		Now: r.now, Run: r.facts,
		Hub: lifecycle.HubFacts{Incarnation: incarnation(r.run), Since: r.facts.Created.Add(-time.Hour)},
	}
	if s.Cluster != "" {
		f.Cluster = lifecycle.ClusterFacts{Name: s.Cluster, Link: lifecycle.Answers}
	}
	if s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning {
		f.Agent = failure(s)
		if !slices.Contains(r.failed, s.Attempt) {
			r.failed = append(r.failed, s.Attempt)
		}
		return f
	}
	f.Candidate = lifecycle.Candidate{Cluster: r.place(), ClusterUID: memberUID, Why: "made up"}
	return f
}

// place is the member that the run names, had last, or any.
func (r *rehearsal) place() string {
	if p := r.run.RunSpec().Placement; p != nil && p.Cluster != "" {
		return p.Cluster
	}
	if s := r.run.RunStatus(); s.Cluster != "" {
		return s.Cluster
	}
	r.made = append(r.made, "the member "+Member)
	return Member
}

// failure is an attempt that made its Job and whose agent ended with exit code 1.
func failure(s *v1.RunStatus) lifecycle.AgentFacts {
	uid := jobUID
	for _, e := range s.Attempts {
		if e.Number == s.Attempt && e.JobUID != "" {
			uid = e.JobUID
		}
	}
	return lifecycle.AgentFacts{
		Attempt: s.Attempt, Cluster: s.Cluster, Inputs: lifecycle.Present,
		Job: lifecycle.JobFacts{Presence: lifecycle.Present, UID: uid, Failed: true},
		Pod: lifecycle.PodFacts{Presence: lifecycle.Absent},
		Ended: lifecycle.Evidence{Pod: lifecycle.Present, ExitCode: new(int32(1)),
			Outcome: &lifecycle.Outcome{Result: lifecycle.ResultFailed, Reason: "the agent ended with exit code 1"}},
	}
}
