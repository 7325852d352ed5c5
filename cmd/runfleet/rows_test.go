package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/golden"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func micro(minutes int) *metav1.MicroTime {
	return new(metav1.NewMicroTime(noon.Add(time.Duration(minutes) * time.Minute)))
}

// theItems are runs in every phase, with what is hard to show.
func theItems() []item {
	made := func(minutes int, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{
			Name: name, Namespace: "team-a", CreationTimestamp: metav1.NewTime(noon.Add(-time.Duration(minutes) * time.Minute)),
		}
	}
	docs := func(minutes int, name string, s v1.RunStatus) item {
		return item{kind: docsRuns, object: &v1.DocsRun{ObjectMeta: made(minutes, name), Status: s}}
	}
	code := func(minutes int, name string, s v1.RunStatus) item {
		return item{kind: codeRuns, object: &v1.CodeRun{ObjectMeta: made(minutes, name), Status: s}}
	}
	gone := code(5, "gone", v1.RunStatus{Phase: v1.PhaseRunning, Cluster: "eu-1", Attempt: 1})
	gone.gone = true
	return []item{
		docs(0, "fresh", v1.RunStatus{Phase: v1.PhasePending}),
		docs(90, "shop", v1.RunStatus{
			Phase: v1.PhaseSucceeded, Cluster: "eu-1", Attempt: 1, Reason: "Succeeded", Message: "opened a pull request",
			PullRequestURL: "https://github.com/example/shop/pull/9", StartedAt: micro(-80), FinishedAt: micro(-60),
			Usage: &v1.Usage{CostUSD: "0.4213"},
		}),
		docs(1, "wide-店", v1.RunStatus{Phase: v1.PhasePending, Reason: "BranchBusy", Message: "等待 DocsRun team-a/shop 使用同一个分支, which pushes there too"}), //nolint:gosmopolitan // wide letters are the case
		code(12, "auth-7", v1.RunStatus{
			Phase: v1.PhaseFailed, Cluster: "us-east-1-production", Attempt: 3, Reason: "OOMKilled",
			Message:   "attempt 3 failed:\n\x1b[31mexit code 137\x1b[0m\u202e evil",
			StartedAt: micro(-10), FinishedAt: micro(-2), Usage: &v1.Usage{CostUSD: "a lot"},
		}),
		code(4000, "auth-8", v1.RunStatus{Phase: v1.PhaseCancelled, Reason: "Cancelled"}),
		code(-9, "from-the-future", v1.RunStatus{Phase: v1.PhaseProvisioning, Cluster: "eu-1", Attempt: 1, Reason: "Provisioning", Message: "waiting for the agent to start"}),
		code(8, "again", v1.RunStatus{Phase: v1.PhaseRetrying, Cluster: "eu-1", Attempt: 1, Reason: "BackOff", Message: "attempt 2 is due at 12:03:00"}),
		code(8, "stops", v1.RunStatus{Phase: v1.PhaseStopping, Cluster: "eu-1", Attempt: 1, Reason: "Cancel"}),
		gone,
	}
}

func theMembers() []item {
	member := func(name string, m v1.MemberCluster) item {
		m.ObjectMeta = metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(-26 * time.Hour))}
		return item{kind: members, object: &m}
	}
	ready := func(status metav1.ConditionStatus, reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: v1.ConditionMemberReady, Status: status, Reason: reason, Message: message}}
	}
	return []item{
		member("eu-1", v1.MemberCluster{
			Spec: v1.MemberClusterSpec{Scheduling: v1.SchedulingEnabled, MaxRuns: new(int32(20))},
			Status: v1.MemberClusterStatus{
				KubernetesVersion: "v1.36.3", ActiveRuns: 3, LastSeen: new(metav1.NewTime(noon.Add(-4 * time.Second))),
				Conditions: ready(metav1.ConditionTrue, v1.ReasonMemberReady, "it takes runs"),
			},
		}),
		member("us-1", v1.MemberCluster{
			Spec: v1.MemberClusterSpec{Scheduling: v1.SchedulingCordoned},
			Status: v1.MemberClusterStatus{
				KubernetesVersion: "v1.35.0", Conditions: ready(metav1.ConditionFalse, v1.ReasonCordoned, "spec.scheduling is Cordoned"),
			},
		}),
		member("new", v1.MemberCluster{}),
	}
}

