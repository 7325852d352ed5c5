package main

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var lifeBegan = time.Date(2026, 1, 2, 14, 6, 11, 0, time.UTC)

// life is a run that is given its history, row by row.
type life struct {
	run *v1.CodeRun
	now time.Time
}

func newLife() *life {
	return &life{now: lifeBegan, run: &v1.CodeRun{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: "CodeRun"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "auth-7", UID: "1a2b3c4d-0000-4000-8000-000000000000", CreationTimestamp: metav1.NewTime(lifeBegan)},
		Spec:       v1.CodeRunSpec{Service: "auth-api"},
		Status:     v1.RunStatus{Phase: v1.PhasePending},
	}}
}

// after lets time pass and then a row fire, "AgentFailed Retrying OutOfMemory": trigger, phase, and class where there is one.
func (l *life) after(d time.Duration, row string) *life {
	words := append(strings.Fields(row), "")
	l.now = l.now.Add(d)
	s, at := &l.run.Status, metav1.NewMicroTime(l.now)
	on, to, class := words[0], v1.Phase(words[1]), v1.FailureClass(words[2])
	switch on {
	case "ClusterChosen", "AttemptDue":
		s.Attempt++
		name := v1.AttemptName(l.run.Name, l.run.UID, s.Attempt)
		s.Attempts = append(s.Attempts, v1.Attempt{
			Number: s.Attempt, ContextVersion: 1, Cluster: s.Cluster, ClusterUID: "c-1", JobName: name, ConfigMapName: name, CreatedAt: &at,
		})
	case "AgentCreated":
		s.Attempts[len(s.Attempts)-1].JobUID = "9c1b2d3e-1111-4000-8000-000000000001"
	case "AgentStarted":
		s.Attempts[len(s.Attempts)-1].StartSeenAt = &at
	}
	if e := len(s.Attempts) - 1; e >= 0 && s.Attempts[e].EndedAt == nil && to != v1.PhaseProvisioning && to != v1.PhaseRunning && to != v1.PhaseStopping {
		s.Attempts[e].EndedAt, s.Attempts[e].EndedBy, s.Attempts[e].Class = &at, v1.EndJobFinished, class
	}
	s.Transitions++
	s.History = append(s.History, v1.Transition{
		Seq: s.Transitions, Time: at, From: s.Phase, On: on, To: to, Attempt: s.Attempt, Class: class, WaitedFor: s.WaitedFor,
	})
	s.Phase, s.WaitedFor = to, nil
	return l
}

// waits lets time pass and then something be waited for, "WorkspaceBusy team/auth-6".
func (l *life) waits(after time.Duration, what string) *life {
	reason, object, _ := strings.Cut(what, " ")
	l.now = l.now.Add(after)
	l.run.Status.WaitedFor = &v1.Wait{Reason: reason, Object: object, Since: metav1.NewMicroTime(l.now)}
	return l
}

// no lets time pass until it is no longer waited for.
func (l *life) no(after time.Duration) *life {
	l.now = l.now.Add(after)
	l.run.Status.WaitedFor.Until = new(metav1.NewMicroTime(l.now))
	return l
}

// on chooses the member of the attempts to come.
func (l *life) on(member string) *life {
	l.run.Status.Cluster = member
	return l
}

// says is what the status says now.
func (l *life) says(reason, message string) *life {
	l.run.Status.Reason, l.run.Status.Message = reason, message
	return l
}

// placed brings an agent to work.
func (l *life) placed(on string) *life {
	return l.after(120*time.Millisecond, on+" Provisioning").after(310*time.Millisecond, "AgentCreated Provisioning").
		after(3800*time.Millisecond, "AgentStarted Running")
}

// lives are runs that tests look at, each at the end of its history or some time later.
var lives = map[string]func() *life{
	"success": func() *life {
		return newLife().on("eu-1").placed("ClusterChosen").after(3*time.Minute+4*time.Second, "AgentSucceeded Succeeded")
	},
	"retried": func() *life {
		return newLife().on("eu-1").placed("ClusterChosen").after(88*time.Second, "AgentFailed Retrying OutOfMemory").
			after(31*time.Second, "AttemptDue Provisioning").on("eu-1").retried()
	},
	"waited": func() *life {
		return newLife().on("eu-1").waits(0, "WorkspaceBusy team/auth-6").after(95*time.Second, "ClusterChosen Provisioning").
			after(time.Second, "AgentCreated Provisioning").waits(9*time.Second, "FailedScheduling").after(41*time.Second, "AgentStarted Running").
			after(2*time.Minute, "AgentFailed Retrying AgentError").waits(0, "BackOff").waits(12*time.Second, "MembersFull eu-1").
			after(74*time.Second, "AttemptDue Provisioning").after(time.Second, "AgentCreated Provisioning").
			after(4*time.Second, "AgentStarted Running").after(50*time.Second, "CancelRequested Stopping").
			waits(5*time.Second, "Unreachable").no(45*time.Second).after(15*time.Second, "AgentGone Cancelled Stopped")
	},
	"waiting-after-back-off": func() *life {
		l := newLife().on("eu-1").placed("ClusterChosen").after(88*time.Second, "AgentFailed Retrying AgentError").
			waits(0, "BackOff").waits(12*time.Second, "BranchBusy other/docs-3").
			says("BranchBusy", "the Lease runfleet-system/branch-1a2b is held by run other/docs-3 (DocsRun)")
		l.now = l.now.Add(40 * time.Second)
		return l
	},
	"cancelled": func() *life {
		return newLife().on("eu-1").placed("ClusterChosen").after(14*time.Minute, "CancelRequested Stopping").
			after(28*time.Second, "AgentGone Cancelled Stopped")
	},
	"running": func() *life {
		l := newLife().on("us-1").placed("ClusterChosen")
		l.now = l.now.Add(26 * time.Minute)
		return l
	},
	"waiting": func() *life {
		l := newLife().says("NoCandidate", "no member takes it: 1 is cordoned, 1 does not answer")
		l.now = l.now.Add(47 * time.Second)
		return l
	},
	"refused": func() *life {
		return newLife().on("eu-1").after(90*time.Millisecond, "ClusterChosen Provisioning").after(340*time.Millisecond, "ProvisioningRefused Failed Refused")
	},
	"asked-again": func() *life {
		return newLife().on("eu-1").placed("ClusterChosen").after(3*time.Minute, "AgentSucceeded Succeeded").
			after(5*time.Hour, "ContextRaised Retrying").on("us-1").placed("AttemptDue").after(40*time.Second, "SuspendRequested Stopping").
			after(9*time.Second, "AgentGone Retrying Stopped").after(2*time.Minute, "AttemptDue Provisioning").
			after(time.Second, "AgentCreated Provisioning").after(5*time.Second, "AgentStarted Running").
			after(2*time.Minute, "AgentSucceeded Succeeded")
	},
}

// retried is the rest of a run whose second attempt, on another member, is the one that works.
func (l *life) retried() *life {
	l.run.Status.Attempts[1].Cluster = "us-1"
	return l.on("us-1").after(400*time.Millisecond, "AgentCreated Provisioning").after(5*time.Second, "AgentStarted Running").
		after(101*time.Second, "AgentSucceeded Succeeded")
}
