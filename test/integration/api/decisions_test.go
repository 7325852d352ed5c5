package api

import (
	"fmt"
	"math/rand/v2"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// The machine and the API server read the same table, and hold it by different means. Whatever the world looks like,
// the API server must accept what the machine decides: a refusal would stop a run for ever.
var _ = Describe("What the machine decides", func() {
	const walks, steps = 10, 60
	for i, kind := range kinds {
		It("is accepted for a "+kind.name+", whatever the world looks like", func(ctx SpecContext) {
			machine, err := lifecycle.New(lifecycle.Kind(kind.name), lifecycle.DefaultSettings())
			Expect(err).NotTo(HaveOccurred())
			fired := map[string]int{}
			for walk := range walks {
				run := create(ctx, kind.name)
				w := world{Rand: rand.New(rand.NewPCG(uint64(walk), uint64(i))), now: at(0).Time}
				for range steps {
					d := machine.Decide(*run.RunStatus(), w.facts(*run.RunStatus()))
					if equality.Semantic.DeepEqual(d.Status, *run.RunStatus()) {
						continue
					}
					*run.RunStatus() = d.Status
					Expect(hub.Status().Update(ctx, run)).To(Succeed(), "walk %d, row %s", walk, d.Row.ID)
					fired[d.Row.ID]++
				}
			}
			delete(fired, "")
			// The walks are the same every time; this only sees to it that they lead somewhere.
			Expect(len(fired)).To(BeNumerically(">=", 20), "rows that fired: %v", fired)
		})
	}
})

// world makes up looks at a world that need not make sense from one to the next, except for what only grows.
type world struct {
	*rand.Rand
	now         time.Time
	incarnation int64
	version     int32
}

func (w *world) one(in int) bool { return w.IntN(in) == 0 }

func (w *world) presence() lifecycle.Presence { return lifecycle.Presence(w.IntN(3)) }

func (w *world) member() string { return fmt.Sprintf("member-%d", w.IntN(3)) }

func (w *world) facts(s v1.RunStatus) lifecycle.Facts {
	w.now = w.now.Add(time.Duration(1+w.IntN(4)) * time.Minute)
	if w.one(6) {
		w.version++
	}
	if w.one(25) {
		w.incarnation++
	}
	f := lifecycle.Facts{
		Now: w.now,
		Hub: lifecycle.HubFacts{Incarnation: w.incarnation, Since: w.now},
		Run: lifecycle.RunFacts{
			Name: "run", UID: "uid", StampUID: "uid", StampIncarnation: w.incarnation, Finalizer: true, Created: at(0).Time,
			ContextVersion: w.version + 1, MaxRetries: int32(w.IntN(3)),
			Cancel: w.one(6), Suspend: w.one(12), Deleted: w.one(200),
			Deadline: time.Duration(1+w.IntN(5)) * time.Hour, ProvisioningDeadline: 20 * time.Minute,
		},
		Candidate: lifecycle.Candidate{Cluster: w.member(), ClusterUID: "cluster"},
		Cluster:   lifecycle.ClusterFacts{Name: s.Cluster, Link: w.link(), SilentSince: w.now.Add(-time.Hour)},
		Workspace: w.presence(), Inputs: w.presence(),
	}
	if w.one(15) {
		f.Run.TotalDeadline = time.Hour
	}
	if w.one(3) {
		f.Run.OnClusterLost = v1.ClusterLostReschedule
		f.Run.RetryAlsoOn = []v1.FailureClass{v1.ClassOutcomeUnknown}
	}
	f.Agent = w.agent(s, s.Attempt)
	for n := max(1, s.Attempt-2); n < s.Attempt; n++ {
		f.Others = append(f.Others, w.agent(s, n))
	}
	for _, m := range s.Members {
		f.Members = append(f.Members, lifecycle.MemberFacts{Name: m, Link: w.link(), Leftover: w.presence()})
	}
	f.Census = w.census(s)
	return f
}

func (w *world) link() lifecycle.Link {
	if w.one(6) {
		return lifecycle.Link(w.IntN(4))
	}
	return lifecycle.Answers
}

func (w *world) agent(s v1.RunStatus, n int32) lifecycle.AgentFacts {
	a := lifecycle.AgentFacts{Attempt: n, Inputs: w.presence()}
	uid := types.UID(fmt.Sprintf("job-%d", n))
	for _, e := range s.Attempts {
		if e.Number == n {
			a.Cluster = e.Cluster
			if e.JobUID != "" {
				uid = e.JobUID
			}
		}
	}
	a.Job = lifecycle.JobFacts{Presence: w.presence(), UID: uid, ResourceVersion: "1", Suspended: w.one(3)}
	if a.Job.Presence == lifecycle.Present {
		a.Job.Failed = w.one(5)
		a.Job.Complete = !a.Job.Failed && w.one(6)
	}
	a.Pod = lifecycle.PodFacts{Presence: w.presence(), UID: "pod", ResourceVersion: "1", Started: w.one(2)}
	a.Ended.Pod = w.presence()
	if a.Ended.Pod == lifecycle.Present {
		exit := int32(w.IntN(2) * 78)
		a.Ended.ExitCode = &exit
		a.Ended.Outcome = &lifecycle.Outcome{
			Result:         []string{lifecycle.ResultSucceeded, lifecycle.ResultNoChanges, lifecycle.ResultFailed}[w.IntN(3)],
			PullRequestURL: "https://github.com/example/shop/pull/9", SessionID: "session", CostUSD: "0.42", InputTokens: 7, Turns: 2,
		}
	}
	if w.one(12) {
		a.Refusal = lifecycle.Refusal{Reason: "Forbidden", Message: "no"}
	}
	return a
}

// census finds, sometimes, an attempt that the status does not know.
func (w *world) census(s v1.RunStatus) lifecycle.Census {
	c := lifecycle.Census{Complete: true}
	n := s.Attempt + int32(w.IntN(3))
	known := n == 0
	for _, e := range s.Attempts {
		known = known || (e.Number == n && e.JobUID != "")
	}
	if known || w.one(3) {
		return c
	}
	c.Stray = &lifecycle.Stray{
		Attempt: n, ContextVersion: 1, Cluster: w.member(), ClusterUID: "cluster", JobUID: types.UID(fmt.Sprintf("job-%d", n)),
		JobName: "job", ConfigMapName: "inputs", Deadline: time.Hour,
	}
	return c
}