// longMembers are those with much to say.
func longMembers() []item {
	all := theMembers()
	all[0].object.SetLabels(map[string]string{"region": "eu", "topology.kubernetes.io/zone": "eu-central-1a"})
	all[1].object.SetName("production-frankfurt-2")
	m, _ := all[1].object.(*v1.MemberCluster)
	m.Status.CredentialsLeft, m.Status.Conditions[0].Reason = "29d", v1.ReasonCredentialsRefused
	return all
}

// The same items on every kind of paper.
func TestTables(t *testing.T) {
	var b strings.Builder
	show := func(title string, items []item, columns []column, p page) {
		fmt.Fprintf(&b, "== %s\n", title)
		for _, l := range newGrid(p, heads(columns)).lines(rowsOf(columns, items, noon)) {
			fmt.Fprintln(&b, strings.ReplaceAll(l, "\x1b", "ESC"))
		}
		fmt.Fprintln(&b)
	}
	normal, wide := columnsFor(runKinds, false, false), columnsFor(runKinds, true, true)
	show("a file: nothing is cut", theItems(), normal, page{})
	show("80 columns", theItems(), normal, page{width: 80})
	show("120 columns, in colour", theItems(), normal, page{width: 120, colour: true})
	show("60 columns: no room for the reason", theItems(), normal, page{width: 60})
	show("40 columns, strict", theItems(), normal, page{width: 40, strict: true, colour: true})
	show("1 column, strict", theItems()[:2], normal, page{width: 1, strict: true})
	show("wide, of all namespaces", theItems(), wide, page{})
	show("members", theMembers(), columnsFor([]*kind{members}, false, false), page{width: 80, colour: true})
	show("members, wide", theMembers(), columnsFor([]*kind{members}, true, false), page{})
	for _, width := range []int{0, 100, 78, 60, 40, 20} {
		fmt.Fprintf(&b, "== fleet list, %d columns\n%s\n\n", width, strings.Join(fleetTable(page{width: width}, false, longMembers(), noon), "\n"))
	}
	golden.Check(t, "tables.txt", b.String())
}

func TestNoLineOfAStrictTableIsWiderThanTheTerminal(t *testing.T) {
	for width := 1; width < 160; width++ {
		p := page{width: width, strict: true, colour: true}
		columns := columnsFor(runKinds, true, true)
		for _, l := range newGrid(p, heads(columns)).lines(rowsOf(columns, theItems(), noon)) {
			if got := columnsOf(l); got > width {
				t.Fatalf("%d columns wide, %d are there: %q", got, width, l)
			}
		}
	}
}

func columnsOf(s string) int { return columns(unpainted(s)) }

func TestWhatChangesByItselfIsNoChange(t *testing.T) {
	columns := columnsFor(runKinds, true, true)
	for _, i := range theItems() {
		later := rowOf(columns, i, noon.Add(time.Hour))
		if cmp.Equal(rowOf(columns, i, noon), later, cmp.AllowUnexported(cell{})) {
			t.Errorf("%s: an hour does not show", i)
		}
	}
	i := theItems()[1]
	before := state(columns, i)
	i.run().RunStatus().Message = "something else"
	if state(columns, i) == before {
		t.Error("a new message is no change")
	}
}

func TestAPictureIsDrawnOverTheOneBefore(t *testing.T) {
	var b strings.Builder
	p := picture{w: &b}
	p.draw([]string{"one", "\x1b[32mtwo, which is long\x1b[0m", "three"}, 20, 24)
	b.Reset()
	p.draw([]string{"one"}, 10, 24) // the terminal was made narrower: two lines of text take four of it
	if want := "\x1b[4A\rone\x1b[K\n\x1b[J"; b.String() != want {
		t.Errorf("drew %q, want %q", b.String(), want)
	}
	b.Reset()
	p.draw([]string{"1", "2", "3", "4", "5"}, 10, 4)
	if want := "\x1b[1A\r1\x1b[K\n\r2\x1b[K\n\r… and 3 m…\x1b[K\n\x1b[J"; b.String() != want {
		t.Errorf("drew %q, want %q", b.String(), want)
	}
}
