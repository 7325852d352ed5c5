package lifecycle_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/lifecycletest"
	"k8s.io/apimachinery/pkg/types"
)

// commandHub: apply KIND, edit (people change spec or annotations), restore (the hub's backup), operator (census).
func (w story) commandHub(t *testing.T, d *datadriven.TestData) {
	for _, a := range d.CmdArgs {
		w.edit(t, d, a)
	}
	if d.Cmd == "edit" {
		w.Run.Generation++
	}
}

func (w story) edit(t *testing.T, d *datadriven.TestData, a datadriven.CmdArg) {
	val := func() string { return a.Vals[0] }
	dur := func() time.Duration { return duration(t, val()) }
	switch a.Key {
	case "DocsRun", "CodeRun", "on", "attempt":
	case "retries":
		w.Run.MaxRetries = count(t, d, a)
	case "total":
		w.Run.TotalDeadline = dur()
	case "retention":
		w.Run.Retention = dur()
		w.Run.RetentionFailed = w.Run.Retention
	case "ttl":
		ttl := dur()
		w.Run.TTL = &ttl
	case "also-on":
		w.Run.RetryAlsoOn = []v1.FailureClass{v1.FailureClass(val())}
	case "on-lost":
		w.Run.OnClusterLost = lostPolicies[val()]
	case "cancel":
		w.Run.Cancel = val() == "true"
	case "suspend":
		w.Run.Suspend = val() == "true"
	case "version":
		w.Run.ContextVersion = count(t, d, a)
	case "delete":
		w.Run.Deleted = true
	case "abandon":
		w.Run.Abandoned = count(t, d, a)
	case "preserve":
		w.Run.Preserve = true
	case "phase":
		w.Status.Phase = v1.Phase(val())
	case "to-pending":
		w.Status = v1.RunStatus{Phase: v1.PhasePending}
		w.Hub = lifecycle.HubFacts{Incarnation: w.Hub.Incarnation + 1, Since: w.Now}
	case "stamp": // the object comes from a backup or another hub, with the status of its first life
		w.Run.StampUID = types.UID(val())
		w.Census = lifecycle.Census{}
	case "remember": // what the backup will hold
		backup = *w.Status.DeepCopy()
	case "to-remembered":
		w.Status = *backup.DeepCopy()
		w.Hub = lifecycle.HubFacts{Incarnation: w.Hub.Incarnation + 1, Since: w.Now}
	case "away": // time passes before the operator looks again
		w.Now = w.Now.Add(dur())
		w.Object(w.Status.Attempt, w.Status.Cluster).Pod.Started = true
	case "counted":
		w.Census = lifecycle.Census{Complete: true, Stray: w.Stray()}
	default:
		t.Fatalf("%s: unknown argument %q", d.Pos, a.Key)
	}
}

// backup is the status that "restore to-remembered" brings back.
var backup v1.RunStatus

// commandWorld: member NAME answers|silent|replaced|unregistered, candidate NAME|none, lease NAME held|busy|free, wait DURATION.
func (w story) commandWorld(t *testing.T, d *datadriven.TestData) {
	first := d.CmdArgs[0].Key
	switch d.Cmd {
	case "wait":
		w.Now = w.Now.Add(duration(t, first))
	case "candidate":
		if first == "none" {
			first = ""
		}
		w.Choose(first)
	case "member":
		w.Member(first, d.CmdArgs[1].Key)
	case "lease":
		w.lease(first, d.CmdArgs[1].Key)
	}
}

func (w story) lease(name, how string) {
	l := lifecycle.LeaseFacts{Name: name, Reason: v1.ReasonWorkspaceBusy, Held: how == "held"}
	if how == "busy" {
		l.Holder = "team/other"
	}
	for i := range w.Leases {
		if w.Leases[i].Name == name {
			w.Leases[i] = l
			return
		}
	}
	w.Leases = append(w.Leases, l)
}

// commandAgent: what happens on a member to one attempt, by itself or by a user's hand.
func (w story) commandAgent(t *testing.T, d *datadriven.TestData, o *lifecycle.AgentFacts) {
	switch d.CmdArgs[0].Key {
	case "starts":
		o.Pod.Started = true
	case "ends":
		w.agentEnds(t, d, o)
	case "cannot-start":
		o.Pod.Problem, o.Pod.Message = v1.ClassImage, "image registry.example.com/agent:1 was not found"
	case "refused":
		o.Refusal = lifecycle.Refusal{Reason: "Forbidden", Message: "creating Job: forbidden: service account runfleet may not create jobs"}
	case "deletes-job": // in the background: the Job goes first, its pod lives on
		o.Job = lifecycle.JobFacts{Presence: lifecycle.Absent}
	case "deletes-job-and-keeps-pod": // with orphan propagation, after the pod ended
		o.Job = lifecycle.JobFacts{Presence: lifecycle.Absent}
		o.Ended.UID, o.Ended.Version = "pod-1", "3"
	case "ends-unnoticed": // the pod has ended, and its Job's controller is late
		w.agentEnds(t, d, o)
		o.Job.Active, o.Job.Complete, o.Job.Failed = 1, false, false
	case "ends-unseen": // the Job is finished, its pod is not seen yet
		w.agentEnds(t, d, o)
		o.Ended = lifecycle.Evidence{}
	case "deletes-job-and-pod":
		o.Job, o.Pod = lifecycle.JobFacts{Presence: lifecycle.Absent}, lifecycle.PodFacts{Presence: lifecycle.Absent}
	case "pod-goes":
		o.Pod = lifecycle.PodFacts{Presence: lifecycle.Absent}
	default:
		t.Fatalf("%s: unknown argument %q", d.Pos, d.CmdArgs[0].Key)
	}
}

// agentEnds: the pod ends with exit code, reason and outcome, and the Job follows.
func (w story) agentEnds(t *testing.T, d *datadriven.TestData, o *lifecycle.AgentFacts) {
	code, reason, out := int32(0), "", lifecycle.Outcome{}
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "exit":
			code = count(t, d, a)
		case "reason":
			reason = a.Vals[0]
		case "result":
			out.Result = a.Vals[0]
		case "pr":
			out.PullRequestURL = a.Vals[0]
		case "cost":
			out.CostUSD = json.Number(a.Vals[0])
		case "session":
			out.SessionID = a.Vals[0]
		case "on", "attempt":
		default:
			t.Fatalf("%s: unknown argument %q", d.Pos, a.Key)
		}
	}
	outcome := &out
	if out.Result == "" {
		outcome = nil
	}
	lifecycletest.End(o, code, reason, outcome)
}

func duration(t *testing.T, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func count(t *testing.T, d *datadriven.TestData, a datadriven.CmdArg) int32 {
	var n int
	d.ScanArgs(t, a.Key, &n)
	return int32(n)
}
