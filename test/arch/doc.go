// Package arch proves the shape of the house: who may import whom, where time and chance may come from, how long a file
// and a function may be, and what may stand at the top level. docs/architecture.md tells the same in words; the linter
// says most of it earlier, in the editor, but only this package sees whole import graphs and files under build tags.
//
//	rules_test.go    the rules, each with its reason: read this one
//	imports_test.go  how they are checked
//	shape_test.go    lengths and the top level
//	links_test.go    links between documents
//	plants_test.go   every rule must find the violation that is planted for it
package arch
