package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/runfleet/runfleet/api/v1"
)

func TestOldAttemptsAreForgottenOnlyWhenNothingIsLeftOfThem(t *testing.T) {
	l := Lifecycle{Settings: DefaultSettings()}
	l.MaxAttempts = 3
	f := Facts{
		Members: []MemberFacts{{Name: "a", Link: Answers}, {Name: "b", Link: Silent}},
		Others:  []AgentFacts{{Attempt: 3, Cluster: "a"}},
	}
	s := v1.RunStatus{Attempt: 8}
	for n := range int32(8) {
		s.Attempts = append(s.Attempts, v1.Attempt{
			Number: n + 1, Cluster: "a", EndedAt: micro(time.Unix(1, 0)), OutcomeRecorded: new(true),
		})
	}
	s.Attempts[0].Cluster = "b"         // its member is silent: its objects may still be there
	s.Attempts[1].OutcomeRecorded = nil // its outcome may still come
	s.Attempts[3].EndedAt = nil         // open
	l.forget(&s, f)                     // attempt 3 has objects, 8 is the newest
	var left []int32
	for _, e := range s.Attempts {
		left = append(left, e.Number)
	}
	if want := []int32{1, 2, 3, 4, 8}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

func TestTheFinalizerWaitsForEveryMemberThatWasTouched(t *testing.T) {
	l := Lifecycle{Settings: DefaultSettings()}
	s := v1.RunStatus{Phase: v1.PhaseTerminating, Members: []string{"a", "b"}}
	tests := map[string]struct {
		members []MemberFacts
		waits   bool
	}{
		"a member that was not asked": {[]MemberFacts{{Name: "a", Link: Answers, Leftover: Absent}}, true},
		"a member that could not say": {[]MemberFacts{{Name: "a", Link: Answers}, {Name: "b", Link: Answers, Leftover: Absent}}, true},
		"a member that holds something": {
			[]MemberFacts{{Name: "a", Link: Answers, Leftover: Present}, {Name: "b", Link: Answers, Leftover: Absent}}, true,
		},
		"a silent member is left to the sweeper": {[]MemberFacts{{Name: "a", Link: Answers, Leftover: Absent}, {Name: "b"}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := Facts{Run: RunFacts{Finalizer: true}, Members: tt.members}
			if released := len(l.effectsTerminating(s, f)) > 0; released == tt.waits {
				t.Errorf("the finalizer is released: %t", released)
			}
		})
	}
}
