package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// objectView is an object of a run: where it is or was, and what it is for.
type objectView struct{ Cluster, Kind, Name, For string }

// objectsOf are the objects of a run on the hub and on its members, as its status names them; without a status, the Jobs that its
// spans name.
func objectsOf(p waterfall.Picture, seen seen) []objectView {
	run := seen.run
	if run == nil {
		return jobsTold(seen)
	}
	in := run.GetNamespace() + "/"
	out := []objectView{{"hub", cmp.Or(p.Kind, "run"), in + run.GetName(), "the run itself"}}
	s := run.RunStatus()
	if code, ok := run.(*v1.CodeRun); ok && code.Spec.Service != "" {
		for _, m := range s.Members {
			name := in + v1.WorkspacePrefix + code.Spec.Service
			out = append(out, objectView{m, "PersistentVolumeClaim", name, "the workspace of the service"})
		}
	}
	for _, a := range s.Attempts {
		of := fmt.Sprintf("attempt %d", a.Number)
		if a.ConfigMapName != "" {
			out = append(out, objectView{a.Cluster, "ConfigMap", in + a.ConfigMapName, of + ": its files"})
		}
		if a.JobName != "" {
			out = append(out, objectView{a.Cluster, "Job", in + a.JobName, of})
		}
	}
	return out
}

// eventView is something that happened at one moment.
type eventView struct {
	At, After, What, How, Says string
	Bad                        bool
	time                       time.Time
}

// eventsOf are the transitions, with what their Events say where the hub still has them, and the Events that were none.
func eventsOf(p waterfall.Picture, events []corev1.Event) []eventView {
	var began time.Time
	if len(p.Chapters) > 0 {
		began = p.Chapters[0].Start
	}
	used := map[int]bool{}
	var out []eventView
	for _, m := range p.Moves {
		v := eventView{
			time: m.Time, What: m.On, How: m.From, Says: meaning(p.Kind, m), Bad: m.Error != "" && m.Error != string(v1.ClassStopped),
		}
		if m.From != m.To {
			v.How += " → " + m.To
		}
		if i := eventOf(events, used, m); i >= 0 {
			used[i] = true
			_, v.Says, _ = strings.Cut(events[i].Message, ": ")
			v.Says = flat(cmp.Or(v.Says, events[i].Message))
		}
		out = append(out, v)
	}
	for i, e := range events {
		if !used[i] {
			out = append(out, eventView{
				time: eventTime(e), What: flat(e.Reason), How: flat(e.Type), Says: flat(e.Message), Bad: e.Type == corev1.EventTypeWarning,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b eventView) int { return a.time.Compare(b.time) })
	for i := range out {
		out[i].At = out[i].time.UTC().Format(time.DateTime)
		out[i].After = "+" + lasting(out[i].time.Sub(began))
	}
	return out
}

// meaning is what the table says of the row that fired.
func meaning(kind string, m waterfall.Move) string {
	table := lifecycle.CodeTable()
	if kind == string(lifecycle.DocsRun) {
		table = lifecycle.DocsTable()
	}
	for _, r := range table.Rows {
		if r.ID == m.Row {
			return r.Doc
		}
	}
	return ""
}

// eventOf finds the Event of a transition: it is written right after the commit.
func eventOf(events []corev1.Event, used map[int]bool, m waterfall.Move) int {
	const soon = 5 * time.Second
	for i, e := range events {
		if after := eventTime(e).Sub(m.Time); !used[i] && e.Reason == m.On && e.Action == m.To && after > -soon && after < soon {
			return i
		}
	}
	return -1
}

func eventTime(e corev1.Event) time.Time {
	if !e.EventTime.IsZero() {
		return e.EventTime.Time
	}
	return e.FirstTimestamp.Time
}

// events are those that the hub still has of a run. They only add to what the run itself tells, so that a person who may not
// read them, or reads them too late, misses nothing else.
func (h *hub) events(ctx context.Context, run v1.Run) []corev1.Event {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var list corev1.EventList
	if err := h.client.List(ctx, &list, client.InNamespace(run.GetNamespace()),
		client.MatchingFields{"involvedObject.uid": string(run.GetUID())}); err != nil {
		return nil
	}
	return list.Items
}

// jobsTold are the Jobs that the spans of attempts name.
func jobsTold(seen seen) []objectView {
	var out []objectView
	for _, s := range seen.spans {
		if said := s.Said(); s.Role == story.RoleAttempt && said.UID == seen.uid && said.Job != "" {
			out = append(out, objectView{said.Cluster, "Job", said.Namespace + "/" + said.Job, fmt.Sprintf("attempt %d", said.Attempt)})
		}
	}
	return out
}
