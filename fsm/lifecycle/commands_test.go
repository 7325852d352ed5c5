package lifecycle

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// commandHub: apply KIND, edit (people change spec or annotations), restore (the hub's backup), operator (census).
func (w *world) commandHub(t *testing.T, d *datadriven.TestData) {
	for _, a := range d.CmdArgs {
		w.edit(t, d, a)
	}
	if d.Cmd == "edit" {
		w.run.Generation++
	}
}

func (w *world) edit(t *testing.T, d *datadriven.TestData, a datadriven.CmdArg) {
	val := func() string { return a.Vals[0] }
	dur := func() time.Duration { return duration(t, val()) }
	switch a.Key {
	case "DocsRun", "CodeRun", "on", "attempt":
	case "retries":
		w.run.MaxRetries = count(t, d, a)
	case "total":
		w.run.TotalDeadline = dur()
	case "retention":
		w.run.Retention = dur()
	case "ttl":
		ttl := dur()
		w.run.TTL = &ttl
	case "also-on":
		w.run.RetryAlsoOn = []v1.FailureClass{v1.FailureClass(val())}
	case "on-lost":
		w.run.OnClusterLost = lostPolicies[val()]
	case "cancel":
		w.run.Cancel = val() == "true"
	case "suspend":
		w.run.Suspend = val() == "true"
	case "version":
		w.run.ContextVersion = count(t, d, a)
	case "delete":
		w.run.Deleted = true
	case "abandon":
		w.run.Abandoned = count(t, d, a)
	case "preserve":
		w.run.Preserve = true
	case "phase":
		w.status.Phase = v1.Phase(val())
	case "to-pending":
		w.status = v1.RunStatus{Phase: v1.PhasePending}
		w.hub = HubFacts{Incarnation: w.hub.Incarnation + 1, Since: w.now}
	case "to-open": // as it was before the end of the newest attempt was recorded
		w.hub = HubFacts{Incarnation: w.hub.Incarnation + 1, Since: w.now}
	case "counted":
		w.census = Census{Complete: true, Stray: w.findStray()}
	default:
		t.Fatalf("%s: unknown argument %q", d.Pos, a.Key)
	}
}

// findStray is what the census would bring: the highest attempt that the status does not know.
func (w *world) findStray() *Stray {
	var best *Stray
	for _, o := range w.objects {
		there := o.Job.Presence == Present || o.Pod.Presence == Present
		newer := o.Attempt > w.status.Attempt || (o.Attempt == w.status.Attempt && jobUID(w.status) == "")
		if there && newer && (best == nil || o.Attempt > best.Attempt) {
			best = &Stray{
				Attempt: o.Attempt, ContextVersion: 1, Cluster: o.Cluster, ClusterUID: types.UID("uid-" + o.Cluster),
				JobUID: o.Job.UID, JobName: v1.AttemptName(w.run.Name, w.run.UID, o.Attempt),
				ConfigMapName: v1.AttemptName(w.run.Name, w.run.UID, o.Attempt), Deadline: w.run.Deadline,
			}
		}
	}
	return best
}

// commandWorld: member NAME answers|silent|replaced|unregistered, candidate NAME|none, lease NAME held|busy|free, wait DURATION.
func (w *world) commandWorld(t *testing.T, d *datadriven.TestData) {
	first := d.CmdArgs[0].Key
	switch d.Cmd {
	case "wait":
		w.now = w.now.Add(duration(t, first))
	case "candidate":
		if first == "none" {
			first = ""
		}
		w.choose(first)
	case "member":
		w.member(first, d.CmdArgs[1].Key)
	case "lease":
		w.lease(first, d.CmdArgs[1].Key)
	}
}

// member changes how a member stands to the hub; "replaced" is another cluster under the same name.
func (w *world) member(name, how string) {
	c := w.link(name)
	c.Link = map[string]Link{"answers": Answers, "replaced": Answers, "silent": Silent, "unregistered": Unregistered}[how]
	c.SilentSince = time.Time{}
	switch how {
	case "silent":
		c.SilentSince = w.now
	case "replaced":
		w.serial++
		w.identity[name] = types.UID(fmt.Sprintf("uid-%s-%d", name, w.serial))
		w.objects = slices.DeleteFunc(w.objects, func(o *AgentFacts) bool { return o.Cluster == name })
	}
}

func (w *world) lease(name, how string) {
	l := LeaseFacts{Name: name, Reason: v1.ReasonWorkspaceBusy, Held: how == "held"}
	if how == "busy" {
		l.Holder = "team/other"
	}
	for i := range w.leases {
		if w.leases[i].Name == name {
			w.leases[i] = l
			return
		}
	}
	w.leases = append(w.leases, l)
}

// commandAgent: what happens on a member to one attempt, by itself or by a user's hand.
func (w *world) commandAgent(t *testing.T, d *datadriven.TestData, o *AgentFacts) {
	switch d.CmdArgs[0].Key {
	case "starts":
		o.Pod.Started = true
	case "ends":
		w.agentEnds(t, d, o)
	case "cannot-start":
		o.Pod.Problem, o.Pod.Message = v1.ClassImage, "image registry.example.com/agent:1 was not found"
	case "refused":
		o.Refusal = Refusal{Reason: "Forbidden", Message: "creating Job: forbidden: service account runfleet may not create jobs"}
	case "deletes-job": // in the background: the Job goes first, its pod lives on
		o.Job = JobFacts{Presence: Absent}
	case "deletes-job-and-pod":
		o.Job, o.Pod = JobFacts{Presence: Absent}, PodFacts{Presence: Absent}
	case "pod-goes":
		o.Pod = PodFacts{Presence: Absent}
	default:
		t.Fatalf("%s: unknown argument %q", d.Pos, d.CmdArgs[0].Key)
	}
}

// agentEnds: the pod ends with exit code, reason and outcome, and the Job follows.
func (w *world) agentEnds(t *testing.T, d *datadriven.TestData, o *AgentFacts) {
	code, evidence := int32(0), Evidence{Pod: Present}
	var out Outcome
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "exit":
			code = count(t, d, a)
		case "reason":
			evidence.Reason = a.Vals[0]
		case "result":
			out.Result = a.Vals[0]
		case "pr":
			out.PullRequestURL = a.Vals[0]
		case "cost":
			out.CostUSD = a.Vals[0]
		case "session":
			out.SessionID = a.Vals[0]
		case "on", "attempt":
		default:
			t.Fatalf("%s: unknown argument %q", d.Pos, a.Key)
		}
	}
	evidence.ExitCode = &code
	if out.Result != "" {
		evidence.Outcome = &out
	}
	o.Ended, o.Pod = evidence, PodFacts{Presence: Absent, Started: true}
	if o.Job.Presence == Present {
		o.Job.Active, o.Job.Complete, o.Job.Failed = 0, code == 0, code != 0
		if code != 0 {
			o.Job.Reason = "BackoffLimitExceeded"
		}
	}
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
