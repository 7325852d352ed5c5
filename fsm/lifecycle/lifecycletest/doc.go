// Package lifecycletest is a small, obedient world for tests of the lifecycle: effects happen at once, one after the
// other, and the test says what members, agents and people do. (The model check has the disobedient one, and test/sim
// will have the real code around it.)
//
// The stories of package lifecycle are told in it, and its properties are looked for in random walks through it.
package lifecycletest
