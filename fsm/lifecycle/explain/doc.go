// Package explain says of one run where it is, since when, why, what is waited for, when something happens by itself, what
// is left, and what a person can do. It is pure, and it says nothing of its own: the words are those of the transition
// table, of its gates, clocks and failure classes, and the answers are those of the same functions that the operator decides
// with.
//
//	status ──┐                     ┌─► why    the last row of the history, and what it read
//	         ├─► Hub ──► lifecycle ├─► waits  the triggers that the state awaits; the gate that is shut; guards
//	facts  ──┘   what the hub      ├─► clocks the moments that the operator would wake up for
//	             alone can show    └─► can    the triggers that come from a person
//
// What only the operator sees, such as the Job on its member, is not guessed: the status says what it saw last.
package explain
