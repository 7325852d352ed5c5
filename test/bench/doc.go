// Command bench measures what Runfleet costs, on a fleet of a hub and two members that it starts itself.
//
//	go run ./test/bench              # or: make bench
//	go run ./test/bench -takeover    # how soon a second operator acts when the first is killed
//	go run ./test/bench -collector   # what a collector of traces costs that never answers; or: make bench-traces
//	go run ./test/bench -render      # how many attempts a core renders in a second
//
// It runs the same work twice in alternating rounds: as runs through the operator, and as what a plain client would do, the
// same ConfigMaps and Jobs created on the same members by nobody's leave. Every figure of time is a ratio of the two in
// one run, or says that it is of this machine. Requests are counted by the API servers themselves, in audit logs of the
// operator's own user. It prints a table and writes bin/bench.json.
package main
