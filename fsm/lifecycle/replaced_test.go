package lifecycle

import (
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

// Two operators with other templates, as where an old leader wakes up, must not replace each other's attempts without a pause.
func TestAnAttemptIsReplacedAtOnceOnceAndThenWithBackOff(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	s := v1.RunStatus{}
	for n, want := range []bool{false, true, true} { // whether the next one waits
		number := int32(n + 1)
		s.Attempt = number
		s.Attempts = append(s.Attempts, v1.Attempt{Number: number, ContextVersion: 1})
		change{Lifecycle: Lifecycle{Settings: DefaultSettings()}, s: &s, f: Facts{Now: now}}.recordReplaced()
		if got := s.NextAttemptAt.After(now); got != want {
			t.Errorf("after %d: next attempt %v after now", number, s.NextAttemptAt.Sub(now))
		}
	}
	s.Attempt = 4
	s.Attempts = append(s.Attempts, v1.Attempt{Number: 4, ContextVersion: 2})
	change{Lifecycle: Lifecycle{Settings: DefaultSettings()}, s: &s, f: Facts{Now: now}}.recordReplaced()
	if s.NextAttemptAt.After(now) {
		t.Error("another context version begins anew")
	}
}
