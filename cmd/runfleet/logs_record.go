package main

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// attemptOf finds an attempt in the status; nil if it is not there.
func attemptOf(s *v1.RunStatus, number int32) *v1.Attempt {
	for i := range s.Attempts {
		if s.Attempts[i].Number == number {
			return &s.Attempts[i]
		}
	}
	return nil
}

// recorded is what the hub knows of how an attempt ended, in lines; nil while it has not.
func recorded(run v1.Run, a *v1.Attempt, now time.Time) []cell {
	if a.EndedAt == nil {
		return nil
	}
	s := run.RunStatus()
	how, colour := string(a.Class), red
	switch {
	case a.Class == v1.ClassStopped:
		colour = quiet
	case a.Class == "" && a.Number == s.Attempt && s.Phase == v1.PhaseSucceeded:
		how, colour = "Succeeded", green
	case a.Class == "":
		how, colour = "ended", plain
	}
	if a.ExitCode != nil && *a.ExitCode != 0 {
		how += fmt.Sprintf(", exit code %d", *a.ExitCode)
	}
	lines := []cell{{fmt.Sprintf("attempt %d: %s, %s", a.Number, how, moment(a.EndedAt.Time, now)), colour}}
	for _, said := range []string{a.Message, s.PullRequestURL, spent(s.Usage)} {
		if said != "" {
			lines = append(lines, cell{text: "  " + flat(said)})
		}
	}
	return lines
}

// spent sums up all attempts of a run.
func spent(u *v1.Usage) string {
	if u == nil {
		return ""
	}
	said := fmt.Sprintf("all attempts: %s, %s tokens read, %s written",
		counted(int64(u.Turns), "turn"), grouped(u.InputTokens), grouped(u.OutputTokens))
	if c := cost(u); c != "" {
		said += ", " + c
	}
	return said
}

// gone says since when the pod of an attempt that has ended is gone, as far as anybody can know. retention may be nil: then
// nobody could read it.
func gone(run v1.Run, a *v1.Attempt, retention func(v1.Run) time.Duration, now time.Time) string {
	s := run.RunStatus()
	if a.EndedBy == v1.EndNeverAuthorised {
		return "it never had a pod, so there is no log"
	}
	for _, next := range s.Attempts {
		if next.Number > a.Number && next.EndedAt != nil {
			return fmt.Sprintf("its pod and its log are gone since attempt %d ended, %s", next.Number, moment(next.EndedAt.Time, now))
		}
	}
	if _, final := codes[s.Phase]; final && s.FinishedAt != nil && retention != nil {
		if end := s.FinishedAt.Add(retention(run)); !end.After(now) {
			return fmt.Sprintf("its pod and its log are gone since the run's retention ended, %s", moment(end, now))
		}
	}
	if a.EndedBy == v1.EndSeenGone {
		return "its pod and its log are gone, and were when it ended: somebody deleted them"
	}
	return fmt.Sprintf("its pod and its log are gone; they were deleted after it ended, %s", moment(a.EndedAt.Time, now))
}

// moment is a time, and how long ago that is.
func moment(t, now time.Time) string {
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(time.RFC3339), elapsed(t, now))
}

// waits says why there is nothing of an attempt to read yet, or of a run without one.
func waits(i item, now time.Time) string {
	s := i.run().RunStatus()
	said := strings.TrimSuffix(fmt.Sprintf("%s is %s: %s", i, s.Phase, flat(why(string(s.Phase), s.Reason, s.Message))), ": ")
	if s.Phase == v1.PhaseRetrying && s.NextAttemptAt != nil && s.NextAttemptAt.After(now) {
		said += fmt.Sprintf("; the next attempt is due at %s", s.NextAttemptAt.UTC().Format(time.RFC3339))
	}
	return said
}
