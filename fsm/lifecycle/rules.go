package lifecycle

import (
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/fsm"
)

// Rules is the API server's copy of the protocol, as it stands on the status object of a kind: the edges of the table,
// and what makes attempts and history a record that nobody can rewrite, this operator included.
//
// The rules hold for every write of a status, by whatever version of whatever program. They are the second lock on
// "attempt n+1 only after n has ended"; the first is the guard LastAttemptEnded.
func Rules(t fsm.Table) []fsm.Rule {
	return slices.Concat(t.CEL(), counterRules(), attemptRules(), historyRules())
}

// What status says before and after, in CEL. The API omits a number that is 0 and a list that is empty.
var (
	oldAttempt, newAttempt         = orZero("oldSelf", "attempt"), orZero("self", "attempt")
	oldTransitions, newTransitions = orZero("oldSelf", "transitions"), orZero("self", "transitions")
	oldAttempts, newAttempts       = orEmpty("oldSelf", "attempts"), orEmpty("self", "attempts")
	oldHistory, newHistory         = orEmpty("oldSelf", "history"), orEmpty("self", "history")
	oldMembers, newMembers         = orEmpty("oldSelf", "members"), orEmpty("self", "members")
)

// counterRules are about what only ever grows.
func counterRules() []fsm.Rule {
	var rules []fsm.Rule
	for _, field := range []string{"contextVersion", "attempt", "transitions"} {
		rules = append(rules, fsm.Rule{
			Rule:      fmt.Sprintf("%s >= %s", orZero("self", field), orZero("oldSelf", field)),
			Message:   field + " never falls: leave it or write a higher one",
			FieldPath: "." + field,
		})
	}
	return append(rules, fsm.Rule{
		// Clean-up and deletion look on every member ever touched (rule A15).
		Rule:      fmt.Sprintf("%s.all(m, m in %s)", oldMembers, newMembers),
		Message:   "members forgets none: every member the run ever touched stays in the list",
		FieldPath: ".members",
	})
}

// attemptRules are rules S, E and A9: at most one attempt is open, and what it was authorised to run never changes.
func attemptRules() []fsm.Rule {
	return []fsm.Rule{
		{
			// Only a restored hub finds attempts that it has forgotten, and then its incarnation grows too (rule Q).
			Rule:      fmt.Sprintf("%s <= %s + 1 || %s > %s", newAttempt, oldAttempt, orZero("self", "incarnation"), orZero("oldSelf", "incarnation")),
			Message:   "attempt grows by one at a time, unless incarnation grows too",
			FieldPath: ".attempt",
		},
		{
			Rule: fmt.Sprintf("%[1]s <= %[2]s || %[2]s == 0 || %[3]s || %[4]s", newAttempt, oldAttempt,
				endedIn(newAttempts), endedIn(oldAttempts)),
			Message:   "the next attempt may be recorded only when the one before has endedAt",
			FieldPath: ".attempt",
		},
		{
			// Written without orEmpty: through it the API server loses sight of how long a UID can be, and fears the worst.
			Rule: "!has(self.attempts) || !has(oldSelf.attempts) || self.attempts.all(a, !oldSelf.attempts.exists(o, o.number == a.number &&" +
				" has(o.jobUID) && o.jobUID != '' && (!has(a.jobUID) || a.jobUID != o.jobUID)))",
			Message:   "jobUID is immutable once set: it authorises exactly one Job",
			FieldPath: ".attempts",
		},
		{
			Rule: fmt.Sprintf("%s.all(a, a.number <= %s && (a.number > %s || %s.exists(o, o.number == a.number)))",
				newAttempts, newAttempt, oldAttempt, oldAttempts),
			Message:   "attempts is append-only: a new entry's number is above every number used before, and not above attempt",
			FieldPath: ".attempts",
		},
		{
			Rule: fmt.Sprintf("%s.all(o, (o.number < %s && has(o.endedAt)) || %s.exists(a, a.number == o.number))",
				oldAttempts, newAttempt, newAttempts),
			Message:   "attempts drops an entry only after that attempt has endedAt, and never the newest",
			FieldPath: ".attempts",
		},
	}
}

// historyRules make the history a log: entries are added at its end, dropped at its beginning, and never changed.
func historyRules() []fsm.Rule {
	return []fsm.Rule{
		{
			Rule:      fmt.Sprintf("%s.all(h, %s.all(o, o.seq != h.seq || o == h))", newHistory, oldHistory),
			Message:   "history entries are immutable",
			FieldPath: ".history",
		},
		{
			Rule: fmt.Sprintf("%s.all(h, h.seq <= %s && (h.seq > %s || %s.exists(o, o.seq == h.seq)))",
				newHistory, newTransitions, oldTransitions, oldHistory),
			Message:   "history is append-only: the seq of a new entry is above the transitions before and not above those after",
			FieldPath: ".history",
		},
		{
			Rule: fmt.Sprintf("size(%[1]s) == 0 || (size(%[2]s) > 0 && %[1]s.all(o, %[2]s.exists(h, h.seq == o.seq) || %[2]s.all(h, h.seq > o.seq)))",
				oldHistory, newHistory),
			Message:   "history drops only its oldest entries, and never all",
			FieldPath: ".history",
		},
	}
}

// endedIn says that the newest attempt before has an end in a list of attempts.
func endedIn(attempts string) string {
	return fmt.Sprintf("%s.exists(a, a.number == %s && has(a.endedAt))", attempts, oldAttempt)
}

func orZero(object, field string) string {
	return fmt.Sprintf("(has(%[1]s.%[2]s) ? %[1]s.%[2]s : 0)", object, field)
}

func orEmpty(object, field string) string {
	return fmt.Sprintf("(has(%[1]s.%[2]s) ? %[1]s.%[2]s : [])", object, field)
}
