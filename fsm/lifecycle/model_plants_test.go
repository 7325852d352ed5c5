package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// mistake is a planted bug, the smallest world that shows it, and the property that must be found broken.
type mistake struct {
	name  string
	finds string
	in    config
	plant plant
}

const twoAgents = "I1: two live agents"

// TestModelCheckFindsPlantedBugs plants one mistake after the other. A check that finds none of them proves nothing.
func TestModelCheckFindsPlantedBugs(t *testing.T) {
	for _, b := range slices.Concat(mistakesOfTheOperator(), mistakesOfTheRequests(), mistakesOfTheRules(), mistakesOfHaste()) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.plant.only = b.finds
			r := newModel(b.in, b.plant).explore(mostStates)
			if !strings.HasPrefix(r.violation, b.finds) {
				t.Fatalf("found %q after %d states, want %s%s", r.violation, r.states, b.finds, r.lines())
			}
			t.Logf("%s (%d steps, %d states)%s", r.violation, len(r.trace), r.states, r.lines())
			if testing.Verbose() {
				fmt.Printf("planted: %s: %s, %d steps\n", b.name, r.violation, len(r.trace))
			}
		})
	}
}

// mistakesOfTheOperator are wrong readings of the world and wrong orders.
func mistakesOfTheOperator() []mistake {
	return []mistake{
		{"acts before it commits", "I7", base("", retries(0), paused), plant{actFirst: true}},
		{"takes unknown for absent", twoAgents, base("", direct, retries(0), with(1, fLink, fRaise)), plant{facts: unknownIsAbsent}},
		{"retries without waiting for the fence", twoAgents, base("", direct, long, reschedule, retries(0), allowance(1), with(1, fLink)), plant{facts: nothingIsFenced}},
		{"clears the attempts on a raise", "I2", base("", direct, with(1, fRaise)), plant{decision: clearAttempts}},
		{"leaves Running without a deadline", "I12", base("", direct, retries(0), with(1, fBurn)), plant{decision: noDeadline}},
		{"takes a Job's absence for its pod's death (A14)", twoAgents, base("", direct, with(1, fJobGone, fRaise)), plant{facts: absentJobIsDeath}},
		{"believes the first look (settle)", twoAgents, base("", direct, retries(0), with(1, fRaise, fJobGone)), plant{settings: func(s *Settings) { s.Settle = 0 }}},
		{"drops the outcome on leaving Stopping", "I8", base("", direct, retries(0)), plant{decision: dropOutcome}},
		{"does not look at the outcome when stopping", "BELL", base("", direct, retries(0)), plant{facts: blindWhenStopping}},
		{"never writes a late outcome down (row 4)", "I12", base("", retries(0), direct, with(1, fLink)), plant{decision: drop("4")}},
		{"trusts a Failed Job whose pod still ends", twoAgents, base("", direct, retries(0), early, with(1, fPodGone, fRaise)), plant{facts: terminatingIsGone}},
		{"takes a person's word where the member answers", twoAgents, base("", direct, retries(0), with(1, fAbandon, fRaise)), plant{facts: anyWord}},
		{"stops an agent because its member is silent (rule L)", "KILL", base("", direct, with(1, fLink)), plant{decision: loseHeart}},
	}
}

// mistakesOfTheRequests are requests that mean more than was decided.
func mistakesOfTheRequests() []mistake {
	late := base("", retries(0), requests(3), repeated, with(1, fJobGone), faults(1))
	return []mistake{
		{"creates Jobs running, and a user deletes one", "ONCE", base("", direct, with(1, fJobGone)), plant{running: true}},
		{"creates Jobs running, and requests are late", twoAgents, base("", requests(2), repeated, retries(1), with(1, fJobGone)), plant{running: true}},
		{"resumes before the Job's UID is recorded (A12)", "ONCE", base("", direct, with(1, fJobGone)), plant{decision: runUnauthorised}},
		{"resumes without UID and resourceVersion (A13)", "ONCE", late, plant{blind: msgRelease}},
		{"deletes without UID and resourceVersion (A13)", "I8", base("", retries(0), requests(2), with(1, fCancel)), plant{blind: msgDeleteJob}},
		{"does not compare the member's identity (A13)", "FINAL", base("", direct, retries(0), with(1, fRetarget)), plant{facts: anyIdentity}},
		{"cleans up on the last member only", "I9", base("", direct, outcomes(podFailed), with(1, fDelete)), plant{facts: lastMemberOnly}},
		{"forgets the members it touched (A15)", "I9", base("", direct, outcomes(podFailed), with(1, fDelete)), plant{facts: knownMembersOnly, decision: forgetMembers}},
		{"places before the finalizer is there", "I9", base("", direct, with(1, fDelete)), plant{facts: pretendFinalizer}},
		{"has no sweeper (rule O)", "I9", base("", retries(0), with(1, fDelete)), plant{unswept: true}},
		{"has no quarantine (rule Q)", twoAgents, base("", direct, retries(0), with(1, fRestore)), plant{facts: noQuarantine}},
	}
}

