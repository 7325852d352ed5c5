package lifecycle

import (
	"slices"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// Clock names what makes time alone change something: a timer of the table, or one of these.
type Clock string

// The clocks that are no timers of the table.
const (
	Resync       Clock = "Resync"
	Counting     Clock = "Counting"
	Question     Clock = "Question"
	EvidenceLook Clock = "EvidenceLook"
	SecondLook   Clock = "SecondLook"
	RunDeadline  Clock = "RunDeadline"
	LossGrace    Clock = "LossGrace"
	Escalation   Clock = "Escalation"
	BackOff      Clock = "BackOff"
	Retention    Clock = "Retention"
	Expiry       Clock = "Expiry"
)

// ClockDef is one line of the clock table.
type ClockDef struct {
	Name Clock
	On   fsm.Trigger // what may be observed from that moment on; "" where no trigger waits for it
	// Sure says that the trigger is then observed, whatever the world does.
	Sure bool
	// Look says that the operator looks then, and that nothing is due: no news for a person.
	Look bool
	Doc  string // what happens then
}

// Clocks is the clock table: data, like the rows.
var Clocks = []ClockDef{
	{Name: Resync, Look: true, Doc: "The operator looks again, though nothing happened."},
	{Name: Counting, Look: true, Doc: "The members are counted again (rule Q)."},
	{Name: Question, Look: true, Doc: "The member is asked why the agent does not start."},
	{Name: EvidenceLook, Look: true, Doc: "The member is asked for the ended pod."},
	{Name: SecondLook, On: AgentVanished, Doc: "A second look that finds neither Job nor pod proves that the attempt has ended."},
	{Name: RunDeadline, On: RunDeadlinePassed, Sure: true, Doc: "The whole run has had its time: spec.totalDeadlineSeconds after its creation."},
	{Name: Clock(StartBefore), On: DeadlinePassed, Sure: true, Doc: "The agent must have started: spec.provisioningDeadlineSeconds after the attempt was committed (rule F)."},
	{Name: Clock(AttemptDeadline), On: DeadlinePassed, Sure: true, Doc: "The attempt has had its time. The member itself ends the agent earlier, at spec.deadlineSeconds."},
	{Name: Clock(Fence), On: AgentGone, Sure: true, Doc: "The attempt counts as ended, whatever anybody sees: by then the member itself has ended it (rule F)."},
	{Name: LossGrace, On: ClusterLost, Doc: "The member has been silent for so long that it counts as lost: timing.clusterLostGraceSeconds."},
	{Name: Escalation, Doc: "The agent was told to end and has not: its Job is deleted, and no outcome is to be had."},
	{Name: BackOff, On: AttemptDue, Doc: "The back-off is over."},
	{Name: Retention, Doc: "What is left of the run on its members is deleted, the agent's log with it: spec.retentionSeconds."},
	{Name: Expiry, On: DeleteRequested, Sure: true, Doc: "The run object itself is deleted: spec.ttlSecondsAfterFinished."},
}

// Moment is when a clock runs out.
type Moment struct {
	ClockDef
	At time.Time
}

// Moments are when time alone may change something, the earliest first. They are the same that [Decision.Wake] is the
// earliest of; one that has passed means that something is in the way, or that nobody has looked since.
func (l Lifecycle) Moments(s v1.RunStatus, f Facts) []Moment {
	f = aim(s, f)
	var out []Moment
	l.clocks(s, f, l.quarantined(s, f), func(c Clock, t time.Time) {
		if i := slices.IndexFunc(Clocks, func(d ClockDef) bool { return d.Name == c }); i >= 0 {
			out = append(out, Moment{Clocks[i], t})
		}
	})
	slices.SortStableFunc(out, func(a, b Moment) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(string(a.Name), string(b.Name))
	})
	return out
}
