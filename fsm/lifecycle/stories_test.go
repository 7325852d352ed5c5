package lifecycle_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
)

// story is a world that is told what happens, line by line.
type story struct{ *lifecycletest.World }

// TestStories walks the stories of testdata/stories: a command, then the transcript of what the machine did.
// Rewrite them with `go test ./fsm/lifecycle -run TestStories -rewrite`, and read the diff.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d stories, want at least 20 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			var w story
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				if d.Cmd == "apply" {
					w = story{lifecycletest.New(lifecycle.Kind(d.CmdArgs[0].Key))}
				}
				w.command(t, d)
				return w.pass(t)
			})
		})
	}
}

// pass lets the operator look until nothing changes any more, and writes down what it did.
func (w story) pass(t *testing.T) string {
	var out strings.Builder
	for range 20 {
		if w.Removed {
			out.WriteString("the run object is gone\n")
			return out.String()
		}
		f, d := w.Decide()
		if _, again := w.Decide(); !reflect.DeepEqual(d, again) {
			t.Fatalf("the same input gave two decisions:\n%+v\n%+v", d, again)
		}
		quiet := reflect.DeepEqual(d.Status, w.Status)
		w.write(&out, d, quiet)
		w.Commit(d)
		for _, e := range d.Effects {
			fmt.Fprintf(&out, "  %s\n", effectText(e))
			w.Execute(e)
		}
		if quiet && len(d.Effects) == 0 {
			fmt.Fprintf(&out, "%s\n", w.summary(d))
			return out.String()
		}
		if quiet && reflect.DeepEqual(w.Facts(), f) {
			fmt.Fprintf(&out, "%s\n", w.summary(d))
			return out.String()
		}
	}
	t.Fatalf("no rest after 20 passes:\n%s", out.String())
	return ""
}

func (w story) write(out *strings.Builder, d lifecycle.Decision, quiet bool) {
	switch {
	case d.Row.ID != "":
		fmt.Fprintf(out, "· %s: %s -> %s (row %s)\n", d.Row.On, d.Row.From[0], d.Row.To, d.Row.ID)
	case !quiet:
		out.WriteString("· noted\n")
	}
	if d.Warning != "" {
		fmt.Fprintf(out, "! %s: %s\n", v1.ReasonAbandonIgnored, d.Warning)
	}
}

func effectText(e lifecycle.Effect) string {
	where := ""
	if e.Cluster != "" {
		where = fmt.Sprintf(" %d on %s", e.Attempt, e.Cluster)
	}
	if e.UID != "" && e.Cluster != "" {
		where += fmt.Sprintf(" (uid %s, version %s)", e.UID, e.ResourceVersion)
	}
	if e.Name != "" {
		where += " " + e.Name
	}
	return fmt.Sprintf("%s %s%s", e.Verb, e.Resource, where)
}

// summary is the state of rest: phase, reason, message, the newest attempt, budget, and when to look again.
func (w story) summary(d lifecycle.Decision) string {
	s := d.Status
	var b strings.Builder
	fmt.Fprintf(&b, "= %s", s.Phase)
	if s.Reason != "" {
		fmt.Fprintf(&b, " (%s)", s.Reason)
	}
	if s.Message != "" {
		fmt.Fprintf(&b, ": %s", s.Message)
	}
	if n := len(s.Attempts); n > 0 {
		e := s.Attempts[n-1]
		fmt.Fprintf(&b, "\n  attempt %d on %s for version %d", e.Number, e.Cluster, e.ContextVersion)
		if e.EndedBy != "" {
			fmt.Fprintf(&b, ", ended: %s", e.EndedBy)
		}
		if e.Class != "" {
			fmt.Fprintf(&b, ", %s", e.Class)
		}
		fmt.Fprintf(&b, "; retries %d, lost %d", s.RetryCount, s.InfraCount)
		if e.EndedAt == nil {
			fmt.Fprintf(&b, "; its fence is in %s", e.FencedUntil.Sub(w.Now).Round(time.Second))
		}
	}
	if !d.Wake.IsZero() {
		fmt.Fprintf(&b, "\n  looks again in %s", d.Wake.Sub(w.Now).Round(time.Second))
	}
	return b.String()
}

// command performs what the story says happened outside the operator.
func (w story) command(t *testing.T, d *datadriven.TestData) {
	var member string
	var n int32
	if d.HasArg("on") {
		d.ScanArgs(t, "on", &member)
	} else {
		member = w.Status.Cluster
	}
	if d.HasArg("attempt") {
		var i int
		d.ScanArgs(t, "attempt", &i)
		n = int32(i)
	} else {
		n = w.Status.Attempt
	}
	switch d.Cmd {
	case "apply", "edit", "restore", "operator":
		w.commandHub(t, d)
	case "member", "candidate", "lease", "wait":
		w.commandWorld(t, d)
	case "agent", "user":
		w.commandAgent(t, d, w.Object(n, member))
	default:
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	}
}

var lostPolicies = map[string]v1.OnClusterLost{"wait": v1.ClusterLostWait, "reschedule": v1.ClusterLostReschedule, "fail": v1.ClusterLostFail}
