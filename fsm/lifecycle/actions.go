package lifecycle

import (
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The actions: pure changes of the status.
const (
	AdoptAttempt       fsm.Action = "AdoptAttempt"
	RaiseAttempt       fsm.Action = "RaiseAttempt"
	RecordLateOutcome  fsm.Action = "RecordLateOutcome"
	RecordEnd          fsm.Action = "RecordEnd"
	RecordCancel       fsm.Action = "RecordCancel"
	StopForCancel      fsm.Action = "StopForCancel"
	StopForSuspend     fsm.Action = "StopForSuspend"
	StopForRunDeadline fsm.Action = "StopForRunDeadline"
	StopForDeadline    fsm.Action = "StopForDeadline"
	StopForFailure     fsm.Action = "StopForFailure"
	RecordOutcome      fsm.Action = "RecordOutcome"
	RecordFailure      fsm.Action = "RecordFailure"
	RecordSuperseded   fsm.Action = "RecordSuperseded"
	RecordLoss         fsm.Action = "RecordLoss"
	RecordReplaced     fsm.Action = "RecordReplaced"
	RecordAgent        fsm.Action = "RecordAgent"
	RecordStart        fsm.Action = "RecordStart"
	RecordPlacement    fsm.Action = "RecordPlacement"
	StartAttempt       fsm.Action = "StartAttempt"
)

var actionDefs = []fsm.ActionDef{
	{Name: AdoptAttempt, NewAttempt: true, Doc: "Takes over the attempt that was found after a restore, with its member and Job UID; the attempts before it had ended."},
	{Name: RaiseAttempt, NewAttempt: true, Doc: "Writes down the attempt that was found after a restore, as one whose end is not known yet."},
	{Name: RecordLateOutcome, Doc: "Writes the outcome into the entry of its attempt; a pull request is taken over where none is known."},
	{Name: RecordEnd, Doc: "Sets endedAt and endedBy, and the outcome if it can be seen; after a stop also what follows: budget, back-off, finishedAt."},
	{Name: RecordCancel, Doc: "Notes that the cancel holds for the newest context version, so that ContextRaised does not lead out again."},
	{Name: StopForCancel, Doc: "Notes the cause and the time of the stop."},
	{Name: StopForSuspend, Doc: "Notes the cause and the time of the stop."},
	{Name: StopForRunDeadline, Doc: "Notes the cause and the time of the stop."},
	{Name: StopForDeadline, Doc: "Notes the cause (Lost while the member is silent, else Deadline), the time of the stop and, where the agent never started, why."},
	{Name: StopForFailure, Doc: "Notes the cause and the time of the stop."},
	{Name: RecordOutcome, Doc: "Writes pull request, session and usage."},
	{Name: RecordFailure, Doc: "Writes the failure class into the attempt; charges budget or allowance and sets the back-off when a retry follows."},
	{Name: RecordSuperseded, Raises: "contextVersion", Doc: "Takes over spec.contextVersion with a fresh budget; a waiting run starts at once, a running attempt is told to end."},
	{Name: RecordLoss, Doc: "Writes ClusterLost into the attempt and charges the infrastructure allowance."},
	{Name: RecordReplaced, Doc: "Notes why the attempt ends before it began; the next one is due at once, after more of them with back-off, and costs neither budget nor allowance."},
	{Name: RecordAgent, Doc: "Writes the Job's UID: this authorises exactly that Job. Never changed afterwards."},
	{Name: RecordStart, Doc: "Writes startSeenAt by the hub's clock, and the nearer fence that follows from it."},
	{Name: RecordPlacement, Doc: "Writes the member, and adds it to the members this run ever touched."},
	{Name: StartAttempt, NewAttempt: true, Doc: "Adds attempt n+1 with the newest context version, the member's identity, the hub's incarnation, startBefore, fencedUntil and what is left of the limits; the first one also writes the branch."},
}

// change is one row being applied: the status it changes, and what it may read.
type change struct {
	Lifecycle
	s   *v1.RunStatus
	f   Facts
	row fsm.Row
	was v1.RunStatus // the status before the row, for guards that actions ask again
}

var actions = map[fsm.Action]func(change){
	AdoptAttempt:       change.adoptAttempt,
	RaiseAttempt:       change.raiseAttempt,
	RecordLateOutcome:  change.recordLateOutcome,
	RecordEnd:          change.recordEnd,
	RecordCancel:       change.recordCancel,
	StopForCancel:      func(c change) { c.recordStop(v1.StopCancel) },
	StopForSuspend:     func(c change) { c.recordStop(v1.StopSuspend) },
	StopForRunDeadline: func(c change) { c.recordStop(v1.StopRunDeadline) },
	StopForDeadline:    change.stopForDeadline,
	StopForFailure:     func(c change) { c.recordStop(v1.StopFailure) },
	RecordOutcome:      change.recordOutcome,
	RecordFailure:      change.recordFailure,
	RecordSuperseded:   change.recordSuperseded,
	RecordLoss:         change.recordLoss,
	RecordReplaced:     change.recordReplaced,
	RecordAgent:        change.recordAgent,
	RecordStart:        change.recordStart,
	RecordPlacement:    change.recordPlacement,
	StartAttempt:       change.startAttempt,
}

func (c change) entry() *v1.Attempt     { return current(*c.s) }
func (c change) now() *metav1.MicroTime { return micro(c.f.Now) }

func (c change) recordPlacement() {
	c.s.Cluster = c.f.Candidate.Cluster
	c.addMember(c.s.Cluster)
}

func (c change) startAttempt() {
	c.s.Attempt++
	c.s.ContextVersion = c.f.Run.ContextVersion
	c.s.StopCause, c.s.NextAttemptAt = "", nil
	name := v1.AttemptName(c.f.Run.Name, c.f.Run.UID, c.s.Attempt)
	c.s.JobName, c.s.ConfigMapName = name, name
	e := v1.Attempt{
		Number: c.s.Attempt, ContextVersion: c.s.ContextVersion,
		Cluster: c.s.Cluster, ClusterUID: c.f.Candidate.ClusterUID,
		JobName: name, ConfigMapName: name, TemplateDigest: c.f.Run.TemplateDigest,
		DeadlineSeconds: int32(c.f.Run.Deadline / time.Second),
		MaxTurns:        turnsLeft(c.f.Run.MaxTurns, c.s.Usage), MaxCostUSD: costLeft(c.f.Run.MaxCostUSD, c.s.Usage),
		Incarnation: c.f.Hub.Incarnation, CreatedAt: c.now(),
	}
	c.decideBranch()
	c.fence(&e, c.f.Now.Add(c.f.Run.ProvisioningDeadline))
	c.s.Attempts = append(c.s.Attempts, e)
}

// decideBranch writes where the run's work goes. It never moves: neither the Leases nor the next attempt would find it.
func (c change) decideBranch() {
	if c.s.Branch == "" {
		c.s.Branch = c.f.Run.Branch
	}
}

// fence sets rule F's bounds of an attempt that was not seen started.
func (c change) fence(e *v1.Attempt, startBefore time.Time) {
	e.StartBefore = micro(startBefore)
	e.FencedUntil = micro(startBefore.Add(2*c.MaxSkew + seconds(e.DeadlineSeconds) + c.Grace + c.Slack))
}

func (c change) recordAgent() {
	c.entry().JobUID = c.f.Agent.Job.UID
}

func (c change) recordStart() {
	e := c.entry()
	if e.StartSeenAt == nil {
		e.StartSeenAt = c.now()
		// Both bounds hold, whatever was seen when; the nearer one counts. (A start that is seen late must not move it away.)
		seen := e.StartSeenAt.Add(seconds(e.DeadlineSeconds) + max(c.Grace, c.f.Agent.Pod.Grace) + c.Slack)
		if e.FencedUntil == nil || seen.Before(e.FencedUntil.Time) {
			e.FencedUntil = micro(seen)
		}
	}
	if c.s.StartedAt == nil {
		c.s.StartedAt = e.StartSeenAt
	}
}

// recordStop notes why the attempt must end. A stop never undoes the cause of an earlier one.
func (c change) recordStop(cause v1.StopCause) {
	c.s.StopCause = cause
	if e := c.entry(); e.StopRequestedAt == nil {
		e.StopRequestedAt = c.now()
	}
}

func (c change) stopForDeadline() {
	cause := v1.StopDeadline
	if c.f.Cluster.Link != Answers {
		cause = v1.StopLost
	}
	switch e, a := c.entry(), c.f.Agent; {
	case e.StartSeenAt != nil:
	case a.Pod.Problem != "":
		e.Class, e.Message = a.Pod.Problem, clip(fmt.Sprintf("attempt %d on member %s: %s", e.Number, e.Cluster, a.Pod.Message))
	case e.JobUID == "" && c.was.Message != "": // which object could not be created, and why
		e.Message = clip(fmt.Sprintf("attempt %d on member %s: %s: %s", e.Number, e.Cluster, causeNeverStarted, c.was.Message))
	case a.Warning != "":
		e.Message = clip(fmt.Sprintf("attempt %d on member %s: %s: Job %s does not start: %s",
			e.Number, e.Cluster, causeNeverStarted, e.JobName, a.Warning))
	}
	c.recordStop(cause)
}

// recordSuperseded takes the new context version over: fresh budget, no back-off.
func (c change) recordSuperseded() {
	c.s.ContextVersion = c.f.Run.ContextVersion
	c.freshBudget()
	if c.row.To == Stopping {
		c.recordStop(v1.StopSuperseded)
		return
	}
	c.s.NextAttemptAt = c.now()
	c.s.FinishedAt, c.s.ExpireAt, c.s.WorkCompleted = nil, nil, nil
}

func (c change) freshBudget() { c.s.RetryCount, c.s.InfraCount = 0, 0 }

// recordCancel makes the cancel hold for the newest context version while spec.cancel holds.
func (c change) recordCancel() {
	if c.f.Run.Cancel || c.s.ContextVersion == 0 {
		c.s.ContextVersion = c.f.Run.ContextVersion
	}
}

func (c change) recordLoss() {
	e := c.entry()
	e.Class, e.Message = v1.ClassClusterLost, "the member was lost before its Job was authorised; no agent can run there"
	c.s.InfraCount++
	c.s.NextAttemptAt = c.now()
	if c.s.InfraCount > 1 { // the first loss is replaced at once, a fleet that falls apart is given time
		c.backOff(c.s.InfraCount - 1)
	}
}

func (c change) recordReplaced() {
	e := c.entry()
	e.Class, e.Message = v1.ClassStopped, causeReplaced
	c.s.NextAttemptAt = c.now()
	before := int32(0)
	for _, a := range c.s.Attempts {
		if a.Number != e.Number && a.ContextVersion == e.ContextVersion && a.Message == causeReplaced {
			before++
		}
	}
	if before > 0 { // an upgrade does it once; two operators that each take the other's for lost would go on for ever
		c.backOff(before)
	}
}

const causeReplaced = "the operator was upgraded or configured anew before it created the Job, and no longer has the " +
	"templates and settings of this attempt; nothing was executed, and a new attempt takes its place"
