package lifecycle

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// adoptAttempt goes on with the attempt that the census found (rule Q). The status may know its number, with no Job
// UID recorded, or be several attempts behind.
func (c change) adoptAttempt() {
	c.takeStray()
	c.s.StopCause, c.s.NextAttemptAt = "", nil
}

// raiseAttempt takes note of it in a final state or while the run is deleted: its end is still to come.
// It is told to end like any other: nothing runs in a final state.
func (c change) raiseAttempt() {
	c.takeStray()
	c.entry().StopRequestedAt = c.now()
}

func (c change) takeStray() {
	stray := *c.f.Census.Stray
	c.endForgotten(stray.Attempt)
	if attempt(*c.s, stray.Attempt) == nil {
		c.s.Attempts = append(c.s.Attempts, v1.Attempt{Number: stray.Attempt, CreatedAt: c.now()})
	}
	c.s.Attempt, c.s.Cluster = stray.Attempt, stray.Cluster
	c.s.JobName, c.s.ConfigMapName = stray.JobName, stray.ConfigMapName
	// The version worked on is never behind what the status or the stray says.
	c.s.ContextVersion = max(c.s.ContextVersion, stray.ContextVersion)
	c.addMember(stray.Cluster)
	c.decideBranch()

	e := attempt(*c.s, stray.Attempt)
	e.ContextVersion = max(e.ContextVersion, stray.ContextVersion)
	e.Cluster, e.ClusterUID = stray.Cluster, stray.ClusterUID
	e.JobName, e.ConfigMapName, e.JobUID = stray.JobName, stray.ConfigMapName, stray.JobUID
	e.DeadlineSeconds = int32(stray.Deadline / time.Second)
	e.Incarnation = c.f.Hub.Incarnation
	e.StartSeenAt, e.EndedAt, e.EndedBy, e.GoneSince = nil, nil, "", nil
	e.StopRequestedAt, e.EndingSince, e.EscalatedAt, e.OutcomeRecorded = nil, nil, nil, nil
	e.Class, e.Message = "", ""
	// What the objects do not say is bounded from now on: the attempt cannot have been committed later.
	before := stray.StartBefore
	if before.IsZero() {
		before = c.f.Now.Add(c.f.Run.ProvisioningDeadline)
	}
	c.fence(e, before)
}

// endForgotten closes the attempts below n: a later attempt exists, so the forgotten status had recorded their end.
func (c change) endForgotten(n int32) {
	for i := range c.s.Attempts {
		if e := &c.s.Attempts[i]; e.Number < n && e.EndedAt == nil {
			e.EndedAt, e.EndedBy = c.now(), v1.EndSuperseded
		}
	}
}

func (c change) addMember(name string) {
	if !slices.Contains(c.s.Members, name) {
		c.s.Members = append(c.s.Members, name)
	}
}

// micro is a moment as the status stores it.
func micro(t time.Time) *metav1.MicroTime {
	m := metav1.NewMicroTime(t.UTC().Truncate(time.Microsecond))
	return &m
}
