// Package fsm is finite state machines as data: a [Table] says everything, and everything is derived from it.
//
//	    ┌──────────────────────────── Table ────────────────────────────┐
//	    │  States    what each one means for the world                   │
//	    │  Triggers  what can be observed, most important first          │
//	    │  Rows      From × On, If a guard holds ──► To, Do actions      │
//	    │  Blanks    why every other cell of the matrix has no row       │
//	    └──┬──────────────┬──────────────────┬─────────────────────┬─────┘
//	       │              │                  │                     │
//	   Validate        Machine             Next             Mermaid, DOT, Markdown,
//	(static proofs)  (fires a row)   (the oracle of tests)  Matrix, CEL, JSON, Explain
//
// The matrix state × trigger is the heart of the model. Each of its cells is exactly one of
//
//	complete   the guards of its rows cover all cases: one row fires, whatever holds
//	partial    its rows leave a case open, and a Blank says what that case means
//	blank      no row at all, and a Blank says why
//
// so nothing is undefined by accident: [Table.Validate] refuses a cell that is none of these, and a table whose rows
// could fire two at a time, whose states cannot be reached or left, or whose states create again what they deleted.
//
// A table holds no functions. Guards and actions are names; the package that owns the table gives them a meaning. That
// is why a table can be printed, compared and enumerated, and why a picture of it cannot lie.
//
// The package has no I/O, no clock and no goroutine.
package fsm
