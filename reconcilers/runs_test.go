package reconcilers

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

const system = "runfleet-system"

// code and docs build a run as the hub's cache would show it.
func code(changes ...func(*v1.CodeRun)) *v1.CodeRun {
	r := &v1.CodeRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "task-7", UID: "code-uid", Generation: 1},
		Spec:       v1.CodeRunSpec{TaskID: new(int64(7)), Service: "auth", RepositoryURL: "https://github.com/example/shop"},
		Status:     v1.RunStatus{Phase: v1.PhasePending},
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

func docs(changes ...func(*v1.DocsRun)) *v1.DocsRun {
	r := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "shop", UID: "docs-uid", Generation: 1},
		Spec:       v1.DocsRunSpec{RepositoryURL: "https://github.com/example/shop", SourceBranch: "main"},
		Status:     v1.RunStatus{Phase: v1.PhasePending},
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// out is the status of a run with an attempt on a member; over is the same after its end.
func out(phase v1.Phase, member string) v1.RunStatus {
	return v1.RunStatus{
		Phase: phase, Attempt: 2, Cluster: member, Members: []string{"west", member}, Transitions: 5,
		Attempts: []v1.Attempt{{Number: 1, Cluster: "west", EndedAt: &metav1.MicroTime{Time: time.Unix(1, 0)}}, {Number: 2, Cluster: member}},
	}
}

func over(phase v1.Phase, member string) v1.RunStatus {
	s := out(phase, member)
	s.Attempts[1].EndedAt = &metav1.MicroTime{Time: time.Unix(2, 0)}
	return s
}

