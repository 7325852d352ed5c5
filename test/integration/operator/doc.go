// Package operator tests the operator as a program: the built binary, real API servers, Jobs that run on simulated nodes.
//
//	calm hub ◄── one operator       every story has a namespace of its own, and they run beside each other
//	   ├── east
//	   ├── west
//	   └── dead, hanging, forbidden, half: members that do not work, from the beginning to the end
//
//	wild hub ◄── operators          what disturbs everybody: killed leaders, lost members, bad configuration
//	   ├── a detour to east         a line that can be cut and can fall silent
//	   └── a detour to west
//
//	east is a hub of its own too, with --local-member
//
// What an agent does is chosen by the name of its run or service, see test/controlplane/README.md. Everything is asserted on
// the world: objects, events, exit codes. A chronicle sees every Job and pod that ever was on a member, so that "only one" is
// said about the whole time and not about the moment of a look.
package operator
