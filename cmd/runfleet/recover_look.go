package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
)

// recovery is what there is to say about a hub, also for programs.
type recovery struct {
	Incarnation int64                 `json:"incarnation"`
	Since       time.Time             `json:"since"`
	Restored    *incarnation.Restored `json:"restored,omitempty"`
	Members     []countedMember       `json:"members"`
	Waiting     []waitingRun          `json:"waiting"`  // runs in quarantine
	Lost        []orphan              `json:"lost"`     // on members, of runs that the hub does not have
	Unproven    []waitingRun          `json:"unproven"` // runs of whose last attempt nothing is left anywhere
}

type waitingRun struct {
	Run       string `json:"run"` // kind/name
	Namespace string `json:"namespace"`
	Phase     string `json:"phase"`
	Why       string `json:"why"`
}

// look asks the hub and all members.
func (c *recoverCall) look(ctx context.Context, record incarnation.Record, waived []string) (recovery, error) {
	r := recovery{Incarnation: record.Incarnation, Since: record.Since, Restored: record.Restored, Lost: []orphan{}}
	asked, err := c.reach(ctx)
	if err != nil {
		return r, err
	}
	r.Members = asked.counted(record, waived)
	entries, err := c.survey(ctx, asked, asked.quarantined(record, waived))
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		if e.Orphan {
			r.Lost = append(r.Lost, forPrograms(e))
		}
	}
	runs, err := c.hub.list(ctx, runKinds, false, client.InNamespace(c.hub.namespace))
	r.Waiting, r.Unproven = sortRuns(runs, record, entries, asked.silent)
	return r, err
}

// sortRuns tells the runs in quarantine from those of which no evidence is left. Where a member was silent nobody can say
// that there is none.
func sortRuns(runs []item, record incarnation.Record, entries []garbage.Entry, silent map[string]error) (waiting, unproven []waitingRun) {
	waiting, unproven = []waitingRun{}, []waitingRun{}
	for _, i := range runs {
		run := i.run()
		if run == nil {
			continue
		}
		s := run.RunStatus()
		w := waitingRun{Run: i.String(), Namespace: run.GetNamespace(), Phase: string(s.Phase), Why: s.Message}
		if s.Reason == v1.ReasonQuarantined || s.Incarnation > 0 && s.Incarnation < record.Incarnation {
			waiting = append(waiting, w)
		}
		if why := unprovenBy(run, record, entries, silent); why != "" {
			w.Why = why
			unproven = append(unproven, w)
		}
	}
	return waiting, unproven
}

// unprovenBy says why nobody knows how the last attempt of a run ended, "" where somebody does or may.
func unprovenBy(run v1.Run, record incarnation.Record, entries []garbage.Entry, silent map[string]error) string {
	s := run.RunStatus()
	if record.Restored == nil || len(s.Attempts) == 0 || run.GetDeletionTimestamp() != nil {
		return ""
	}
	last := s.Attempts[len(s.Attempts)-1]
	here := func(e garbage.Entry) bool { return e.Run == run.GetUID() && e.Attempt == last.Number }
	switch {
	case last.JobUID == "" || last.Incarnation >= record.Incarnation:
		return ""
	case last.EndedAt == nil && silent[last.Cluster] == nil && !slices.ContainsFunc(entries, here):
		return fmt.Sprintf("attempt %d on member %s has left neither a Job nor a pod", last.Number, last.Cluster)
	case last.EndedAt != nil && !last.EndedAt.Time.Before(record.Since) && last.Class == v1.ClassOutcomeUnknown:
		return fmt.Sprintf("attempt %d on member %s had left nothing: nobody knows how it ended", last.Number, last.Cluster)
	default:
		return ""
	}
}
