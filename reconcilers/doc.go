// Package reconcilers is the imperative shell around the machine: it looks, lets package lifecycle decide, writes once,
// and only then acts.
//
//	mailbox ──► observe ──► Facts ──► Decide ──► commit ──► execute ──► wake
//	(a key)     caches of   values    pure       one write   on the member
//	            hub and                          409: drop   that the committed
//	            members                          the pass    status names
//	                           ▲                               │
//	                           └── findings, if nothing was ───┘
//	                               written: a Lease taken, a refusal
//
// Nothing is remembered between two passes. Whatever a pass learns and does not commit is learnt again: a crash between
// any two lines costs time and nothing else. A cache's NotFound is Unknown; where an absence matters, the member is
// asked (look.go says when).
//
// Who owns what: package fleet the members and their clients, render the objects of an attempt, telemetry what is said
// about a committed decision. setup.go wires them to multicluster-runtime; everything else here runs in test/sim as well.
package reconcilers
