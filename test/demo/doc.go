// Command demo is what `make demo` shows: a hub and two members on this machine, the operator between them, and what
// becomes of the runs in docs/examples. It exits 0 only if each ends as the comment `# make demo: ...` of its example says.
//
//	demo ──► box: hub, member-1, member-2 ──► kubectl: kinds, configuration, members
//	  ├────► runfleet operator (a child)
//	  ├────► runfleet get -w   (a child: the live table)
//	  └────► looks at the runs until all are final, and compares
//
// However it ends, it ends its children and takes the fleet down; only -keep leaves the fleet. It writes below .runfleet
// and in a temporary directory, and nothing in the home directory.
package main
