package garbage

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/runfleet/runfleet/api/v1"
)

// job, pod and inputs are objects of attempt 1 of a run in the namespace team. A pod goes with the Job "job".
func job(s State) Object { return object(Job, "job", s) }

func pod(s State) Object {
	o := object(Pod, "pod", s)
	o.Owner = "job"
	return o
}

func inputs() Object { return object(ConfigMap, "inputs", Inert) }

func object(kind string, uid types.UID, s State) Object {
	return Object{
		Kind: kind, Namespace: "team", Name: "shop-" + string(uid), UID: uid, State: s,
		Hub: "hub", Run: "run", Attempt: 1, Home: Home{Kind: "DocsRun", Namespace: "team", Name: "shop"},
	}
}

func (o Object) but(edit func(*Object)) Object {
	edit(&o)
	return o
}

func deleting(o *Object)  { o.Deleting = true }
func ownerless(o *Object) { o.Owner = "" }

func names(objects []Object) []types.UID {
	out := []types.UID{}
	for _, o := range objects {
		out = append(out, o.UID)
	}
	return out
}

func TestWhatIsInertGoesAndWhatLivesStays(t *testing.T) {
	type sorted struct{ Inert, Live []types.UID }
	none := []types.UID{}
	for name, c := range map[string]struct {
		objects []Object
		want    sorted
	}{
		"nothing":                                     {nil, sorted{none, none}},
		"a late create goes, the Job first":           {[]Object{inputs(), job(Suspended)}, sorted{[]types.UID{"job", "inputs"}, none}},
		"a finished Job takes its pod along":          {[]Object{job(Finished), pod(Finished), inputs()}, sorted{[]types.UID{"job", "inputs"}, none}},
		"an ended pod without its Job goes by itself": {[]Object{pod(Finished)}, sorted{[]types.UID{"pod"}, none}},
		"so does one that somebody orphaned":          {[]Object{pod(Finished).but(ownerless)}, sorted{[]types.UID{"pod"}, none}},
		"a live agent stays, and so do its inputs":    {[]Object{job(Running), pod(Running), inputs()}, sorted{none, []types.UID{"job", "pod"}}},
		"a live pod without its Job stays":            {[]Object{pod(Running).but(ownerless), inputs()}, sorted{none, []types.UID{"pod"}}},
		"a Job that is resumed and has no pod yet stays": {
			[]Object{job(Running), inputs()}, sorted{none, []types.UID{"job"}},
		},
		"a Job whose pod has ended stays until it says so": {
			[]Object{job(Running), pod(Finished), inputs()}, sorted{none, []types.UID{"job"}},
		},
		"a Job says that it is over, and its pod does not: the pod is believed": {
			[]Object{job(Finished), pod(Running), inputs()}, sorted{none, []types.UID{"pod"}},
		},
		"a Job says that it is suspended, and its pod lives": {
			[]Object{job(Suspended), pod(Running), inputs()}, sorted{none, []types.UID{"pod"}},
		},
		"one live attempt does not keep another": {
			[]Object{job(Running), inputs(), inputs().but(func(o *Object) { o.UID, o.Attempt = "old", 2 })},
			sorted{[]types.UID{"old"}, []types.UID{"job"}},
		},
		"what is being deleted is not deleted once more": {
			[]Object{job(Finished).but(deleting), inputs().but(deleting)}, sorted{none, none},
		},
		"a live agent that is being deleted still needs its inputs": {
			[]Object{job(Running).but(deleting), pod(Running).but(deleting), inputs()}, sorted{none, []types.UID{"job", "pod"}},
		},
		"a workspace is nobody's garbage": {[]Object{object(Volume, "workspace", Inert)}, sorted{none, none}},
		"what names no hub is not touched": {
			[]Object{job(Suspended).but(func(o *Object) { o.Hub = "" })}, sorted{none, none},
		},
		"what names no attempt is not touched": {
			[]Object{inputs().but(func(o *Object) { o.Attempt = 0 })}, sorted{none, none},
		},
		"what names no run is not touched": {
			[]Object{inputs().but(func(o *Object) { o.Home = Home{} })}, sorted{none, none},
		},
		"a copy in another namespace is not touched": {
			[]Object{inputs().but(func(o *Object) { o.Namespace = "other" })}, sorted{none, none},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inert, live := Sort(c.objects)
			if diff := cmp.Diff(c.want, sorted{names(inert), names(live)}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAJobIsOnlyInertWhenNoPodIsCounted(t *testing.T) {
	is := func(kind batchv1.JobConditionType, status corev1.ConditionStatus) batchv1.JobStatus {
		return batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: kind, Status: status}}}
	}
	for name, c := range map[string]struct {
		suspend bool
		status  batchv1.JobStatus
		want    State
	}{
		"never resumed":                   {true, batchv1.JobStatus{}, Suspended},
		"suspended, says its controller":  {true, is(batchv1.JobSuspended, corev1.ConditionTrue), Suspended},
		"suspended with a pod":            {true, batchv1.JobStatus{Active: 1}, Running},
		"suspended with a pod that ends":  {true, batchv1.JobStatus{Terminating: new(int32(1))}, Running},
		"resumed just now":                {false, batchv1.JobStatus{}, Running},
		"with a pod":                      {false, batchv1.JobStatus{Active: 1}, Running},
		"about to fail":                   {false, is(batchv1.JobFailureTarget, corev1.ConditionTrue), Running},
		"complete":                        {false, is(batchv1.JobComplete, corev1.ConditionTrue), Finished},
		"failed":                          {false, is(batchv1.JobFailed, corev1.ConditionTrue), Finished},
		"failed, and suspended after all": {true, is(batchv1.JobFailed, corev1.ConditionTrue), Finished},
		"not failed":                      {false, is(batchv1.JobFailed, corev1.ConditionFalse), Running},
	} {
		t.Run(name, func(t *testing.T) {
			got := jobState(&batchv1.Job{Spec: batchv1.JobSpec{Suspend: &c.suspend}, Status: c.status})
			if got != c.want {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
}

func TestAnObjectSaysWhoseItIsAndWhenItEnds(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	meta := metav1.ObjectMeta{
		Name: "shop-1", Namespace: "team", UID: "u", ResourceVersion: "7", CreationTimestamp: metav1.NewTime(start),
		Labels: map[string]string{
			v1.LabelManaged: "true", v1.LabelHub: "hub", v1.LabelRunUID: "run", v1.LabelAttempt: "3",
		},
		Annotations: map[string]string{v1.AnnotationHome: "CodeRun/team/shop"},
	}
	got := ofJob("eu-1", &batchv1.Job{
		ObjectMeta: meta, Spec: batchv1.JobSpec{ActiveDeadlineSeconds: new(int64(60))},
		Status: batchv1.JobStatus{StartTime: &metav1.Time{Time: start}},
	})
	want := Object{
		Member: "eu-1", Kind: Job, Namespace: "team", Name: "shop-1", UID: "u", ResourceVersion: "7", Created: start, State: Running,
		Hub: "hub", Run: "run", Attempt: 3, Home: Home{Kind: "CodeRun", Namespace: "team", Name: "shop"}, Ends: start.Add(time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" || !got.Told() {
		t.Errorf("told %v, (-want +got)\n%s", got.Told(), diff)
	}
	for _, label := range []string{"", "0", "-1", "x", "99999999999"} {
		meta.Labels[v1.LabelAttempt] = label
		if got := describe("eu-1", ConfigMap, &meta); got.Attempt != 0 || got.Told() {
			t.Errorf("attempt %q: got %d, told %v", label, got.Attempt, got.Told())
		}
	}
	for _, home := range []string{"", "DocsRun/team", "DocsRun/team/shop/more", "Pod/team/shop", "DocsRun//shop", "DocsRun/team/"} {
		if got := ParseHome(home); got != (Home{}) {
			t.Errorf("%q is no home, got %+v", home, got)
		}
	}
}
