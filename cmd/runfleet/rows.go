package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// column is one fact of an item. A column that ticks changes by itself as time goes by.
type column struct {
	head  string
	where place
	ticks bool
	cell  func(item, time.Time) cell
}

// place says in which tables a column stands.
type place int

const (
	always place = iota
	acrossNamespaces
	wideOnly
)

var runColumns = []column{
	{"NAMESPACE", acrossNamespaces, false, func(i item, _ time.Time) cell { return cell{text: i.object.GetNamespace()} }},
	{"NAME", always, false, func(i item, _ time.Time) cell { return cell{text: i.String()} }},
	{"PHASE", always, false, phaseCell},
	{"CLUSTER", always, false, ofRun(func(s *v1.RunStatus, _ time.Time) string { return s.Cluster })},
	{"ATTEMPT", always, false, ofRun(func(s *v1.RunStatus, _ time.Time) string { return number(s.Attempt) })},
	{"AGE", always, true, age},
	{"STARTED", wideOnly, true, ofRun(func(s *v1.RunStatus, now time.Time) string { return since(s.StartedAt, now) })},
	{"DURATION", wideOnly, true, ofRun(took)},
	{"COST", wideOnly, false, ofRun(func(s *v1.RunStatus, _ time.Time) string { return cost(s.Usage) })},
	{"PULL REQUEST", wideOnly, false, ofRun(func(s *v1.RunStatus, _ time.Time) string { return s.PullRequestURL })},
	{"REASON", always, false, ofRun(func(s *v1.RunStatus, _ time.Time) string { return why(string(s.Phase), s.Reason, s.Message) })},
}

var memberColumns = []column{
	{"NAME", always, false, func(i item, _ time.Time) cell { return cell{text: i.object.GetName()} }},
	{"READY", always, false, readyCell},
	{"VERSION", always, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return m.Status.KubernetesVersion })},
	{"RUNS", always, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return load(m) })},
	{"AGE", always, true, age},
	{"SCHEDULING", wideOnly, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string { return string(m.Spec.Scheduling) })},
	{"LAST SEEN", wideOnly, true, ofMember(func(m *v1.MemberCluster, now time.Time) string { return ago(m.Status.LastSeen, now) })},
	{"REASON", always, false, ofMember(func(m *v1.MemberCluster, _ time.Time) string {
		c := readiness(m)
		return why(v1.ReasonMemberReady, c.Reason, c.Message)
	})},
}

// columnsFor are those of a table of some kinds.
func columnsFor(kinds []*kind, wide, namespaces bool) []column {
	all := runColumns
	if slices.Contains(kinds, members) {
		all = memberColumns
	}
	var out []column
	for _, c := range all {
		if c.where == always || (c.where == wideOnly && wide) || (c.where == acrossNamespaces && namespaces) {
			out = append(out, c)
		}
	}
	return out
}

func heads(columns []column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.head)
	}
	return out
}

// rowOf is an item as a row.
func rowOf(columns []column, i item, now time.Time) []cell {
	var row []cell
	for _, c := range columns {
		one := c.cell(i, now)
		one.text = cmp.Or(printable(one.text), "-")
		row = append(row, one)
	}
	return row
}

// state is what a row says apart from the passing of time, to see whether it changed.
func state(columns []column, i item) string {
	var texts []string
	for _, c := range columns {
		if !c.ticks {
			texts = append(texts, c.cell(i, time.Time{}).text)
		}
	}
	return strings.Join(texts, "\x00")
}

func ofRun(f func(*v1.RunStatus, time.Time) string) func(item, time.Time) cell {
	return func(i item, now time.Time) cell {
		if r := i.run(); r != nil {
			return cell{text: f(r.RunStatus(), now)}
		}
		return cell{}
	}
}

func ofMember(f func(*v1.MemberCluster, time.Time) string) func(item, time.Time) cell {
	return func(i item, now time.Time) cell {
		if m, ok := i.object.(*v1.MemberCluster); ok {
			return cell{text: f(m, now)}
		}
		return cell{}
	}
}

func age(i item, now time.Time) cell {
	return cell{text: elapsed(i.object.GetCreationTimestamp().Time, now)}
}

func phaseCell(i item, _ time.Time) cell {
	r := i.run()
	switch {
	case i.gone:
		return cell{"Deleted", quiet}
	case r == nil:
		return cell{}
	}
	return cell{string(r.RunStatus().Phase), phaseColour(r.RunStatus().Phase)}
}

func phaseColour(p v1.Phase) string {
	switch p {
	case v1.PhaseSucceeded:
		return green
	case v1.PhaseFailed:
		return red
	case v1.PhaseProvisioning, v1.PhaseRunning:
		return cyan
	case v1.PhaseRetrying, v1.PhaseStopping:
		return yellow
	case v1.PhaseCancelled, v1.PhaseTerminating:
		return quiet
	default:
		return plain
	}
}

func readiness(m *v1.MemberCluster) metav1.Condition {
	if c := meta.FindStatusCondition(m.Status.Conditions, v1.ConditionMemberReady); c != nil {
		return *c
	}
	return metav1.Condition{Status: metav1.ConditionUnknown}
}

func readyCell(i item, _ time.Time) cell {
	m, ok := i.object.(*v1.MemberCluster)
	switch {
	case i.gone:
		return cell{"Deleted", quiet}
	case !ok:
		return cell{}
	}
	status := readiness(m).Status
	return cell{string(status), map[metav1.ConditionStatus]string{metav1.ConditionTrue: green, metav1.ConditionFalse: red}[status]}
}

// load is how many runs a member has, of how many it may.
func load(m *v1.MemberCluster) string {
	n := strconv.Itoa(int(m.Status.ActiveRuns))
	if m.Spec.MaxRuns != nil {
		n += "/" + strconv.Itoa(int(*m.Spec.MaxRuns))
	}
	return n
}

// why joins reason and message. A reason that only repeats what stands in another column is left out.
func why(known, reason, message string) string {
	switch {
	case reason == "" || (reason == known && message != ""):
		return message
	case message == "":
		return reason
	default:
		return reason + ": " + message
	}
}

func number(n int32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

func cost(u *v1.Usage) string {
	if u == nil || u.CostUSD == "" {
		return ""
	}
	if f, err := strconv.ParseFloat(u.CostUSD, 64); err == nil {
		return fmt.Sprintf("$%.2f", f)
	}
	return u.CostUSD
}

// took is how long the run has worked, or did.
func took(s *v1.RunStatus, now time.Time) string {
	if s.StartedAt != nil && s.FinishedAt != nil {
		now = s.FinishedAt.Time
	}
	return since(s.StartedAt, now)
}

func since(t *metav1.MicroTime, now time.Time) string {
	if t == nil {
		return ""
	}
	return elapsed(t.Time, now)
}

func ago(t *metav1.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	return elapsed(t.Time, now)
}

// elapsed is a duration as kubectl shows ages. A clock that is behind the server's makes it 0, not nonsense.
func elapsed(from, now time.Time) string {
	if from.IsZero() {
		return ""
	}
	return duration.HumanDuration(max(0, now.Sub(from)))
}
