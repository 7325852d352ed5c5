package lifecycle

import (
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/fsm"
)

// Rules is the API server's copy of the protocol, as it stands on the status object of a kind: the edges of the table,
// and what makes attempts and history a record that nobody can rewrite, this operator included. (What holds for one
// entry alone stands on its type in api/v1: a Job UID and an entry of the history are immutable.)
//
// The rules hold for every write of a status, by whatever version of whatever program. They are the second lock on
// "attempt n+1 only after n has ended"; the first is the guard LastAttemptEnded.
func Rules(t fsm.Table) []fsm.Rule {
	return slices.Concat(t.CEL(), counterRules(), attemptRules(), historyRules())
}

// What status says before and after, in CEL. The API omits a number that is 0 and a list that is empty.
var (
	oldAttempt, newAttempt         = fsm.OrZero("oldSelf", "attempt"), fsm.OrZero("self", "attempt")
	oldTransitions, newTransitions = fsm.OrZero("oldSelf", "transitions"), fsm.OrZero("self", "transitions")
	oldAttempts, newAttempts       = orEmpty("oldSelf", "attempts"), orEmpty("self", "attempts")
	oldHistory, newHistory         = orEmpty("oldSelf", "history"), orEmpty("self", "history")
	oldMembers, newMembers         = orEmpty("oldSelf", "members"), orEmpty("self", "members")
)

// counterRules are about what only ever grows.
func counterRules() []fsm.Rule {
	var rules []fsm.Rule
	for _, field := range []string{"contextVersion", "attempt", "transitions"} {
		rules = append(rules, fsm.Rule{
			Rule:      fmt.Sprintf("%s >= %s", fsm.OrZero("self", field), fsm.OrZero("oldSelf", field)),
			Message:   field + " never falls: leave it or write a higher one",
			FieldPath: "." + field,
		})
	}
	return append(rules, fsm.Rule{
		// Clean-up and deletion look on every member ever touched (rule A15).
		Rule:      contains(newMembers, oldMembers),
		Message:   "members forgets none: every member the run ever touched stays in the list",
		FieldPath: ".members",
	})
}

// attemptRules are rules E and A9: at most one attempt is open, and no number is used again.
func attemptRules() []fsm.Rule {
	return []fsm.Rule{
		{
			// Only a restored hub finds attempts that it has forgotten, and then its incarnation grows too (rule Q).
			Rule: fmt.Sprintf("%s <= %s + 1 || %s > %s", newAttempt, oldAttempt,
				fsm.OrZero("self", "incarnation"), fsm.OrZero("oldSelf", "incarnation")),
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
			Rule: bind("n", newAttempt, newAttempts+".all(a, a.number <= n)") + " && " +
				bind("n", oldAttempt, contains(numbers(oldAttempts), numbers(newAttempts+".filter(a, a.number <= n)"))),
			Message:   "attempts is append-only: a new entry's number is above every number used before, and not above attempt",
			FieldPath: ".attempts",
		},
		{
			Rule: bind("n", newAttempt,
				contains(numbers(newAttempts), numbers(oldAttempts+".filter(a, a.number >= n || !has(a.endedAt))"))),
			Message:   "attempts drops an entry only after that attempt has endedAt, and never the newest",
			FieldPath: ".attempts",
		},
	}
}

// historyRules make the history a log: entries are added at its end and dropped at its beginning.
func historyRules() []fsm.Rule {
	return []fsm.Rule{
		{
			Rule: bind("n", newTransitions, newHistory+".all(h, h.seq <= n)") + " && " +
				bind("n", oldTransitions, contains(seqs(oldHistory), seqs(newHistory+".filter(h, h.seq <= n)"))),
			Message:   "history is append-only: the seq of a new entry is above the transitions before and not above those after",
			FieldPath: ".history",
		},
		{
			Rule: fmt.Sprintf("size(%s) == 0 || ", oldHistory) + bind("s", seqs(newHistory), "size(s) > 0 && s.isSorted() && "+
				contains("s", seqs(oldHistory+".filter(h, h.seq >= s[0])"))),
			Message:   "history is in the order of seq and drops only its oldest entries, never all",
			FieldPath: ".history",
		},
	}
}

// endedIn says that the newest attempt before has an end in a list of attempts.
func endedIn(attempts string) string {
	return bind("n", oldAttempt, attempts+".exists(a, a.number == n && has(a.endedAt))")
}

func orEmpty(object, field string) string {
	return fmt.Sprintf("(has(%[1]s.%[2]s) ? %[1]s.%[2]s : [])", object, field) // of an optional list the API server knows no bound
}

// bind evaluates an expression once and gives it a name in the body. A loop that read a field of the status in each of its
// rounds would cost the API server more than everything else it does with a status.
func bind(name, expression, body string) string {
	return fmt.Sprintf("[%s].all(%s, %s)", expression, name, body)
}

// contains compares lists as the API server does natively. Two nested loops in CEL would cost it tens of milliseconds
// for every write of a long history.
func contains(list, sublist string) string {
	return fmt.Sprintf("sets.contains(%s, %s)", list, sublist)
}

func numbers(attempts string) string { return attempts + ".map(a, a.number)" }

func seqs(history string) string { return history + ".map(h, h.seq)" }
