package main

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func TestSinceWhenAPodIsGone(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	hoursAgo := func(n int) *metav1.MicroTime { return new(metav1.NewMicroTime(now.Add(-time.Duration(n) * time.Hour))) }
	hour := func(v1.Run) time.Duration { return time.Hour }
	one := v1.Attempt{Number: 1, EndedAt: hoursAgo(5), EndedBy: v1.EndJobFinished}
	two := v1.Attempt{Number: 2, EndedAt: hoursAgo(3), EndedBy: v1.EndSeenGone}
	for name, c := range map[string]struct {
		status    v1.RunStatus
		of        v1.Attempt
		retention func(v1.Run) time.Duration
		want      string
	}{
		"the next one has ended": {v1.RunStatus{Phase: v1.PhaseRunning, Attempts: []v1.Attempt{one, two, {Number: 3}}}, one, hour,
			"its pod and its log are gone since attempt 2 ended, 2026-01-02T09:00:00Z (3h ago)"},
		"the next one works": {v1.RunStatus{Phase: v1.PhaseRunning, Attempts: []v1.Attempt{one, {Number: 2}}}, one, hour,
			"its pod and its log are gone; they were deleted after it ended, 2026-01-02T07:00:00Z (5h ago)"},
		"the retention is over": {v1.RunStatus{Phase: v1.PhaseFailed, FinishedAt: hoursAgo(4), Attempts: []v1.Attempt{two}}, two, hour,
			"its pod and its log are gone since the run's retention ended, 2026-01-02T09:00:00Z (3h ago)"},
		"nobody knows the retention": {v1.RunStatus{Phase: v1.PhaseFailed, FinishedAt: hoursAgo(3), Attempts: []v1.Attempt{two}}, two, nil,
			"its pod and its log are gone, and were when it ended: somebody deleted them"},
		"nothing was released": {v1.RunStatus{Phase: v1.PhaseFailed}, v1.Attempt{Number: 1, EndedBy: v1.EndNeverAuthorised}, hour,
			"it never had a pod, so there is no log"},
	} {
		if got := gone(&v1.DocsRun{Status: c.status}, &c.of, c.retention, now); got != c.want {
			t.Errorf("%s:\nsays %s\nnot  %s", name, got, c.want)
		}
	}
}