func TestIndexesFindTheRunsThatAnEventIsAbout(t *testing.T) {
	waits := v1.RunStatus{Phase: v1.PhasePending, Reason: v1.ReasonNoCandidate}
	leases := []string{"team-a/workspace-auth", leasesOf(code(), system, render.Branches{})[1].Name}
	for name, c := range map[string]struct {
		status                                    v1.RunStatus
		active, concerned, waiting, leases, begun []string
	}{
		"one that waits":              {waits, nil, nil, []string{v1.ReasonNoCandidate}, leases, nil},
		"one nobody looked at yet":    {v1.RunStatus{Phase: v1.PhasePending}, nil, nil, []string{""}, leases, nil},
		"one that executes":           {out(v1.PhaseRunning, "east"), []string{"east"}, []string{"west", "east"}, nil, nil, nil},
		"one that is ending":          {out(v1.PhaseStopping, "east"), []string{"east"}, []string{"west", "east"}, nil, nil, nil},
		"one between two attempts":    {over(v1.PhaseRetrying, "east"), nil, []string{"west", "east"}, []string{""}, leases, nil},
		"one that has ended":          {over(v1.PhaseFailed, "east"), nil, []string{"west", "east"}, nil, nil, nil},
		"one that is being deleted":   {over(v1.PhaseTerminating, "east"), nil, []string{"west", "east"}, nil, nil, nil},
		"one that the original began": {v1.RunStatus{Phase: v1.PhaseRunning, JobName: "code-1"}, nil, nil, nil, nil, []string{"auth"}},
		"one that it has ended":       {v1.RunStatus{Phase: v1.PhaseFailed}, nil, nil, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			run := code(func(r *v1.CodeRun) { r.Status = c.status })
			got := map[string][]string{}
			for index, f := range Indexes(system, func() render.Branches { return render.Branches{} }) {
				got[index] = f(run)
			}
			want := map[string][]string{
				IndexActive: c.active, IndexConcerned: c.concerned, IndexWaiting: c.waiting, IndexLease: c.leases,
				IndexBegun: c.begun,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunsTakeTheLeasesOfWhatTheyShare(t *testing.T) {
	names := func(run v1.Run) (all []string) {
		for _, l := range leasesOf(run, system, render.Branches{}) {
			all = append(all, l.Name+" "+l.Reason)
		}
		return all
	}
	branch := func(b v1.BranchName) func(*v1.DocsRun) { return func(r *v1.DocsRun) { r.Spec.TargetBranch = b } }
	of := names(code())
	if len(of) != 2 || of[0] != "team-a/workspace-auth WorkspaceBusy" {
		t.Errorf("a CodeRun needs its workspace first and its branch then, got %q", of)
	}
	other := names(code(func(r *v1.CodeRun) {
		r.Namespace, r.Spec.RepositoryURL = "team-b", "git@github.com:Example/shop.git"
	}))
	if other[0] == of[0] {
		t.Error("workspaces of two namespaces are two")
	}
	if other[1] != of[1] {
		t.Errorf("one branch of one repository is one, whoever spells it: %q and %q", of[1], other[1])
	}
	if next := names(code(func(r *v1.CodeRun) { r.Spec.TaskID = new(int64(8)) })); next[1] == of[1] {
		t.Error("two tasks have two branches")
	}
	for run, want := range map[*v1.DocsRun]int{docs(): 0, docs(branch("main")): 0, docs(branch("docs/shop")): 1} {
		if got := names(run); len(got) != want {
			t.Errorf("a DocsRun with target branch %q needs %d Leases, got %q", run.Spec.TargetBranch, want, got)
		}
	}
}

func TestHomesAreReadBackAsWritten(t *testing.T) {
	for kind, run := range map[lifecycle.Kind]v1.Run{lifecycle.CodeRun: code(), lifecycle.DocsRun: docs()} {
		k, key, ok := parseHome(home(kind, run))
		if !ok || k != kind || key != (types.NamespacedName{Namespace: run.GetNamespace(), Name: run.GetName()}) {
			t.Errorf("%s: got %s %s %v", home(kind, run), k, key, ok)
		}
		if cmp.Equal(newRun(kind), run) || fmt.Sprintf("%T", newRun(kind)) != fmt.Sprintf("%T", run) {
			t.Errorf("%s: a new run of the kind is %T", kind, newRun(kind))
		}
	}
	for _, s := range []string{"", "CodeRun", "CodeRun/a", "CodeRun/a/b/c", "Pod/a/b", "coderun/a/b"} {
		if _, _, ok := parseHome(s); ok {
			t.Errorf("%q is nobody's home", s)
		}
	}
}

func TestStampsAreReadBackAsWritten(t *testing.T) {
	for s, want := range map[string]struct {
		uid types.UID
		n   int64
	}{"abc/3": {"abc", 3}, "": {"", 0}, "abc": {"abc", 0}, "abc/": {"abc", 0}, "abc/x": {"abc", 0}} {
		if uid, n := parseStamp(s); uid != want.uid || n != want.n {
			t.Errorf("%q: want %v, got %s and %d", s, want, uid, n)
		}
	}
}

func TestOnlyWhatAPersonAsksWakesARun(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1.CodeRun)
		asks   bool
	}{
		"nothing":                  {func(*v1.CodeRun) {}, false},
		"the status, by ourselves": {func(r *v1.CodeRun) { r.Status, r.ResourceVersion = out(v1.PhaseRunning, "east"), "8" }, false},
		"a label":                  {func(r *v1.CodeRun) { r.Labels = map[string]string{"a": "b"} }, false},
		"the spec":                 {func(r *v1.CodeRun) { r.Generation = 2 }, true},
		"an annotation":            {func(r *v1.CodeRun) { r.Annotations = map[string]string{v1.AnnotationPreserve: "true"} }, true},
		"the finalizer":            {func(r *v1.CodeRun) { r.Finalizers = []string{v1.Finalizer} }, true},
		"its deletion":             {func(r *v1.CodeRun) { r.DeletionTimestamp = new(metav1.Unix(1, 0)) }, true},
		"its creation anew":        {func(r *v1.CodeRun) { r.UID = "another" }, true},
	} {
		if got := asks(code(), code(c.change)); got != c.asks {
			t.Errorf("%s: want %v, got %v", name, c.asks, got)
		}
	}
}

// What it waits for may have come while it was written that it waits.
func TestARunThatBeginsToWaitForAMemberIsLookedAtOnceMore(t *testing.T) {
	found := v1.RunStatus{Phase: v1.PhasePending, Reason: v1.ReasonNoCandidate}
	for name, c := range map[string]struct {
		was, is v1.RunStatus
		woken   bool
	}{
		"new":                        {v1.RunStatus{Phase: v1.PhasePending}, found, true},
		"waited for something else":  {v1.RunStatus{Phase: v1.PhasePending, Reason: v1.ReasonWorkspaceBusy}, found, true},
		"after back-off":             {v1.RunStatus{Phase: v1.PhaseRetrying, Reason: v1.ReasonBackOff}, v1.RunStatus{Phase: v1.PhaseRetrying, Reason: v1.ReasonNoCandidate}, true},
		"waits on, with other words": {found, v1.RunStatus{Phase: v1.PhasePending, Reason: v1.ReasonNoCandidate, Message: "eu-1 is full"}, false},
		"waits for something else":   {found, v1.RunStatus{Phase: v1.PhasePending, Reason: v1.ReasonWorkspaceBusy}, false},
	} {
		woken := false
		var mail Mailboxes
		mail.Listen(lifecycle.CodeRun, func(types.NamespacedName) { woken = true })
		runEvents(lifecycle.CodeRun, &mail, NewLedger()).Update(t.Context(), event.UpdateEvent{
			ObjectOld: code(func(r *v1.CodeRun) { r.Status = c.was }), ObjectNew: code(func(r *v1.CodeRun) { r.Status = c.is }),
		}, nil)
		if woken != c.woken {
			t.Errorf("%s: want woken %v, got %v", name, c.woken, woken)
		}
	}
}

func TestAnAttemptThatEndedMakesRoomThoughNoEventShowedIt(t *testing.T) {
	waits := v1.RunStatus{Phase: v1.PhaseRetrying, Attempt: 1}
	for name, c := range map[string]struct {
		was, is v1.RunStatus
		room    bool
	}{
		"it began":                   {waits, out(v1.PhaseRunning, "east"), false},
		"it goes on":                 {out(v1.PhaseProvisioning, "east"), out(v1.PhaseRunning, "east"), false},
		"it ended":                   {out(v1.PhaseRunning, "east"), over(v1.PhaseFailed, "east"), true},
		"it began and ended between": {waits, over(v1.PhaseFailed, "east"), true},
		"it ended, another began":    {v1.RunStatus{Phase: v1.PhaseRunning, Attempt: 1, Attempts: []v1.Attempt{{Number: 1, Cluster: "west"}}}, out(v1.PhaseRunning, "east"), true},
	} {
		if room := attemptsEnded(c.was) != attemptsEnded(c.is); room != c.room {
			t.Errorf("%s: want room %v, got %v", name, c.room, room)
		}
	}
}
