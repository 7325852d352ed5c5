// Package faults breaks real processes while runs are under way, and looks at what becomes of the runs. `make faults` runs
// it; its tests have the build tag faults, since `make test` has no time for them.
//
//	                    ┌── gate ──► hub                etcd and API server, killed and started again
//	runfleet operator ──┼── gate ──► east ◄─┐
//	  killed, frozen,   └── gate ──► west ◄─┤ recorder  sees every Job, pod and attempt, whatever the operator says
//	  started again         ▲
//	                        └ at a chosen request: kills the operator before it is passed on, or before its answer is; answers
//	                          409, 429, 500 or 503 instead; holds it; or is down
//
// The operator is the program that users run, with flags and configuration that users have. All that is special is the
// address in its kubeconfigs: each leads to a gate, which ends TLS and passes requests on with a certificate of its own. So
// nothing in the product knows of these tests.
//
// # The kill table
//
// For every row of the table a story is told that fires it, and the operator is killed by SIGKILL
//
//   - once before the row's commit reaches the API server,
//   - once after that is stored and before the operator learns of it, and
//   - once after each request that changes something, on hub or member, until the run's next commit.
//
// All stories go on at the same time, each in a namespace of its own. Whoever reaches its point first opens a window of half a
// second; the operator is killed at its end, and that serves everybody who reached a point meanwhile, while their requests
// wait. A new operator takes over when the Lease of the dead one has run out, after two seconds.
//
// Three rows only a restored hub fires. Their stories share a backup of its etcd and a restore (see restored_test.go), and the
// operator is killed around them in the same way. The story of an upgrade is told alone, since it concerns every attempt that
// has no Job then (see upgraded_test.go).
//
// An upgrade, and the way back, has the program and the kinds of the version before that of HEAD (see upgrade_test.go): that of
// the newest release, or as long as there is none, of the commit before. It needs the history, and builds that version once.
//
// After each kill the run must reach the outcome that its story says. Asserted over everything that the recorder saw: never two
// live agents of a run, never two Jobs or pods of an attempt, attempts only ever added; and, when all runs are deleted, nothing
// of theirs is left on a member.
package faults
