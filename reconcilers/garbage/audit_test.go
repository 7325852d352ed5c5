package garbage

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runfleet/runfleet/api/v1"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// run is a run whose newest attempt has a number and has ended, or not.
func run(phase v1.Phase, attempts int32, ended bool) *v1.DocsRun {
	r := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{UID: "run"}, Status: v1.RunStatus{Phase: phase, Attempt: attempts}}
	for n := int32(1); n <= attempts; n++ {
		e := v1.Attempt{Number: n}
		if ended || n < attempts {
			e.EndedAt, e.EndedBy, e.OutcomeRecorded = new(metav1.NewMicroTime(noon)), v1.EndJobFinished, new(true)
		}
		r.Status.Attempts = append(r.Status.Attempts, e)
	}
	if final(phase) {
		r.Status.FinishedAt = new(metav1.NewMicroTime(noon))
	}
	return r
}

func TestEveryObjectHasAReasonToBeThere(t *testing.T) {
	const hour = time.Hour
	gone := func(why string) []string { return []string{"orphan", "its run is gone" + why} }
	kept := func(why string) []string { return []string{"", why} }
	for name, c := range map[string]struct {
		objects []Object // what is asked is about the last one
		run     *v1.DocsRun
		edit    func(*v1.DocsRun)
		blind   bool // nobody could read the configuration
		waits   bool // the hub was restored
		want    []string
	}{
		"of another hub": {objects: []Object{job(Running).but(func(o *Object) { o.Hub = "other" })}, want: kept("another hub's: other")},
		"of no hub":      {objects: []Object{job(Running).but(func(o *Object) { o.Hub = "" })}, want: kept("it names no hub: nobody's to touch")},
		"a workspace":    {objects: []Object{object(Volume, "v", Inert)}, want: kept("a workspace is kept for the next run of its service")},
		"a late create":  {objects: []Object{job(Suspended)}, want: gone(": it is swept within the hour")},
		"a late create, in a restored hub": {objects: []Object{job(Suspended)}, waits: true, want: gone(
			": it is swept when all members were counted: see runfleet recover")},
		"under deletion":             {objects: []Object{job(Finished).but(deleting)}, want: gone("; deletion is under way")},
		"a pod of a live agent":      {objects: []Object{job(Running), pod(Running)}, want: gone("; it ends with its Job")},
		"an ended pod and its Job":   {objects: []Object{job(Finished), pod(Finished)}, want: gone("; it goes with its Job")},
		"the inputs of a live agent": {objects: []Object{job(Running), inputs()}, want: gone(": it is swept when its agent has ended")},
		"a live agent": {objects: []Object{job(Running).but(func(o *Object) { o.Member, o.Ends = "eu-1", noon })}, want: gone(
			", and its agent lives: it ends by itself at 2026-01-02T12:00:00Z at the latest. To end it now, on member eu-1: kubectl -n team delete job shop-job")},
		"a live pod alone": {objects: []Object{pod(Running).but(ownerless).but(func(o *Object) { o.Member = "eu-1" })}, want: gone(
			", and its agent lives: it ends at its own deadline. To end it now, on member eu-1: kubectl -n team delete pod shop-pod")},
		"what contradicts itself": {objects: []Object{inputs().but(func(o *Object) { o.Namespace = "copy" })}, want: []string{"orphan",
			"it does not say whose it is, or contradicts itself: nothing will touch it, delete it if nobody needs it"}},
		"of an attempt that the run does not know": {objects: []Object{job(Running).but(func(o *Object) { o.Member = "eu-1" })},
			run: run(v1.PhasePending, 0, true), want: []string{"orphan",
				"the run knows no attempt 1, so nothing will touch it. To end it, on member eu-1: kubectl -n team delete job shop-job"}},
		"its pod": {objects: []Object{job(Running), pod(Running)}, run: run(v1.PhasePending, 0, true), want: []string{"orphan",
			"the run knows no attempt 1; it goes with its Job"}},
		"and that is being counted": {objects: []Object{job(Running)}, run: run(v1.PhasePending, 0, true), waits: true, want: []string{"orphan",
			"the run knows no attempt 1: see runfleet recover"}},

		"of the active attempt":     {objects: []Object{job(Running)}, run: run(v1.PhaseRunning, 1, false), want: kept("attempt 1 is active: the run is Running")},
		"of an attempt that ended":  {objects: []Object{job(Suspended)}, run: run(v1.PhaseFailed, 1, true), want: kept("attempt 1 has ended (JobFinished): the operator deletes what is left of it")},
		"of an older attempt":       {objects: []Object{inputs()}, run: run(v1.PhaseRetrying, 2, true), want: kept("of an older attempt: the operator deletes it")},
		"of the last attempt":       {objects: []Object{inputs()}, run: run(v1.PhaseRunning, 2, false), want: kept("kept until the next attempt has ended, for its logs")},
		"of a run that ended":       {objects: []Object{job(Finished)}, run: run(v1.PhaseSucceeded, 1, true), want: kept("kept until 2026-01-02T13:00:00Z, the end of its retention")},
		"and nobody knows how long": {objects: []Object{job(Finished)}, run: run(v1.PhaseSucceeded, 1, true), blind: true, want: kept("kept until the run's retention ends")},
		"past its time": {objects: []Object{job(Finished)}, run: run(v1.PhaseSucceeded, 1, true),
			edit: func(r *v1.DocsRun) { r.Status.FinishedAt = new(metav1.NewMicroTime(noon.Add(-hour))) },
			want: kept("its retention is over: the operator deletes it")},
		"without a record": {objects: []Object{job(Finished)}, run: run(v1.PhaseFailed, 1, true),
			edit: func(r *v1.DocsRun) { r.Status.Attempts[0].OutcomeRecorded = nil }, want: kept("kept until its outcome is recorded")},
		"preserved": {objects: []Object{job(Finished)}, run: run(v1.PhaseFailed, 1, true),
			edit: func(r *v1.DocsRun) { r.Annotations = map[string]string{v1.AnnotationPreserve: "true"} },
			want: kept("kept: the run is annotated with orchestrator.platform/preserve")},
		"of a run that is being deleted": {objects: []Object{job(Running)}, run: run(v1.PhaseTerminating, 1, false),
			edit: func(r *v1.DocsRun) { r.DeletionTimestamp = &metav1.Time{Time: noon} },
			want: kept("the run is being deleted, and waits until this is gone")},
		"going": {objects: []Object{job(Finished).but(deleting)}, run: run(v1.PhaseFailed, 1, true), want: kept("deletion is under way")},
	} {
		t.Run(name, func(t *testing.T) {
			books := Books{Hub: "hub", Runs: map[types.UID]v1.Run{}, Retention: func(v1.Run) time.Duration { return hour }, Now: noon}
			books.Quarantined = c.waits
			if c.blind {
				books.Retention = nil
			}
			if c.edit != nil {
				c.edit(c.run)
			}
			if c.run != nil {
				books.Runs["run"] = c.run
			}
			entries := books.Audit(c.objects)
			last := entries[len(entries)-1]
			if diff := cmp.Diff(c.want, []string{map[bool]string{true: "orphan"}[last.Orphan], last.Why}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
