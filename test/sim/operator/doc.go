// Package operator is one process of the operator: the production reconcilers of package reconcilers, between a fake work
// queue and fake connections.
//
//	            ┌──────────── production ────────────┐
//	informers ──► handlers ──► mailboxes ──► queue ──► Look ──► connection ──► API servers
//	 late, lost,                             (queue.go) │  ▲      late, lost, repeated,
//	 relisted                                           ▼  │      refused
//	                                               the pass waits; meanwhile anything may happen
//
// A pass of the reconciler is a coroutine. Each request to an API server hands control back to the simulation, so a
// process can be killed, or stopped and continued, between any two of them, and what it sent lands when it lands.
package operator
