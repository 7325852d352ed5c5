// Package lifecycle is the life of a run: which states there are, what is observed, what follows, as one table and
// pure functions around it. It has no I/O, no clock and no goroutine; the model check in its tests explores it whole.
//
//	status (committed) ─┐
//	                    ├─► Sense ──► triggers ──► table ──► row ──► actions ──► new status ─┐
//	facts (one look) ───┘   sensors.go             rows.go           actions.go              ├─► Decision
//	                                               guards.go         plan.go: effects of ────┘
//	                                                                 the *new* status
//
// The happy path:
//
//	Pending ── ClusterChosen ─► Provisioning ── AgentCreated ─► Provisioning ── AgentStarted ─► Running ── AgentSucceeded ─► Succeeded
//	        member and attempt             the suspended Job's UID            released, seen
//	        are committed                  is committed: authorised           started
//
// Two words matter more than any other here. Unknown is not Absent: no trigger fires on an absence unless the
// recorded member answered. And a Job's absence is not its agent's death: an attempt has *ended* only by rule E
// (ended.go). See docs/lifecycle.md for the rules S, E, F, L, D, T, O, Q and W and the counterexample behind each.
package lifecycle
