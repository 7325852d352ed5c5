package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/timeline"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// subject is one of the story's runs.
type subject struct {
	kind   apiserver.Kind
	key    types.NamespacedName
	uid    types.UID
	shares []string // what only one agent may work on at a time: its workspace, its branch

	suspensions map[int32]int // how often a person resumed it, by context version
}

func (s *subject) String() string { return fmt.Sprintf("%s %s", s.kind, s.key) }

// introduce brings the runs, the first operator, the people and the faults.
func (w *world) introduce() {
	t := w.Time
	if t.Chance(0.3) {
		w.terms.MaxRuns = new(int32(1))
		for _, r := range w.Registry {
			r.Terms = w.terms
		}
	}
	for _, m := range w.Members {
		if t.Chance(0.2) {
			w.skew(m)
		}
		w.admit(m)
	}
	if t.Chance(0.1) {
		w.Pulses = true
		t.After(t.Between(0, 4*time.Minute), w.restoreHub)
	}
	w.begin()
	for i, run := range w.cast() {
		t.After(t.Between(0, 40*time.Second)*time.Duration(i), func() { w.apply(run) })
	}
	for range 3 + t.Dice.IntN(6) {
		f := timeline.Pick(t, faults...)
		if t.Chance(0.5) {
			t.After(t.Between(0, 6*time.Minute), func() { f(w) })
		} else { // in the midst of something: most steps are where something is done
			w.armed = append(w.armed, armed{at: t.Dice.IntN(400), fault: f})
		}
	}
}

// admit makes the runs' namespace on a member, now and then while they already wait for it.
func (w *world) admit(m *member.Member) {
	if !w.Time.Chance(0.2) {
		m.Open(namespace)
		return
	}
	w.hit("namespace made late")
	w.openLater(m, 40*time.Second)
}

func (w *world) openLater(m *member.Member, most time.Duration) {
	w.Time.After(w.Time.Between(0, most), func() {
		w.say("person", "makes the namespace on "+m.Name)
		m.Open(namespace)
	})
}

// closeNamespace lets a person delete the runs' namespace on a member, with all that is in it, and make it again when it is gone:
// mostly soon, so that those who were not watching never see that it was not there.
func (w *world) closeNamespace() {
	m := timeline.Pick(w.Time, w.Members...)
	w.hit("namespace deleted")
	w.say("person", "deletes the namespace on "+m.Name)
	held := time.Duration(0)
	if w.Time.Chance(0.3) {
		held = w.Time.Between(0, 15*time.Minute)
	}
	m.Close(namespace, held)
	w.openAgain(m)
}

func (w *world) openAgain(m *member.Member) {
	w.Time.After(w.Time.Usually(10*time.Second, 20*time.Minute), func() {
		if m.Open(namespace) {
			w.say("person", "makes the namespace on "+m.Name)
		} else {
			w.openAgain(m)
		}
	})
}

// armed is a fault that comes at a certain step.
type armed struct {
	at    int
	fault func(*world)
}

// spring lets the armed faults happen whose step has come.
func (w *world) spring() {
	w.armed = slices.DeleteFunc(w.armed, func(a armed) bool {
		due := w.Time.Steps >= a.at
		if due {
			a.fault(w)
		}
		return due
	})
}

// cast are three runs, of which two want the same workspace or branch.
func (w *world) cast() []v1.Run {
	docs, code := w.docs, w.code
	switch w.Time.Dice.IntN(4) {
	case 0: // one workspace
		return []v1.Run{code("run-1", "shop", 1), code("run-2", "shop", 2), docs("run-3", "")}
	case 1: // one branch, two workspaces
		return []v1.Run{code("run-1", "shop", 1), code("run-2", "cart", 1), docs("run-3", "")}
	case 2: // one branch
		return []v1.Run{docs("run-1", "docs"), docs("run-2", "docs"), code("run-3", "shop", 1)}
	default: // one workspace, and a DocsRun of the same name
		return []v1.Run{code("run-1", "shop", 1), code("run-2", "shop", 1), docs("run-1", "docs")}
	}
}

func (w *world) docs(name, branch string) v1.Run {
	return &v1.DocsRun{ObjectMeta: meta(name), Spec: v1.DocsRunSpec{
		RunSpec: w.spec(), RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".",
		SourceBranch: "main", TargetBranch: v1.BranchName(branch), GitHubUser: "example-bot",
	}}
}

func (w *world) code(name, service string, task int64) v1.Run {
	return &v1.CodeRun{ObjectMeta: meta(name), Spec: v1.CodeRunSpec{
		RunSpec: w.spec(), TaskID: new(task), Service: service, RepositoryURL: "https://github.com/example/shop",
		Model: "sonnet", GitHubUser: "example-bot",
	}}
}

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// spec is what a person asks for.
func (w *world) spec() v1.RunSpec {
	t := w.Time
	maybe := func(p float64, choices ...int32) *int32 {
		if !t.Chance(p) {
			return nil
		}
		return new(timeline.Pick(t, choices...))
	}
	s := v1.RunSpec{
		ContextVersion:              1,
		DeadlineSeconds:             maybe(0.7, 60, 120, 600),
		ProvisioningDeadlineSeconds: maybe(0.5, 30, 60, 600),
		TotalDeadlineSeconds:        maybe(0.2, 600, 1800),
		RetentionSeconds:            maybe(0.5, 0, 60, 600),
		TTLSecondsAfterFinished:     maybe(0.2, 0, 60, 900),
		Retry:                       v1.RetryPolicy{MaxRetries: maybe(0.9, 0, 0, 1, 1, 2)},
	}
	if t.Chance(0.3) {
		s.Retry.AlsoOn = []v1.FailureClass{v1.ClassDeadlineExceeded, v1.ClassOutcomeUnknown, v1.ClassProvisioningDeadlineExceeded}
	}
	if t.Chance(0.75) {
		s.Placement = &v1.Placement{OnClusterLost: timeline.Pick(t, v1.ClusterLostWait, v1.ClusterLostReschedule, v1.ClusterLostFail)}
	}
	if t.Chance(0.15) {
		if s.Placement == nil {
			s.Placement = &v1.Placement{}
		}
		s.Placement.Selector = &v1.ClusterSelector{MatchLabels: map[string]v1.LabelValue{pool: "large"}}
	}
	s.Suspend = t.Chance(0.05)
	return s
}

// apply is kubectl apply.
func (w *world) apply(run v1.Run) {
	s := &subject{kind: apiserver.KindOf(run), key: client.ObjectKeyFromObject(run), suspensions: map[int32]int{}}
	switch r := run.(type) {
	case *v1.DocsRun:
		if r.Spec.TargetBranch != "" {
			s.shares = []string{"branch " + string(r.Spec.TargetBranch)}
		}
	case *v1.CodeRun:
		s.shares = []string{"workspace " + r.Spec.Service, fmt.Sprintf("branch of task %d", *r.Spec.TaskID)}
	}
	w.say("person", "applies "+s.String())
	for _, o := range w.runs {
		if what := shared(o, s); strings.HasPrefix(what, "branch") {
			w.hit("F31 one branch, two runs")
		}
	}
	if err := w.Hub.Create(run); err != nil {
		w.failf("the story begins with a refusal: %v", err)
		return
	}
	s.uid = run.GetUID()
	w.runs = append(w.runs, s)
	if run.RunSpec().Suspend {
		w.resumeLater(s)
	}
}
