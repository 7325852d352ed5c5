package telemetry

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

func in(uid types.UID, phase v1.Phase, changes ...func(*v1.DocsRun)) *v1.DocsRun {
	return aRun(append([]func(*v1.DocsRun){func(r *v1.DocsRun) { r.UID, r.Status.Phase = uid, phase }}, changes...)...)
}

func TestRunsAreCountedWhereTheyStandNow(t *testing.T) {
	o := newOperator(t)
	docs, code := o.tally.Of(lifecycle.DocsRun), o.tally.Of(lifecycle.CodeRun)
	on := func(r *v1.DocsRun) { r.Status.Cluster = "eu-1" }
	reason := func(why string) func(*v1.DocsRun) { return func(r *v1.DocsRun) { r.Status.Reason = why } }
	docs.OnAdd(in("1", v1.PhasePending, reason(v1.ReasonNoCandidate)), true)
	docs.OnAdd(in("2", v1.PhasePending, reason("of a later version")), true)
	docs.OnAdd(in("3", v1.PhaseRunning, on, reason(v1.ReasonQuarantined)), true)
	docs.OnAdd(in("4", v1.PhasePending), true)
	docs.OnUpdate(in("4", v1.PhasePending), in("4", v1.PhaseSucceeded, on, reason(v1.ReasonSucceeded)))
	docs.OnAdd(in("5", v1.PhaseFailed), true)
	docs.OnDelete(in("5", v1.PhaseFailed))
	docs.OnAdd(in("6", v1.PhaseFailed), true)
	docs.OnDelete(toolscache.DeletedFinalStateUnknown{Obj: in("6", v1.PhaseFailed)})
	code.OnAdd(in("7", "Unheard-of"), true)
	want := map[string]float64{
		"runs  DocsRun Pending": 2, "runs eu-1 DocsRun Running": 1, "runs eu-1 DocsRun Succeeded": 1, "runs  CodeRun Other": 1,
		"runs_waiting DocsRun NoCandidate": 1, "runs_waiting DocsRun Other": 1, "runs_waiting DocsRun Quarantined": 1,
	}
	if diff := cmp.Diff(want, o.series(t, "runs", "runs_waiting")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestARunIsOverdueOnceItsOwnClocksHaveRunOut(t *testing.T) {
	fenced := func(r *v1.DocsRun) { placed(1)(&r.Status) } // until 1000
	closed := func(r *v1.DocsRun) { fenced(r); r.Status.Attempts[0].EndedAt = micro(10) }
	total := func(r *v1.DocsRun) { r.Spec.TotalDeadlineSeconds = new(int32(1000)) }
	deleted := func(r *v1.DocsRun) { r.DeletionTimestamp = &metav1.Time{Time: at(1000)} }
	quarantined := func(r *v1.DocsRun) { r.Status.Reason = v1.ReasonQuarantined }
	for name, c := range map[string]struct {
		run     *v1.DocsRun
		overdue bool
	}{
		"at work beyond its fence":                {in("1", v1.PhaseRunning, fenced), true},
		"ending beyond its fence":                 {in("1", v1.PhaseStopping, fenced), true},
		"final, with an attempt beyond its fence": {in("1", v1.PhaseFailed, fenced), true},
		"final":                                    {in("1", v1.PhaseFailed, closed, total), false},
		"waiting for a member":                     {in("1", v1.PhaseRetrying, closed), false},
		"waiting beyond the run's deadline":        {in("1", v1.PhasePending, total), true},
		"deleted, and its objects are still there": {in("1", v1.PhaseTerminating, closed, deleted), true},
		"deleted, with an attempt":                 {in("1", v1.PhaseTerminating, fenced, deleted), true},
		"in quarantine":                            {in("1", v1.PhaseRunning, fenced, quarantined), false},
	} {
		o := newOperator(t)
		o.tally.Of(lifecycle.DocsRun).OnAdd(c.run, true)
		o.now = at(1000).Add(grace)
		if got := o.series(t, "runs_overdue"); len(got) > 0 {
			t.Errorf("%s: too early, %v", name, got)
		}
		o.now = o.now.Add(1)
		if got := o.series(t, "runs_overdue"); (len(got) > 0) != c.overdue {
			t.Errorf("%s: want overdue %v, got %v", name, c.overdue, got)
		}
	}
}

func TestMembersTellHowTheyFare(t *testing.T) {
	o := newOperator(t)
	expiring, lost := readyMember("eu-1"), aMember("eu-2", "False", v1.ReasonUnreachable)
	expiring.Status.CredentialsExpireAt = &metav1.Time{Time: at(500)}
	lost.Status.Conditions = append(lost.Status.Conditions, metav1.Condition{Type: v1.ConditionCredentialsRenewed, Status: "True"})
	o.members = []v1.MemberCluster{expiring, lost, aMember("eu-3", "False", "of a later version"), {ObjectMeta: metav1.ObjectMeta{Name: "eu-4"}}}
	want := map[string]float64{
		"member_ready eu-1": 1, "member_reachable eu-1": 1, "member_reason eu-1 MemberReady": 1,
		"member_credentials_expiration_timestamp_seconds eu-1": 100500,
		"member_reason eu-2 Unreachable":                       1, "member_credentials_renewed eu-2": 1,
		"member_reason eu-3 Other":      1,
		"member_reason eu-4 Unobserved": 1,
	}
	got := o.series(t, "member_ready", "member_reachable", "member_reason", "member_credentials_renewed",
		"member_credentials_expiration_timestamp_seconds")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Ten thousand runs are what a hub may hold: a scrape walks over a note of each, and never over the cache.
func BenchmarkTenThousandRunsAreCounted(b *testing.B) {
	tally := NewTally()
	take := tally.Of(lifecycle.DocsRun)
	for n := range 10_000 {
		take.OnAdd(in(types.UID(fmt.Sprint(n)), phases[n%len(phases)], func(r *v1.DocsRun) { r.Status.Cluster = "eu-1" }), true)
	}
	for b.Loop() {
		tally.count(kinds, at(0))
	}
}
