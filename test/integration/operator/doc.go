// Package operator tests the operator as a program: the built binary, real API servers, Jobs that run on simulated nodes.
//
//	calm hub ◄── one operator       every story has a namespace of its own, and they run beside each other
//	   ├── east
//	   ├── west
//	   └── dead, hanging, forbidden, half: members that do not work, from the beginning to the end
//
//	wild hub ◄── operators          what disturbs everybody: killed leaders, lost members; one spec after the other
//	   ├── a detour to east         a line that can be cut and can fall silent
//	   └── a detour to west
//
//	fickle hub ◄── an operator      as wild, for what changes under it: its settings, its templates, its members
//	   ├── a detour to east         one story after the other, beside those of the calm hub and the specs of the wild one
//	   └── a detour to west
//
//	east is a hub of its own too, with --local-member
//
// What an agent does is chosen by the name of its run or service, see test/controlplane/README.md. Everything is asserted on
// the world: objects, events, exit codes. A chronicle sees every Job and pod that ever was on a member, so that "only one" is
// said about the whole time and not about the moment of a look.
package operator