// mistakesOfTheRules break a rule of the status itself.
func mistakesOfTheRules() []mistake {
	return []mistake{
		{"has no end of its budget", "I5", base("", direct, outcomes(podFailed)), plant{facts: func(f *Facts, _ v1.RunStatus) { f.Run.MaxRetries = 9 }}},
		{"fences too early", "I6", base("", direct, retries(0)), plant{decision: shortFence}},
		{"leaves a final state by itself", "I3", base("", direct, retries(0), with(1, fJobGone)), plant{decision: rerun}},
		{"takes an edge that is not in the table", "I13", base("", direct), plant{decision: jump}},
		{"starts an attempt for the old context version", "WASTE", base("", direct, with(1, fRaise)), plant{decision: oldVersion}},
	}
}

func unknownIsAbsent(f *Facts, _ v1.RunStatus) {
	if f.Cluster.Link == Silent {
		f.Cluster.Link = Answers
	}
	for _, p := range []*Presence{&f.Agent.Job.Presence, &f.Agent.Pod.Presence, &f.Agent.Ended.Pod} {
		if *p == Unknown {
			*p = Absent
		}
	}
}

func nothingIsFenced(f *Facts, s v1.RunStatus) {
	if f.Cluster.Link == Silent {
		f.Run.Abandoned = s.Attempt
	}
}

func anyWord(f *Facts, s v1.RunStatus) {
	if s.Phase == v1.PhaseStopping && f.Run.Abandoned == s.Attempt && f.Cluster.Link == Answers {
		f.Cluster.Link, f.Cluster.SilentSince = Silent, origin.Add(-time.Hour)
	}
}

func absentJobIsDeath(f *Facts, _ v1.RunStatus) {
	if f.Agent.Job.Presence == Absent {
		f.Agent.Pod = PodFacts{Presence: Absent}
	}
}

func blindWhenStopping(f *Facts, s v1.RunStatus) {
	if s.Phase == v1.PhaseStopping && f.Agent.Ended.Pod == Present {
		f.Agent.Ended = Evidence{Pod: Absent}
		f.Agent.Job.Failed, f.Agent.Job.Complete = f.Agent.Job.Finished(), false
	}
}

func terminatingIsGone(f *Facts, _ v1.RunStatus) { f.Agent.Job.Terminating = 0 }

func anyIdentity(f *Facts, _ v1.RunStatus) {
	if f.Cluster.Link == Foreign {
		f.Cluster.Link = Answers
		f.Agent.Job.Presence, f.Agent.Pod.Presence, f.Agent.Ended.Pod = Absent, Absent, Absent
	}
}

func lastMemberOnly(f *Facts, s v1.RunStatus) {
	f.Others = slices.DeleteFunc(f.Others, func(a AgentFacts) bool { return a.Cluster != s.Cluster })
	f.Members = slices.DeleteFunc(f.Members, func(m MemberFacts) bool { return m.Name != s.Cluster })
}

func knownMembersOnly(f *Facts, s v1.RunStatus) {
	f.Others = slices.DeleteFunc(f.Others, func(a AgentFacts) bool { return !slices.Contains(s.Members, a.Cluster) })
	f.Members = slices.DeleteFunc(f.Members, func(m MemberFacts) bool { return !slices.Contains(s.Members, m.Name) })
}

func pretendFinalizer(f *Facts, _ v1.RunStatus) {
	f.Run.Finalizer, f.Run.StampUID, f.Run.StampIncarnation = true, f.Run.UID, f.Hub.Incarnation
}

func noQuarantine(f *Facts, _ v1.RunStatus) { f.Hub.Incarnation, f.Run.StampIncarnation = 1, 1 }
