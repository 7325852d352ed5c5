package lifecycle

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// config is one configuration of the model: which faults may happen, how often, and how disobedient the rest is.
type config struct {
	name      string
	kind      Kind
	retries   int32
	alsoOn    []v1.FailureClass // retried although the class table says no
	allowance int32
	onLost    v1.OnClusterLost
	retention time.Duration
	runLeft   uint8 // ticks to the whole run's deadline, 0: none
	times     times
	outcomes  []podState
	faults    [faultKinds]uint8
	total     uint8 // faults of all kinds together
	messages  int   // requests under way at most; 0: a request arrives at once or never
	repeats   bool  // the same request may be under way twice
	stale     bool  // passes read the version before the newest as well
	paused    bool  // time may pass between a decision and its commit
	lagging   bool  // the pods' cache may lag behind the Jobs'
	early     bool  // a Job may say Failed while its pod terminates
	refusals  bool  // the member may refuse the Job
	upgrades  bool  // the operator may be upgraded while no Job is authorised
	inputs    bool  // ConfigMaps are explored too
	alone     bool  // only the first member is ever a candidate
}

// times are durations in whole ticks.
type times struct{ provisioning, deadline, grace, slack time.Duration }

var short = times{provisioning: tick, deadline: tick, slack: tick}

// life is how long the kubelet lets an agent live.
func (t times) life() uint8 { return uint8((t.deadline + t.grace) / tick) }

// plant is a mistake put into the operator or into its world, to see that the check finds it.
type plant struct {
	facts    func(*Facts, v1.RunStatus)           // what the operator takes the look for
	decision func(v1.RunStatus, Facts, *Decision) // what it does with the decision
	settings func(*Settings)
	actFirst bool   // acts before it commits
	running  bool   // Jobs are created running
	blind    verb   // requests of this kind name no UID and no resourceVersion
	unswept  bool   // no sweeper
	only     string // the one property to search for; "" is every one
}

func statusPending() v1.RunStatus { return v1.RunStatus{Phase: v1.PhasePending} }

// base is a small world in which nothing goes wrong but agents.
func base(name string, change ...func(*config)) config {
	c := config{
		name: name, kind: DocsRun, retries: 1, onLost: v1.ClusterLostWait, times: short, retention: 1000 * time.Hour,
		outcomes: []podState{podSucceeded, podFailed}, total: 2, messages: 1,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func with(n uint8, kinds ...faultKind) func(*config) {
	return func(c *config) {
		for _, k := range kinds {
			c.faults[k] = n
		}
	}
}
