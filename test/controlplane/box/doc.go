// Package box makes a fleet of control planes that outlives the command that
// started it.
//
//	fleetbox up ──stdin: Config, then "keep"──► supervisor (a session of its own)
//	     ▲                                          │ starts, watches, ends
//	     └──────stdout: ready, or why not───────────┤
//	                                                ├── hub        etcd, kube-apiserver, ...
//	                                                ├── member-1   etcd, kube-apiserver, ...
//	                                                └── member-N   ...
//
// The box is a directory:
//
//	supervisor.lock   held while the supervisor lives; the truth about "running"
//	supervisor.pid    its process id, for people and scripts
//	supervisor.log    what it has to say, crashes first of all
//	box.json          a Record: what runs, where, and what crashed
//	hub/ member-1/    one control plane each
//
// Until `up` says "keep", the end of its side of the pipe makes the supervisor
// take everything down again. So an `up` that is interrupted or killed, at
// whatever moment, leaves nothing. The programs in turn die with the supervisor.
package box
