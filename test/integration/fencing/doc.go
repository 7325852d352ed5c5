// Package fencing tests what Runfleet promises when members are lost: never two agents of one run, whatever breaks.
//
//	hub ◄── one operator, with a configuration whose fences pass within seconds
//	 ├── east    by way of a line that can be cut and can lose the answers; its registration changes, too
//	 └── west    is always there
//
// A recorder with watches of its own sees when which agent lived. Every spec ends with the question what it saw of two agents
// of one run at once, of an attempt that started twice, and of a Job that was deleted before its outcome was written down.
//
// What happens to east happens to every run there, so the specs about one misfortune share it: their runs are out together.
// The stories on west go on beside them.
//
// It runs with `make faults`, under the build tag faults.
package fencing
